"""業務グループ > 拡張設定 > コール作成設定 (R141, R176): items with insertable variables and a sample's preview."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from renkei import clock
from renkei.actions.settings.interaction_templates import delete_template, save_template, settle_values
from renkei.domain.chat import Kind, Speaker
from renkei.domain.closed_chat import ClosedChat, ClosedMessage
from renkei.domain.interaction_items import ITEMS, VARIABLES, fill_items
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.settings.business_groups import GroupShown, TemplateShown, read_group, read_template
from renkei.queries.settings.installation import read_installation, require_chat_import
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.locks import may
from renkei.web.people import person_of

ITEM_LABELS: Mapping[str, Promise] = {
    "title": pgettext_lazy("interaction item", "Title"),
    "category": pgettext_lazy("interaction item", "Category"),
    "priority": pgettext_lazy("interaction item", "Priority"),
    "result": pgettext_lazy("interaction item", "Result"),
    "content": pgettext_lazy("interaction item", "Content"),
    "memo": pgettext_lazy("interaction item", "Memo"),
}
VARIABLE_LABELS: Mapping[str, Promise] = {
    "chat_id": gettext_lazy("Chat ID"),
    "subject": gettext_lazy("Subject"),
    "entrance": gettext_lazy("Entrance"),
    "started_at": gettext_lazy("Began at"),
    "closed_at": gettext_lazy("Closed at"),
    "customer_name": gettext_lazy("Customer's name"),
    "customer_number": gettext_lazy("SNS customer registration number"),
    "agent_name": gettext_lazy("Agent's name"),
    "agent_number": gettext_lazy("SNS agent registration number"),
    "message_count": gettext_lazy("Number of messages"),
    "setting_name": gettext_lazy("Chat setting name"),
}
PREFIX = "item_"
_LONG = 1_000


class TemplateForm(ScreenForm):
    """A name, and one field for each item of コール詳細."""

    name = forms.CharField(label=gettext_lazy("Name of the interaction template"), max_length=80)

    def __init__(self, *positional: Any, **options: Any) -> None:
        super().__init__(*positional, **options)
        for item, most in ITEMS.items():
            kind: type[forms.Widget] = forms.Textarea if most > _LONG else forms.TextInput
            widget = kind(attrs={"class": "form-control", "autocomplete": "off", "data-takes-words": "", "rows": 4})
            self.fields[PREFIX + item] = forms.CharField(
                label=str(ITEM_LABELS[item]), required=False, max_length=most, widget=widget
            )

    def values(self) -> dict[str, str]:
        """What was typed for each item, valid or not."""
        return {item: str(self.data.get(PREFIX + item, "")) for item in ITEMS}


@may("interaction_template.create")
def new_template(request: HttpRequest, row_id: int) -> HttpResponse:
    """Make one for a business group."""
    require_chat_import()
    group = read_group(person_of(request), row_id)
    return _serve(request, group, None, TemplateForm(sent(request)))


@may("interaction_template.edit")
def edit_template(request: HttpRequest, row_id: int, template_id: int) -> HttpResponse:
    """Change one."""
    person = person_of(request)
    group, template = read_group(person, row_id), read_template(person, row_id, template_id)
    initial = {"name": template.name, **{PREFIX + item: text for item, text in template.values.items()}}
    return _serve(request, group, template, TemplateForm(sent(request), initial=initial))


@require_POST
@may("interaction_template.delete")
def remove_template(request: HttpRequest, row_id: int, template_id: int) -> HttpResponse:
    """Take one away, or say which chat settings use it."""
    try:
        delete_template(person_of(request), row_id, template_id)
    except RejectedError as error:
        if error.code != "in_use":
            raise
        messages.error(request, say(error))
        return redirect("console:edit_template", row_id, template_id)
    messages.success(request, _("Deleted."))
    return redirect("console:business_group", row_id)


@require_POST
@may("interaction_template.view")
def preview(request: HttpRequest, row_id: int) -> HttpResponse:
    """What an interaction of the sample chat would get from what is typed; nothing is stored."""
    require_chat_import()
    return render(request, "console/_template_preview.html", {"preview": _preview(TemplateForm(request.POST).values())})


def sample_chat() -> ClosedChat:
    """An invented closed chat in the reader's language."""
    closed = clock.now().replace(microsecond=0)
    began = closed - timedelta(minutes=12)
    said = ClosedMessage(Speaker.CUSTOMER, Kind.TEXT, _("Where is my parcel?"), began)
    answered = ClosedMessage(Speaker.OPERATOR, Kind.TEXT, _("It arrives tomorrow."), closed)
    return ClosedChat(
        external_id="CH-20481",
        started_at=began,
        closed_at=closed,
        version_at=closed,
        agent_number="op-12",
        agent_name=_("Sato"),
        customer_number="cus-90017",
        customer_name=_("Hanako Yamada"),
        subject=_("Delivery"),
        entrance=_("Web page"),
        messages=(said, answered),
    )


def _preview(values: Mapping[str, str]) -> dict[str, Any]:
    try:
        settled = settle_values(values)
    except RejectedError as error:
        return {"problem": say(error)}
    name = _("Sample chat setting")
    filled = fill_items(settled, sample_chat(), setting_name=name, zone=read_installation().zone)
    return {"items": [(label, filled.get(item, "")) for item, label in ITEM_LABELS.items()]}


def _serve(request: HttpRequest, group: GroupShown, template: TemplateShown | None, form: TemplateForm) -> HttpResponse:
    template_id = template.id if template else None
    if request.method == "POST" and form.is_valid():
        try:
            save_template(
                person_of(request), group.id, template_id, name=form.cleaned_data["name"], values=form.values()
            )
        except RejectedError as error:
            if error.code in ("forbidden", "not_found", "feature_off"):
                raise
            form.refuse(error, _field_of(error))
        else:
            messages.success(request, _("Saved. Check that the settings below are as you want them."))
            return redirect("console:business_group", group.id)
    typed = form.values() if form.is_bound else dict(template.values if template else {})
    context = {
        "group": group,
        "template": template,
        "form": form,
        "items": [form[PREFIX + item] for item in ITEMS],
        "variables": [(VARIABLE_LABELS[name], f"{{{{{name}}}}}") for name in VARIABLES],
        "preview": _preview(typed),
    }
    return render(request, "console/template_edit.html", context)


def _field_of(error: RejectedError) -> str | None:
    if error.code == "already_exists":
        return "name"
    return PREFIX + str(error.params["item"]) if error.params.get("item") in ITEMS else None
