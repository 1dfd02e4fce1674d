"""The tab 「チャットボット転送先設定」: the two response conditions, each with its own settings (R36 to R65)."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from renkei.actions.settings.ivrs import edit_branch
from renkei.domain.branch import LONGEST_MEMO, LONGEST_SPEECH, Action, BranchSettings, Destination, Form
from renkei.domain.phone import Telephone, read_number
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.agents.directory import list_agent_choices
from renkei.queries.settings.installation import Feature, read_installation, require_chatbot
from renkei.queries.settings.ivrs import BranchShown, IvrShown, read_ivr
from renkei.queries.settings.line import (
    list_guidance_choices,
    list_ivr_choices,
    list_label_choices,
    list_rule_choices,
)
from renkei.web.console.forms import NOTHING, CountedField, ScreenForm, number_or_none, sent
from renkei.web.console.ivrs import has_tabs, kind_words, say_saved
from renkei.web.locks import may
from renkei.web.people import person_of

CONDITIONS: Mapping[str, tuple[Promise, Promise]] = {
    "success": (_("Success"), _("Chat information was obtained from the linked system")),
    "failure": (
        _("Failure"),
        _(
            "Connected to the linked system, but no chat information could be obtained (settings or system error, "
            "empty result, or outside the time window included)"
        ),
    ),
}
FORMS: Mapping[str, Promise] = {
    Form.STANDARD: _("Standard guidance"),
    Form.SPEECH: _("Real-time speech synthesis"),
}
ACTIONS: Mapping[str, Promise] = {Action.TRANSFER: _("Transfer"), Action.RULE: _("Incoming rule")}
DESTINATIONS: Mapping[str, Promise] = {
    Destination.AGENT: _("Extension"),
    Destination.IVR: _("IVR"),
    Destination.OUTSIDE: _("Specify a number"),
}
OFFERED = (Destination.AGENT, Destination.IVR)
"""An outside number cannot be dialled yet: what is offered must work when a call comes."""


class BranchForm(ScreenForm):
    """One response condition. Which fields show depends on others (``data-when``); hidden ones are cleared (R65)."""

    label = forms.ChoiceField(label=_("Business label"), required=False)
    guidance_form = forms.ChoiceField(
        label=_("Guidance form"), choices=list(FORMS.items()), widget=forms.RadioSelect, required=False
    )
    guidance = forms.ChoiceField(label=_("Guidance after API linkage"), required=False)
    speech_text = CountedField(label=_("Speech synthesis text"), required=False, limit=LONGEST_SPEECH, rows=3)
    action = forms.ChoiceField(label=_("Action on selection"), choices=list(ACTIONS.items()), widget=forms.RadioSelect)
    destination = forms.ChoiceField(
        label=pgettext_lazy("transfer", "Destination"),
        choices=[NOTHING, *((each, DESTINATIONS[each]) for each in OFFERED)],
        required=False,
    )
    agent = forms.ChoiceField(label=_("Extension"), required=False)
    ivr = forms.ChoiceField(label=_("IVR"), required=False)
    outside_number = forms.CharField(
        label=_("Outside number"),
        required=False,
        max_length=20,
        help_text=_("A transfer to an outside number occupies two lines, and the outgoing call is charged."),
    )
    rule = forms.ChoiceField(label=_("Incoming rule"), required=False)
    memo = CountedField(label=_("Memo"), required=False, strip=False, limit=LONGEST_MEMO, rows=4)

    def __init__(self, *positional: Any, ivr_id: int, has_speech: bool, **options: Any) -> None:
        super().__init__(*positional, **options)
        self.choose("label", [NOTHING, *((str(each.id), each.name) for each in list_label_choices())])
        self.choose("guidance", [NOTHING, *((str(each.id), each.name) for each in list_guidance_choices(ivr_id))])
        self.choose("agent", [NOTHING, *((str(each.id), each.name) for each in list_agent_choices())])
        others = [each for each in list_ivr_choices() if each.id != ivr_id]
        self.choose("ivr", [NOTHING, *((str(each.id), each.name) for each in others)])
        self.choose("rule", [NOTHING, *((str(each.id), each.name) for each in list_rule_choices())])
        if not has_speech:
            del self.fields["guidance_form"], self.fields["speech_text"]

    def clean_outside_number(self) -> str:
        """E.164, when there is one."""
        typed = str(self.cleaned_data["outside_number"]).strip()
        if not typed:
            return ""
        number = read_number(typed)
        if not isinstance(number, Telephone):
            raise forms.ValidationError(say(RejectedError("bad_number")))
        return number.e164


@require_GET
@may("ivr.view")
def branches(request: HttpRequest, ivr_id: int) -> HttpResponse:
    """The two conditions as rows."""
    shown = _read(request, ivr_id)
    rows = [(branch, *CONDITIONS[branch.condition], _way(branch)) for branch in shown.branches]
    return render(request, "console/branches.html", {**_tab_context(shown), "rows": rows})


@require_GET
@may("ivr.view")
def branch(request: HttpRequest, ivr_id: int, condition: str) -> HttpResponse:
    """One condition, read-only."""
    shown = _read(request, ivr_id)
    found = _find(shown, condition)
    name, meaning = CONDITIONS[condition]
    context = {
        **_tab_context(shown),
        "branch": found,
        "condition": name,
        "meaning": meaning,
        "guidance_form": FORMS[found.guidance_form],
        "action": ACTIONS[found.action],
        "way": _way(found),
    }
    return render(request, "console/branch.html", context)


@may("ivr.edit")
def edit(request: HttpRequest, ivr_id: int, condition: str) -> HttpResponse:
    """Edit one condition; afterwards the stored values are shown."""
    shown = _read(request, ivr_id)
    found = _find(shown, condition)
    has_speech = read_installation().has(Feature.REALTIME_SPEECH)
    form = BranchForm(sent(request), ivr_id=ivr_id, has_speech=has_speech, initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        try:
            edit_branch(person_of(request), ivr_id, condition, _entered(form.cleaned_data))
        except RejectedError as error:
            form.refuse(error, {"rule_missing": "rule", "destination_missing": "destination"}.get(error.code))
        else:
            say_saved(request)
            return redirect("console:branch", ivr_id, condition)
    name, meaning = CONDITIONS[condition]
    context = {**_tab_context(shown), "form": form, "condition": name, "meaning": meaning, "branch": found}
    return render(request, "console/branch_edit.html", context)


def _read(request: HttpRequest, ivr_id: int) -> IvrShown:
    require_chatbot()
    shown = read_ivr(person_of(request), ivr_id)
    if shown.linkage is None:
        raise RejectedError("not_found")
    return shown


def _find(shown: IvrShown, condition: str) -> BranchShown:
    found = next((branch for branch in shown.branches if branch.condition == condition), None)
    if found is None:
        raise RejectedError("not_found")
    return found


def _tab_context(shown: IvrShown) -> dict[str, Any]:
    return {"ivr": shown.row, "kind": kind_words(shown.row), "tab": "branches", "has_tabs": has_tabs(shown.row)}


def _way(branch: BranchShown) -> str:
    return branch.rule if branch.action == Action.RULE else branch.agent or branch.ivr or branch.outside_number


def _initial(branch: BranchShown) -> dict[str, Any]:
    destination = (
        Destination.AGENT if branch.agent_id
        else Destination.IVR if branch.ivr_id
        else Destination.OUTSIDE if branch.outside_number
        else ""
    )  # fmt: skip
    return {
        "label": branch.label_id or "",
        "guidance_form": branch.guidance_form,
        "guidance": branch.guidance_id or "",
        "speech_text": branch.speech_text,
        "action": branch.action,
        "destination": destination,
        "agent": branch.agent_id or "",
        "ivr": branch.ivr_id or "",
        "outside_number": branch.outside_number,
        "rule": branch.rule_id or "",
        "memo": branch.memo,
    }


def _entered(values: Mapping[str, Any]) -> BranchSettings:
    return BranchSettings(
        label_id=number_or_none(values["label"]),
        guidance_form=Form(values.get("guidance_form") or Form.STANDARD),
        guidance_id=number_or_none(values["guidance"]),
        speech_text=values.get("speech_text", ""),
        action=Action(values["action"]),
        destination=Destination(values["destination"]) if values["destination"] else None,
        agent_id=number_or_none(values["agent"]),
        ivr_id=number_or_none(values["ivr"]),
        outside_number=values["outside_number"],
        rule_id=number_or_none(values["rule"]),
        memo=values["memo"],
    )
