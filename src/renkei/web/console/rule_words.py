"""The steps of incoming rules in words: in one line for the list, one by one for reading."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from renkei.domain.rules import BusyStep, HangUpStep, PlayStep, RingStep, RuleStep, read_step
from renkei.errors import RejectedError
from renkei.messages import sentence
from renkei.queries.settings.line import StepNames
from renkei.web.lists import join_words

ENDS: Mapping[str, Promise] = {
    "busy": pgettext_lazy("rule end", "Busy tone"),
    "hang_up": pgettext_lazy("rule end", "Hang up"),
}
PLAY, RING, END = gettext_lazy("Play a guidance"), gettext_lazy("Ring agents"), gettext_lazy("End the call")
MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class StepShown:
    """One step to read: its kind, its values with their names, and what is wrong with it."""

    icon: str
    title: str
    values: tuple[tuple[str, str], ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Procedure:
    """The steps of a rule as one value of a form: two are the same when they say the same, in the same order."""

    steps: tuple[RuleStep, ...]
    names: StepNames

    def __str__(self) -> str:
        """With every name: what is not said could be lost unseen."""
        return line_of_steps(self.steps, self.names, most=None)


def read_stored(stored: Sequence[Mapping[str, object]]) -> tuple[RuleStep | None, ...]:
    """The steps as they are stored; None for one that cannot be read."""
    return tuple(_read(step) for step in stored)


def line_of_steps(steps: Iterable[RuleStep | None], names: StepNames, *, most: int | None = MOST_NAMES) -> str:
    """The procedure in one line, with at most so many agents named in a step."""
    return " → ".join(_line(step, names, most) for step in steps)


def show_steps(steps: Sequence[RuleStep | None], names: StepNames) -> list[StepShown]:
    """The steps one by one."""
    shown = []
    is_over = False
    for position, step in enumerate(steps, start=1):
        each = _show(step, position, names)
        shown.append(replace(each, cautions=(*each.cautions, caution_of_unreached())) if is_over else each)
        is_over = is_over or isinstance(step, BusyStep | HangUpStep)
    return shown


def caution_of_unreached() -> str:
    """What stands at a step behind the end."""
    return _("No call comes to this step, because an earlier one ends the call. Move it up or remove it.")


def agent_word(agent: int, names: StepNames) -> str:
    """An agent with the extension; said when disabled, for such a one is not rung."""
    known = names.agents.get(agent)
    if known is None:
        return _("a deleted agent")
    return known if agent in names.offered_agents else _("%(name)s (disabled)") % {"name": known}


def guidance_word(guidance: int, names: StepNames) -> str:
    """A guidance's name."""
    return names.guidances.get(guidance, _("a deleted guidance"))


def order_agents(agents: Iterable[int], names: StepNames) -> list[int]:
    """As the screens list them; they ring at once, so their order means nothing."""
    places = {agent: place for place, agent in enumerate(names.agents)}
    return sorted(agents, key=lambda agent: (places.get(agent, len(places)), agent))


def _read(step: object) -> RuleStep | None:
    try:
        return read_step(step, 0)
    except RejectedError:
        return None


def _line(step: RuleStep | None, names: StepNames, most: int | None) -> str:
    match step:
        case PlayStep(guidance_id):
            return _("Guidance “%(name)s”") % {"name": guidance_word(guidance_id, names)}
        case RingStep(agent_ids, seconds):
            words = [agent_word(agent, names) for agent in order_agents(agent_ids, names)]
            shown = join_words(words[:most]) + (" …" if most and len(words) > most else "")
            return _("Ring %(agents)s for %(seconds)s s") % {"agents": shown, "seconds": f"{seconds:g}"}
        case BusyStep():
            return str(ENDS["busy"])
        case HangUpStep():
            return str(ENDS["hang_up"])
        case None:
            return "?"


def _show(step: RuleStep | None, position: int, names: StepNames) -> StepShown:
    match step:
        case PlayStep(guidance_id):
            is_gone = guidance_id not in names.guidances
            cautions = (_("The guidance does not exist any more, so nothing is played."),) if is_gone else ()
            return StepShown("message", str(PLAY), ((_("Guidance"), guidance_word(guidance_id, names)),), cautions)
        case RingStep(agent_ids, seconds):
            rung = join_words(agent_word(agent, names) for agent in order_agents(agent_ids, names))
            how_long = _("%(seconds)s s") % {"seconds": f"{seconds:g}"}
            is_nobody = not names.offered_agents.intersection(agent_ids)
            values = ((_("Agents"), rung), (pgettext("rule step", "Ring for"), how_long))
            cautions = (sentence("rule_rings_nobody"),) if is_nobody else ()
            return StepShown("phone-in", str(RING), values, cautions)
        case BusyStep() | HangUpStep():
            how = ENDS["busy" if isinstance(step, BusyStep) else "hang_up"]
            return StepShown("hang-up", str(END), ((pgettext("rule step", "How"), str(how)),))
        case None:
            return StepShown("alert", "?", cautions=(sentence("bad_rule_step", {"position": position}),))
