"""サービス > 保留中のチャット: what could not be imported, why, and repairing, retrying or discarding it (B5)."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.imports.quarantine import discard_item, repair_item, retry_items
from renkei.actions.services.open_item import ItemOpened, open_item
from renkei.domain.csv_format import attach_as
from renkei.errors import RejectedError
from renkei.messages import explain_error
from renkei.permissions import holds
from renkei.queries.services.inbox import ItemRow, list_set_aside, read_set_aside
from renkei.queries.services.services import read_service
from renkei.web.console.forms import ScreenForm
from renkei.web.console.service_words import word_service
from renkei.web.locks import may
from renkei.web.people import person_of

LONGEST_JSON = 2_000_000
"""Characters of a record that the page lets somebody edit."""
_PASSED_ON = ("forbidden", "not_found", "feature_off")


class RepairForm(ScreenForm):
    """The record as JSON."""

    payload = forms.CharField(
        label=gettext_lazy("Record of the chat system (JSON)"),
        max_length=LONGEST_JSON,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "class": "form-control mono", "spellcheck": "false"}),
    )


class DiscardForm(ScreenForm):
    """Why a chat is given up."""

    reason = forms.CharField(
        label=gettext_lazy("Reason for discarding"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@require_GET
@may("service.view")
def inbox(request: HttpRequest, row_id: int) -> HttpResponse:
    """The list, newest first."""
    person = person_of(request)
    shown = read_service(person, row_id)
    page = list_set_aside(person, row_id, cursor=request.GET.get("cursor"))
    context = {
        "tab": "inbox",
        "row": word_service(shown),
        "page": page,
        "items": [(item, _reason(item)) for item in page.rows],
    }
    return render(request, "console/service_inbox.html", context)


@require_GET
@may("service.view")
def inbox_item(request: HttpRequest, row_id: int, item_id: int) -> HttpResponse:
    """One of them: the reason, and for those who may read chats the record."""
    return _draw(request, row_id, item_id, None, None)


@require_GET
@may("chat_content.export")
def inbox_file(request: HttpRequest, row_id: int, item_id: int) -> HttpResponse:
    """The record as it came, named like a connector's test pair, so that a bug report becomes a test."""
    opened = open_item(person_of(request), row_id, item_id, via="file")
    response = HttpResponse(opened.payload.encode("utf-8", "replace"), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = attach_as(f"{opened.connector}_{item_id}.in.json")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@may("service.edit")
def repair(request: HttpRequest, row_id: int, item_id: int) -> HttpResponse:
    """Put the corrected record in its place and let it have another turn."""
    person = person_of(request)
    read_set_aside(person, row_id, item_id)
    form = RepairForm(request.POST)
    if form.is_valid():
        try:
            repair_item(person, item_id, payload_text=form.cleaned_data["payload"])
        except RejectedError as error:
            if error.code in _PASSED_ON:
                raise
            form.refuse(error, "payload")
        else:
            messages.success(request, _("Saved. The chat waits for its turn now."))
            return redirect("console:service_inbox", row_id)
    return _draw(request, row_id, item_id, form, None)


@require_POST
@may("service.edit")
def retry(request: HttpRequest, row_id: int) -> HttpResponse:
    """Another turn for one (``item``) or for all."""
    person = person_of(request)
    read_service(person, row_id)
    item = request.POST.get("item", "")
    chosen = None
    if item:
        chosen = [read_set_aside(person, row_id, int(item)).id] if item.isascii() and item.isdecimal() else []
    count = retry_items(person, row_id, chosen)
    told = ngettext("%(count)s chat waits for its turn now.", "%(count)s chats wait for their turn now.", count) % {
        "count": count
    }
    messages.success(request, told)
    return redirect("console:service_inbox", row_id)


@require_POST
@may("service.edit")
def discard(request: HttpRequest, row_id: int, item_id: int) -> HttpResponse:
    """Give one up for good, with a reason."""
    person = person_of(request)
    read_set_aside(person, row_id, item_id)
    form = DiscardForm(request.POST)
    if form.is_valid():
        try:
            discard_item(person, item_id, reason=form.cleaned_data["reason"])
        except RejectedError as error:
            if error.code in _PASSED_ON:
                raise
            form.refuse(error, "reason")
        else:
            messages.success(request, _("Discarded. The chat will not come back."))
            return redirect("console:service_inbox", row_id)
    return _draw(request, row_id, item_id, None, form)


def _draw(
    request: HttpRequest, row_id: int, item_id: int, repairing: RepairForm | None, discarding: DiscardForm | None
) -> HttpResponse:
    person = person_of(request)
    item = read_set_aside(person, row_id, item_id)
    opened = open_item(person, row_id, item_id, via="page") if holds(person, "chat_content.view") else None
    context = {
        "tab": "inbox",
        "row": word_service(read_service(person, row_id)),
        "item": item,
        "reason": _reason(item),
        "opened": opened,
        "form": repairing or (_form_of(opened) if opened else None),
        "discarding": discarding or DiscardForm(),
    }
    return render(request, "console/service_item.html", context)


def _form_of(opened: ItemOpened) -> RepairForm:
    return RepairForm(initial={"payload": opened.pretty})


def _reason(item: ItemRow) -> str:
    return explain_error(item.error, item.error_params)
