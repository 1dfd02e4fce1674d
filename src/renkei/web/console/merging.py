"""名寄せ: the other customer is found, the merge is tried, confirmed, and taken back (R164, R165, B4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from renkei.actions.customers.merge import merge_customers, undo_merge
from renkei.domain.merging import FieldChoice
from renkei.errors import RejectedError
from renkei.messages import say, sentence
from renkei.permissions import holds
from renkei.queries.cases.detail import read_case
from renkei.queries.customers.merges import FieldBack, preview_undo
from renkei.queries.customers.merging import MergePreview, find_alike, preview_merge, read_mergeable
from renkei.queries.customers.people import list_customers, read_customer
from renkei.queries.scope import Person
from renkei.queries.settings.installation import read_installation
from renkei.web.console.customers import CustomerFilterForm
from renkei.web.console.filters import read_filter
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.console.merge_words import FIELD_LABELS, SIDES, read_evidence
from renkei.web.locks import may
from renkei.web.people import person_of

TO_THE_PAGE = ("merged_already", "merge_undone_already")
"""Refusals after which there is nothing left to decide here."""


class MergeForm(ScreenForm):
    """Whose value each field in conflict takes. Where nothing makes the two likely to be one person, somebody has to
    say that they have checked."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    is_checked = forms.BooleanField(
        label=gettext_lazy("I have checked that both are one and the same person."),
        error_messages={"required": gettext_lazy("Check that both are one person, and tick this.")},
    )

    def __init__(self, *positional: Any, preview: MergePreview, **options: Any) -> None:
        super().__init__(*positional, **options)
        if preview.weighed.is_likely:
            del self.fields["is_checked"]
        for each in preview.fields:
            if each.is_conflict:
                self.fields[each.field] = forms.ChoiceField(
                    label=str(FIELD_LABELS[each.field]),
                    choices=[(side.value, SIDES[side]) for side in each.options],
                    initial=each.default.value,
                    widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
                )

    @property
    def winners(self) -> dict[str, str]:
        """The sides chosen."""
        return {name: str(value) for name, value in self.cleaned_data.items() if name in FIELD_LABELS}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A line of the comparison. The buttons are None where there is nothing to choose; then ``winner`` has the say."""

    label: Promise
    choice: FieldChoice
    buttons: Mapping[str, Any] | None

    @property
    def winner(self) -> str:
        """survivor or merged."""
        return self.choice.default.value


@may("customer_merge.edit")
def choose(request: HttpRequest, row_id: int) -> HttpResponse:
    """The customer at hand, who might be the same, and a search for anybody else."""
    form = CustomerFilterForm(read_filter(request, CustomerFilterForm.private), zone=read_installation().zone)
    person, case = person_of(request), _case_of(request)
    from_case = urlencode({"case": case.id}) + "&" if case else ""
    query = form.address_words() + from_case
    if request.method == "POST":
        return redirect(f"{request.path}?{query}".rstrip("?&"))
    try:
        read_mergeable(person, row_id)
    except RejectedError as error:
        return _leave(request, error, row_id)
    who, page, status = str(form.wanted.get("who", "")), None, 200
    if who:
        try:
            page = list_customers(person, who, cursor=request.GET.get("cursor"))
        except RejectedError as error:
            if error.code != "bad_cursor":
                raise
            messages.warning(request, say(error))
            page, status = list_customers(person, who), 400
    context = {
        "form": form,
        "page": page,
        "query": query,
        "from_case": from_case,
        "case": case,
        "customer": read_customer(person, row_id),
        "alike": [
            (each.row, read_evidence(each.weighed), _pair(row_id, each.row.id)) for each in find_alike(person, row_id)
        ],
        "rows": [(row, "" if row.id == row_id else _pair(row_id, row.id)) for row in page.rows] if page else [],
    }
    return render(request, "console/merge_choose.html", context, status=status)


@may("customer_merge.edit")
def pair(request: HttpRequest, row_id: int, other_id: int) -> HttpResponse:
    """The dry run: ``row_id`` stays and takes in ``other_id``. Sent, it is done."""
    person, case, status = person_of(request), _case_of(request), 200
    try:
        preview = preview_merge(person, survivor_id=row_id, merged_id=other_id)
    except RejectedError as error:
        return _leave(request, error, row_id)
    form = MergeForm(sent(request), preview=preview, initial={"seen": preview.seen})
    if request.method == "POST":
        try:
            if _merge(person, preview, form, seen=request.POST.get("seen", "")):
                messages.success(request, _("Merged. The merge can be taken back from the customer's page."))
                return redirect("console:case", case.id) if case else redirect("console:customer", row_id)
        except RejectedError as error:
            if error.code != "merge_changed_meanwhile":
                return _leave(request, error, row_id)
            # What was looked at is not there any more: all is shown anew, and nothing that was chosen is taken over.
            preview = preview_merge(person, survivor_id=row_id, merged_id=other_id)
            form, status = MergeForm(None, preview=preview, initial={"seen": preview.seen}), 409
            messages.warning(request, say(error))
    context = {
        "form": form,
        "preview": preview,
        "parties": (preview.survivor, preview.merged),
        "fields": [_field_row(form, each) for each in preview.fields],
        "words": read_evidence(preview.weighed),
        "case": case,
        "from_case": urlencode({"case": case.id}) + "&" if case else "",
    }
    return render(request, "console/merge_pair.html", context, status=status)


@may("customer_merge.edit")
def undo(request: HttpRequest, row_id: int, merge_id: int) -> HttpResponse:
    """The dry run of taking a merge back. Sent, it is done."""
    person = person_of(request)
    if request.method == "POST":
        try:
            done = undo_merge(person, row_id, merge_id)
        except RejectedError as error:
            if error.code in ("forbidden", "not_found"):
                raise
            messages.error(request, say(error))
            return redirect("console:customer", row_id)
        messages.success(request, _("Taken back. This customer is there again."))
        return redirect("console:customer", done.merged_id)
    shown = preview_undo(person, row_id, merge_id)
    context = {
        "shown": shown,
        "fields": [(FIELD_LABELS[each.field], each) for each in shown.fields if not each.is_kept],
        "kept": _kept(shown.fields),
        "refused": sentence(shown.refused) if shown.refused else "",
        "is_done": shown.refused == "merge_undone_already",
    }
    return render(request, "console/merge_undo.html", context)


def _kept(fields: tuple[FieldBack, ...]) -> list[tuple[Promise, FieldBack]]:
    return [(FIELD_LABELS[each.field], each) for each in fields if each.is_kept]


def _merge(person: Person, preview: MergePreview, form: MergeForm, *, seen: str) -> bool:
    """Do it; False when the form has errors. What the form asks for follows the values as they are now, so a look at
    old ones is refused before any error is shown."""
    if seen != preview.seen:
        raise RejectedError("merge_changed_meanwhile")
    if not form.is_valid():
        return False
    survivor, merged = preview.survivor.row.id, preview.merged.row.id
    merge_customers(person, survivor_id=survivor, merged_id=merged, winners=form.winners, seen=seen)
    return True


def _case_of(request: HttpRequest) -> Any:
    """The case somebody came from, to go back to; None without one or outside their rows."""
    number, person = request.GET.get("case", ""), person_of(request)
    if not (number.isascii() and number.isdecimal() and len(number) < 19 and holds(person, "case.view")):
        return None
    try:
        return read_case(person, int(number))
    except RejectedError:
        return None


def _pair(one: int, other: int) -> str:
    """The dry run of two customers. Who was there first stays, until somebody turns it round."""
    return reverse("console:merge_pair", args=sorted((one, other)))


def _leave(request: HttpRequest, error: RejectedError, row_id: int) -> HttpResponse:
    """Nothing to decide here any more: to the customer whose page says where it went."""
    if error.code == "merge_with_itself":
        messages.error(request, say(error))
        return redirect("console:merge_customer", row_id)
    if error.code not in TO_THE_PAGE:
        raise error
    messages.error(request, say(error))
    return redirect("console:customer", int(error.params.get("customer", row_id)))


def _field_row(form: MergeForm, choice: FieldChoice) -> FieldRow:
    label = FIELD_LABELS[choice.field]
    if not choice.is_conflict:
        return FieldRow(label, choice, None)
    return FieldRow(label, choice, {str(each.data["value"]): each for each in form[choice.field].subwidgets})
