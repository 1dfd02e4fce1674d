"""システム設定 > 監査: who did what; above all, who read whose chat between two moments (P8)."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_GET

from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.agents.people import list_people
from renkei.queries.audit import AuditFilter, AuditShown, list_audit
from renkei.queries.settings.installation import read_installation
from renkei.web.console.audit_words import change_words, deed_words, object_words
from renkei.web.console.filters import ANY, FilterForm, MomentField, read_filter
from renkei.web.locks import may
from renkei.web.people import person_of

ACTIONS: Mapping[str, Promise] = {
    "chat.read": _("Chat read"),
    "chat.exported": _("Chat exported"),
    "call_history.exported": _("Call history exported"),
    "ivr_history.exported": _("IVR history exported"),
    "external_api_history.exported": _("External-API history exported"),
    "sign_in.issued": _("First sign-in issued"),
    "sign_in.first": _("First sign-in used"),
    "ivr.created": _("IVR created"),
    "ivr.edited": _("IVR changed"),
    "ivr.deleted": _("IVR deleted"),
    "ivr.linkage_edited": _("Linkage settings changed"),
    "ivr.connection_tested": _("Connection tested"),
    "ivr.branch_edited": _("Transfer destination changed"),
    "agent.created": _("Agent created"),
    "agent.edited": _("Agent changed"),
    "account.became": _("Signed in as somebody of the sample office"),
    "system_settings.edited": _("System settings changed"),
    "api_key.created": _("API key created"),
    "api_key.revoked": _("API key revoked"),
    "interaction.edited": _("Interaction changed"),
    "agent.sns_created": _("SNS agent details entered"),
    "agent.sns_edited": _("SNS agent details changed"),
    "agent.sns_deleted": _("SNS agent details deleted"),
    "customer.sns_created": _("SNS customer details entered"),
    "customer.sns_edited": _("SNS customer details changed"),
    "customer.sns_deleted": _("SNS customer details deleted"),
    "customer.merged": _("Customers merged"),
    "customer.merge_undone": _("Merge of customers taken back"),
    "chat_setting.tested": _("Connection tested"),
    "service.started": _("Service started"),
    "service.restarted": _("Service restarted"),
    "service.stopped": _("Service stopped"),
    "service.run_asked": _("Run asked for"),
    "chat_import.read": _("Chat set aside read"),
    "chat_import.exported": _("Chat set aside exported"),
    "chat_import.retried": _("Chat set aside retried"),
    "chat_import.repaired": _("Chat set aside repaired"),
    "chat_import.discarded": _("Chat set aside discarded"),
}
VIA: Mapping[str, Promise] = {
    "history": pgettext_lazy("via", "Call history"),
    "popup": pgettext_lazy("via", "Pop-up"),
    "csv": pgettext_lazy("via", "CSV"),
    "clipboard": pgettext_lazy("via", "Clipboard"),
    "link": pgettext_lazy("via", "Link"),
    "api": pgettext_lazy("via", "API"),
    "sns_tab": pgettext_lazy("via", "SNS tab"),
    "revision": pgettext_lazy("via", "Earlier contents"),
    "page": pgettext_lazy("via", "Chats set aside"),
    "file": pgettext_lazy("via", "File"),
}


class AuditFilterForm(FilterForm):
    """Filters of the audit."""

    since = MomentField(label=_("From"))
    until = MomentField(label=_("Until"), is_end=True)
    user_id = forms.ChoiceField(label=_("Person"), required=False)
    conversation_id = forms.IntegerField(label=_("Chat no."), required=False, min_value=1, max_value=2**62)
    only_chats = forms.BooleanField(
        label=_("Only readings of chats"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, data: Any, *, people: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(data, **options)
        field = self.fields["user_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ANY, *people]


@require_GET
@may("audit.view")
def audit(request: HttpRequest) -> HttpResponse:
    """The list."""
    person = person_of(request)
    people = [(str(each.id), each.display_name) for each in list_people(person)]
    form = AuditFilterForm(read_filter(request, ()), zone=read_installation().zone, people=people)
    wanted = form.wanted
    if "user_id" in wanted:
        wanted["user_id"] = int(wanted["user_id"])
    status, cursor = 200, request.GET.get("cursor")
    try:
        page = list_audit(person, AuditFilter(**wanted), cursor=cursor)
    except RejectedError as error:
        if error.code != "bad_cursor":
            raise
        messages.warning(request, say(error))
        status = 400
        page = list_audit(person, AuditFilter(**wanted))
    rows = [_with_words(row) for row in page.rows]
    context = {"form": form, "page": page, "rows": rows, "query": form.address_words(), "filter_method": "get"}
    return render(request, "console/audit.html", context, status=status)


def _with_words(row: AuditShown) -> tuple[AuditShown, str, str, str, str]:
    """A row, who it was, the deed, what it was done to, and the rest."""
    who = str(_("Renkei itself")) if row.who == "system" else row.who
    return row, who, str(ACTIONS.get(row.action) or deed_words(row.action)), object_words(row), _detail(row)


def _detail(row: AuditShown) -> str:
    words = [str(VIA.get(str(row.detail["via"]), row.detail["via"]))] if "via" in row.detail else []
    words.extend(change_words(row))
    if "rows" in row.detail:
        words.append(ngettext("%(count)s row", "%(count)s rows", row.detail["rows"]) % {"count": row.detail["rows"]})
    return " · ".join(words)
