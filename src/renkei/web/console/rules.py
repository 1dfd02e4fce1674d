"""コールセンター > 着信ルール: a named procedure: guidance, then ring agents, then how it ends (R55)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.line import delete_rule, save_rule
from renkei.domain.rules import LONGEST_RING, SHORTEST_RING
from renkei.domain.rules_told import RulesProblem, RulesStage, RulesState
from renkei.queries.agents.directory import list_agent_choices
from renkei.queries.settings.line import list_guidance_choices
from renkei.queries.settings.lists import RuleShown, list_rules, pick
from renkei.queries.settings.rules_told import read_rules_state
from renkei.web.console.forms import NOTHING, ScreenForm, sent
from renkei.web.console.plain_screens import FormScreen, ListScreen, Notice, draw_list, serve_form, take_away
from renkei.web.lists import join_words
from renkei.web.locks import may
from renkei.web.people import person_of

ENDS = {"busy": pgettext_lazy("rule end", "Busy tone"), "hang_up": pgettext_lazy("rule end", "Hang up")}


class RuleForm(ScreenForm):
    """One rule: up to three steps in this order."""

    name = forms.CharField(label=gettext_lazy("Incoming rule"), max_length=80)
    guidance = forms.ChoiceField(label=gettext_lazy("First play this guidance"), required=False)
    agents = forms.MultipleChoiceField(
        label=gettext_lazy("Then ring these agents"), required=False, widget=forms.CheckboxSelectMultiple
    )
    seconds = forms.IntegerField(
        label=gettext_lazy("Ring for (seconds)"),
        min_value=int(SHORTEST_RING),
        max_value=int(LONGEST_RING),
        initial=20,
    )
    end = forms.ChoiceField(label=gettext_lazy("In the end"), choices=list(ENDS.items()), initial="hang_up")

    def __init__(self, *positional: Any, **options: Any) -> None:
        super().__init__(*positional, **options)
        self.choose("guidance", [NOTHING, *((str(each.id), each.name) for each in list_guidance_choices())])
        self.choose("agents", [(str(each.id), each.name) for each in list_agent_choices()])


@require_GET
@may("incoming_rule.view")
def rules(request: HttpRequest) -> HttpResponse:
    """The list."""
    screen = ListScreen(
        title=_("Incoming rules"),
        section=_("Call centre"),
        resource="incoming_rule",
        new="console:new_rule",
        edit="console:edit_rule",
        columns=(_("Incoming rule"), _("Procedure")),
        empty=_("No incoming rule yet."),
        empty_next=_("An incoming rule is a procedure that several IVRs and numbers share."),
        state=_state(read_rules_state()),
    )
    return draw_list(
        request, screen, [(row.id, (row.name, _steps_words(row))) for row in list_rules(person_of(request))]
    )


@may("incoming_rule.create")
def new_rule(request: HttpRequest) -> HttpResponse:
    """Make one."""
    return _draw(request, None, RuleForm(sent(request)), _("New incoming rule"))


@may("incoming_rule.edit")
def edit_rule(request: HttpRequest, row_id: int) -> HttpResponse:
    """Change one."""
    shown = pick(list_rules(person_of(request)), row_id)
    form = RuleForm(sent(request), initial=_initial(shown))
    return _draw(request, row_id, form, shown.name, is_fixed=shown.is_builtin)


@require_POST
@may("incoming_rule.delete")
def remove_rule(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take one away."""
    return take_away(request, lambda: delete_rule(person_of(request), row_id), back="console:rules")


_PROBLEMS = {
    RulesProblem.AWAY: gettext_lazy(
        "Not applied: the telephone system cannot be reached and still has the earlier rules. Check that Asterisk "
        "runs; the rules are applied by themselves as soon as it answers. Last try:"
    ),
    RulesProblem.NOT_WRITTEN: gettext_lazy(
        "Not applied: the file of the rules could not be written, so the telephone system still has the earlier ones. "
        "Check that the disk has room and that the calls worker may write to the folder “asterisk” in the data folder; "
        "it tries again by itself. Last try:"
    ),
    RulesProblem.REFUSED: gettext_lazy(
        "Not applied: the telephone system refused to read the rules and still has the earlier ones. Look into "
        "Asterisk's log and check its configuration; the calls worker tries again by itself. Last try:"
    ),
}


def _state(state: RulesState) -> Notice:
    """反映済み, or what is wrong and what to do."""
    match state.stage:
        case RulesStage.APPLIED:
            words = _("Applied: the telephone system has these rules and can run them without us. As of:")
            return Notice("success", words, state.at)
        case RulesStage.PENDING:
            return Notice("info", _("Being applied to the telephone system. Load this page again in a moment."))
        case RulesStage.FAILED:
            return Notice("error", str(_PROBLEMS[state.problem]), state.at)
        case RulesStage.NOBODY:
            words = _("Not applied: no calls worker runs. Start one (renkei calls); it applies the rules by itself.")
            return Notice("warning", words)


def _draw(
    request: HttpRequest, row_id: int | None, form: RuleForm, title: str, *, is_fixed: bool = False
) -> HttpResponse:
    def save() -> int:
        values = form.cleaned_data
        return save_rule(person_of(request), row_id, name=values["name"], steps=_steps(values))

    screen = FormScreen(
        title=title,
        section=_("Call centre"),
        resource="incoming_rule",
        list_title=_("Incoming rules"),
        list_view="console:rules",
        remove="console:remove_rule",
        row_id=row_id,
        is_fixed=is_fixed,
        note=_("This rule ships with the product and cannot be changed.") if is_fixed else "",
    )
    return serve_form(request, screen, form, save, field="name")


def _steps(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    if values["guidance"]:
        steps.append({"do": "guidance", "guidance": int(values["guidance"])})
    if values["agents"]:
        agents = [int(agent) for agent in values["agents"]]
        steps.append({"do": "ring", "agents": agents, "seconds": values["seconds"]})
    return [*steps, {"do": values["end"]}]


def _initial(rule: RuleShown) -> dict[str, Any]:
    initial: dict[str, Any] = {"name": rule.name, "end": "hang_up"}
    for step in rule.steps:
        match step:
            case {"do": "guidance", "guidance": guidance}:
                initial["guidance"] = str(guidance)
            case {"do": "ring", "agents": agents, "seconds": seconds}:
                initial |= {"agents": [str(agent) for agent in agents], "seconds": int(seconds)}
            case {"do": "busy" | "hang_up" as end}:
                initial["end"] = end
    return initial


def _steps_words(rule: RuleShown) -> str:
    guidances = {each.id: each.name for each in list_guidance_choices()}
    agents = {each.id: each.name for each in list_agent_choices()}
    return " → ".join(_step_words(step, guidances, agents) for step in rule.steps)


def _step_words(step: Mapping[str, Any], guidances: Mapping[int, str], agents: Mapping[int, str]) -> str:
    match step:
        case {"do": "guidance", "guidance": guidance}:
            return _("Guidance “%(name)s”") % {"name": guidances.get(guidance, guidance)}
        case {"do": "ring", "agents": rung, "seconds": seconds}:
            names: Sequence[str] = [agents.get(agent, "?") for agent in rung]
            shown = join_words(names[:3]) + (" …" if len(names) > 3 else "")
            return _("Ring %(agents)s for %(seconds)s s") % {"agents": shown, "seconds": f"{seconds:g}"}
        case _:
            return str(ENDS.get(str(step.get("do")), step.get("do")))
