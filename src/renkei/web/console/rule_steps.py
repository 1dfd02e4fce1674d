"""The form of an incoming rule: an ordered list of steps, each with its own fields, and the buttons that order it.

A step has a key that stays with it wherever it moves: ``step=3`` says its place among the others, ``step-3-do`` its
kind, ``step-3-seconds`` and the like its values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from renkei.domain.rules import (
    LONGEST_RING,
    MOST_STEPS,
    SHORTEST_RING,
    BusyStep,
    HangUpStep,
    PlayStep,
    RingStep,
    RuleStep,
    refuse_unfit,
)
from renkei.errors import RejectedError
from renkei.messages import say, sentence
from renkei.queries.settings.line import StepNames
from renkei.queries.settings.lists import RuleShown
from renkei.web.console.forms import NOTHING, ScreenForm
from renkei.web.console.guarded import MARKS
from renkei.web.console.rule_words import END, ENDS, PLAY, RING, Procedure, agent_word, order_agents, read_stored

DEED = "deed"
"""The name of every button that orders the steps; its value is what to do: ``up 3``, ``down 3``, ``remove 3``,
``add ring``."""
ADDABLE: Mapping[str, Promise] = {"guidance": PLAY, "ring": RING, "hang_up": END}
USUAL_RING = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """What the steps of one rule may name: what is offered to all, and what this rule names already."""

    names: StepNames
    guidances: frozenset[int]
    agents: frozenset[int]


@dataclass(frozen=True, slots=True)
class Row:
    """One step in the making: its key, its kind as it is stored, and what its fields begin with."""

    key: str
    do: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ordered:
    """The steps after a button was pressed; ``focus`` is the id of what is at hand next, ``said`` what was done."""

    rows: tuple[Row, ...]
    focus: str
    said: str


class StepForm(ScreenForm):
    """One step; its kind cannot be changed, but how it ends a call can."""

    icon: ClassVar[str]
    title: ClassVar[Promise]
    is_end: ClassVar[bool] = False

    def offer(self, offer: Offer) -> None:
        """Give the choices."""

    def entered(self) -> RuleStep:
        """The step; only of a valid form."""
        raise NotImplementedError


class PlayForm(StepForm):
    """Play a guidance."""

    icon, title = "message", PLAY
    guidance = forms.ChoiceField(
        label=gettext_lazy("Guidance"),
        error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Choose the guidance to play.")),
    )

    def offer(self, offer: Offer) -> None:
        """The common guidance."""
        offered = [(str(key), name) for key, name in offer.names.guidances.items() if key in offer.guidances]
        self.choose("guidance", [NOTHING, *offered])

    def entered(self) -> RuleStep:
        """The step."""
        return PlayStep(int(self.cleaned_data["guidance"]))


class RingForm(StepForm):
    """Ring agents."""

    icon, title = "phone-in", RING
    agents = forms.MultipleChoiceField(
        label=gettext_lazy("Agents"),
        widget=forms.CheckboxSelectMultiple,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Choose at least one agent to be rung.")
        ),
        help_text=gettext_lazy("All are rung at once; those who are not free are left out."),
    )
    seconds = forms.IntegerField(
        label=gettext_lazy("Ring for (seconds)"),
        min_value=int(SHORTEST_RING),
        max_value=int(LONGEST_RING),
        help_text=gettext_lazy("When nobody answers within this time, the call goes on to the next step."),
    )

    def __init__(self, *positional: Any, **options: Any) -> None:
        super().__init__(*positional, **options)
        limits = {"least": int(SHORTEST_RING), "most": int(LONGEST_RING)}
        words = _("Enter whole seconds from %(least)s to %(most)s.") % limits
        codes = ("required", "invalid", "min_value", "max_value")
        self.fields["seconds"].error_messages |= dict.fromkeys(codes, words)

    def offer(self, offer: Offer) -> None:
        """The enabled agents."""
        self._rung = offer.names.offered_agents
        known = order_agents(offer.agents, offer.names)
        self.choose("agents", [(str(agent), agent_word(agent, offer.names)) for agent in known])

    def clean_agents(self) -> list[int]:
        """At least one of them must be there to be rung."""
        agents = [int(agent) for agent in self.cleaned_data["agents"]]
        if not self._rung.intersection(agents):
            raise forms.ValidationError(sentence("rule_rings_nobody"))
        return agents

    def entered(self) -> RuleStep:
        """The step."""
        return RingStep(tuple(self.cleaned_data["agents"]), float(self.cleaned_data["seconds"]))


class EndForm(StepForm):
    """End the call, in one way or another."""

    icon, title, is_end = "hang-up", END, True
    do = forms.ChoiceField(label=pgettext_lazy("rule step", "How"), choices=list(ENDS.items()))

    def entered(self) -> RuleStep:
        """The step."""
        return BusyStep() if self.cleaned_data["do"] == "busy" else HangUpStep()


KINDS: Mapping[str, type[StepForm]] = {"guidance": PlayForm, "ring": RingForm, "busy": EndForm, "hang_up": EndForm}


@dataclass(frozen=True, slots=True)
class StepDeed:
    """A button of a step; idle where it would do nothing, and there all the same, so that the focus may stay on it."""

    id: str
    value: str
    icon: str
    words: str
    is_idle: bool = False


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """A step as the page draws it; ``place_id`` names it to the browser."""

    key: str
    do: str
    form: StepForm
    deeds: tuple[StepDeed, ...]
    is_unreached: bool

    @property
    def place_id(self) -> str:
        """Where the focus goes after it was added."""
        return f"step-{self.key}"


class RuleForm(ScreenForm):
    """A rule: as it is stored, as it was sent to be saved, or as it stands while its steps are being ordered."""

    name = forms.CharField(label=gettext_lazy("Incoming rule"), max_length=80)
    steps = forms.Field(label=gettext_lazy("Procedure"), required=False, widget=forms.HiddenInput)
    """Not drawn: the steps are read from their own forms."""

    def __init__(self, sent: QueryDict | None, *, names: StepNames, shown: RuleShown | None) -> None:
        stored = tuple(step for step in read_stored(shown.steps) if step) if shown else (HangUpStep(),)
        initial = {"name": shown.name, "steps": Procedure(stored, names)} if shown else {}
        deed = sent.get(DEED) if sent is not None else None
        self.said = self.focus = ""
        self._names = names
        self._marks = str(sent.get(MARKS, "")) if sent is not None and deed else None
        rows = rows_of(stored) if sent is None else rows_sent(sent)
        if sent is not None and deed:
            initial = {"name": sent.get("name", "")}
            ordered = order_rows(rows, deed)
            rows, self.focus, self.said = ordered.rows, ordered.focus, ordered.said
        bound = None if deed else sent
        super().__init__(bound, initial=initial)
        offer = _offer(stored, names)
        self.step_forms = [(row, _form(row, bound, offer)) for row in rows]

    @property
    def shown_marks(self) -> str:
        """What the form was filled with at first, also while its steps are being ordered."""
        return super().shown_marks if self._marks is None else self._marks

    @property
    def has_end(self) -> bool:
        """Whether a step ends the call."""
        return any(form.is_end for _row, form in self.step_forms)

    def drawn_steps(self) -> list[DrawnStep]:
        """The steps for the page, in their order."""
        drawn: list[DrawnStep] = []
        is_over = False
        last = len(self.step_forms) - 1
        for place, (row, form) in enumerate(self.step_forms):
            deeds = _deeds(row.key, is_first=place == 0, is_last=place == last)
            drawn.append(DrawnStep(row.key, row.do, form, deeds, is_over))
            is_over = is_over or form.is_end
        return drawn

    def addable(self) -> dict[str, Promise]:
        """The kinds that may be added: one end is enough."""
        return {kind: words for kind, words in ADDABLE.items() if not (self.has_end and KINDS[kind].is_end)}

    def clean(self) -> dict[str, Any]:
        """The steps beside the other fields."""
        values = super().clean() or self.cleaned_data
        are_valid = [form.is_valid() for _row, form in self.step_forms]
        if not all(are_valid):
            self.add_error("steps", _("A step is not complete yet; what is missing is said in it."))
            return values
        steps = tuple(form.entered() for _row, form in self.step_forms)
        try:
            refuse_unfit(steps)
        except RejectedError as error:
            self.add_error("steps", say(error))
        else:
            values["steps"] = Procedure(steps, self._names)
        return values


def rows_of(steps: Sequence[RuleStep]) -> tuple[Row, ...]:
    """The rows of stored steps."""
    return tuple(_row(str(number), step) for number, step in enumerate(steps, start=1))


def rows_sent(sent: QueryDict) -> tuple[Row, ...]:
    """The rows as they were sent, nothing judged yet; raises RejectedError ``bad_rule_step`` for an unknown kind."""
    rows = []
    keys = [key for key in dict.fromkeys(sent.getlist("step")) if key.isascii() and key.isdigit() and len(key) < 6]
    for position, key in enumerate(keys[: MOST_STEPS + 1], start=1):
        do, before = sent.get(f"step-{key}-do", ""), f"step-{key}-"
        if do not in KINDS:
            raise RejectedError("bad_rule_step", position=position)
        names = {"guidance": ("guidance",), "ring": ("seconds",)}.get(do, ())
        values: dict[str, Any] = {name: sent.get(before + name, "") for name in names}
        if do == "ring":
            values["agents"] = sent.getlist(f"{before}agents")
        rows.append(Row(key, do, values | {"do": do}))
    return tuple(rows)


def order_rows(rows: tuple[Row, ...], deed: str) -> Ordered:
    """Do what a button says; what cannot be done (up from the first place) changes nothing."""
    verb, _space, what = deed.partition(" ")
    if verb == "add":
        return _add(rows, what)
    place = next((place for place, row in enumerate(rows) if row.key == what), None)
    if place is None or verb not in ("up", "down", "remove"):
        return Ordered(rows, "", "")
    if verb == "remove":
        left = rows[:place] + rows[place + 1 :]
        near = left[min(place, len(left) - 1)].key if left else ""
        said = _("Step %(position)s was removed. Nothing is saved yet.") % {"position": place + 1}
        return Ordered(left, f"step-{near}-remove" if near else "add-guidance", said)
    to = place + (-1 if verb == "up" else 1)
    if not 0 <= to < len(rows):
        return Ordered(rows, f"step-{what}-{verb}", "")
    moved = list(rows)
    moved[place], moved[to] = moved[to], moved[place]
    said = _("Step %(position)s is now step %(to)s. Nothing is saved yet.") % {"position": place + 1, "to": to + 1}
    return Ordered(tuple(moved), f"step-{what}-{verb}", said)


def _add(rows: tuple[Row, ...], kind: str) -> Ordered:
    """A new step stands before the one that ends the call, where calls come to it."""
    if kind not in ADDABLE:
        return Ordered(rows, "", "")
    if len(rows) >= MOST_STEPS:
        return Ordered(rows, f"add-{kind}", sentence("rule_too_long", {"most": MOST_STEPS}))
    key = str(max((int(row.key) for row in rows), default=0) + 1)
    new = Row(key, kind, {"do": kind, **({"seconds": USUAL_RING} if kind == "ring" else {})})
    is_before = bool(rows) and KINDS[rows[-1].do].is_end and not KINDS[kind].is_end
    place = len(rows) - is_before
    said = _("Step %(position)s was added. Nothing is saved yet.") % {"position": place + 1}
    return Ordered((*rows[:place], new, *rows[place:]), f"step-{key}", said)


def _deeds(key: str, *, is_first: bool, is_last: bool) -> tuple[StepDeed, ...]:
    return (
        StepDeed(f"step-{key}-up", f"up {key}", "up", _("Up"), is_first),
        StepDeed(f"step-{key}-down", f"down {key}", "down", _("Down"), is_last),
        StepDeed(f"step-{key}-remove", f"remove {key}", "trash", _("Remove")),
    )


def _row(key: str, step: RuleStep) -> Row:
    match step:
        case PlayStep(guidance_id):
            row = Row(key, "guidance", {"guidance": str(guidance_id)})
        case RingStep(agent_ids, seconds):
            row = Row(key, "ring", {"agents": [str(agent) for agent in agent_ids], "seconds": f"{seconds:g}"})
        case BusyStep():
            row = Row(key, "busy")
        case HangUpStep():
            row = Row(key, "hang_up")
    return replace(row, values={**row.values, "do": row.do})


def _offer(stored: Sequence[RuleStep], names: StepNames) -> Offer:
    played = {step.guidance_id for step in stored if isinstance(step, PlayStep)}
    rung = {agent for step in stored if isinstance(step, RingStep) for agent in step.agent_ids}
    return Offer(names, names.offered_guidances | played, names.offered_agents | rung)


def _form(row: Row, sent: QueryDict | None, offer: Offer) -> StepForm:
    form = KINDS[row.do](sent, prefix=f"step-{row.key}", initial=None if sent is not None else row.values)
    form.offer(offer)
    return form
