"""コールセンター > 着信ルール: a named procedure: guidance, ringing agents and how it ends, in any order (R55)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.line import delete_rule, save_rule
from renkei.domain.rules import BusyStep, HangUpStep
from renkei.domain.rules_told import RulesProblem, RulesStage, RulesState
from renkei.errors import RejectedError
from renkei.messages import say
from renkei.queries.settings.line import read_step_names
from renkei.queries.settings.lists import RuleShown, list_rules, pick
from renkei.queries.settings.rules_told import read_rules_state
from renkei.web.console.forms import sent
from renkei.web.console.plain_screens import ListScreen, Notice, draw_list, take_away
from renkei.web.console.rule_steps import DEED, RuleForm
from renkei.web.console.rule_words import caution_of_unreached, line_of_steps, read_stored, show_steps
from renkei.web.locks import may
from renkei.web.people import person_of


@require_GET
@may("incoming_rule.view")
def rules(request: HttpRequest) -> HttpResponse:
    """The list."""
    screen = ListScreen(
        title=_("Incoming rules"),
        section=_("Call centre"),
        resource="incoming_rule",
        new="console:new_rule",
        edit="console:rule",
        opens_for="view",
        columns=(_("Incoming rule"), _("Procedure")),
        empty=_("No incoming rule yet."),
        empty_next=_("An incoming rule is a procedure that several IVRs and numbers share."),
        state=_state(read_rules_state()),
    )
    names = read_step_names()
    rows = [
        (row.id, (row.name, line_of_steps(read_stored(row.steps), names))) for row in list_rules(person_of(request))
    ]
    return draw_list(request, screen, rows)


@require_GET
@may("incoming_rule.view")
def rule(request: HttpRequest, row_id: int) -> HttpResponse:
    """One rule as it is stored, and whether the telephone system has it."""
    shown = pick(list_rules(person_of(request)), row_id)
    steps = read_stored(shown.steps)
    context = {
        "rule": shown,
        "steps": show_steps(steps, read_step_names()),
        "has_end": any(isinstance(step, BusyStep | HangUpStep) for step in steps),
        "state": _state(read_rules_state()),
    }
    return render(request, "console/rule.html", context)


@may("incoming_rule.create")
def new_rule(request: HttpRequest) -> HttpResponse:
    """Make one."""
    return _serve(request, None)


@may("incoming_rule.edit")
def edit_rule(request: HttpRequest, row_id: int) -> HttpResponse:
    """Change one; afterwards the stored values are shown. What ships is only shown."""
    shown = pick(list_rules(person_of(request)), row_id)
    return redirect("console:rule", row_id) if shown.is_builtin else _serve(request, shown)


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


def _serve(request: HttpRequest, shown: RuleShown | None) -> HttpResponse:
    """Draw the form, order its steps, or save it."""
    form = RuleForm(sent(request), names=read_step_names(), shown=shown)
    if request.method == "POST" and DEED not in request.POST and form.is_valid():
        row_id, seen = (None, "") if shown is None else (shown.id, shown.mark)
        values = form.cleaned_data
        try:
            saved = save_rule(person_of(request), row_id, name=values["name"], steps=values["steps"].steps, seen=seen)
        except RejectedError as error:
            if error.code in ("forbidden", "not_found"):
                raise
            form.refuse(error, {"already_exists": "name", "changed_meanwhile": None}.get(error.code, "steps"))
        else:
            messages.success(request, _("Saved. Check that the settings below are as you want them."))
            return redirect("console:rule", saved)
    unread = (
        None if shown is None else next((n for n, step in enumerate(read_stored(shown.steps), 1) if not step), None)
    )
    context = {
        "rule": shown,
        "form": form,
        "steps": form.drawn_steps(),
        "addable": form.addable(),
        "unreached": caution_of_unreached(),
        "unread": say(RejectedError("bad_rule_step", position=unread)) if unread else "",
    }
    return render(request, "console/rule_edit.html", context)
