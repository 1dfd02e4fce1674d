"""A chat as the emulated desk keeps it, and how one is made up: the same one from the same seed, always."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from renkei.cli.emulate.closed.dialogues import DIALOGUES, WORDS
from renkei.cli.emulate.closed.people import OPERATORS, Customer, Operator, pick_customer
from renkei.cli.emulate.closed.poison import Poison

_SIDES = {"c": "customer", "o": "operator", "b": "bot", "s": "system"}
_GREETING = "b こんにちは。チャットサポートです。担当者におつなぎします。"


@dataclass(slots=True)
class Line:
    """One message; ``author`` is the operator's number, empty for everybody else."""

    speaker: str
    text: str
    sent_at: datetime
    kind: str = "text"
    url: str = ""
    author: str = ""


@dataclass(slots=True, kw_only=True)
class Chat:
    """One conversation. ``updated_at`` orders the listing; ``listed_from`` holds a late one back."""

    id: str
    started_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    status: str = "closed"
    operator: Operator | None = None
    customer: Customer | None = None
    subject: str = ""
    entrance: str = ""
    lines: list[Line] = field(default_factory=list)
    listed_from: datetime | None = None
    poison: Poison | None = None
    closings: int = 0

    @property
    def key(self) -> tuple[datetime, str]:
        """Its place in the listing."""
        return (self.updated_at, self.id)


def cut_to_milliseconds(moment: datetime) -> datetime:
    """The desk counts in milliseconds, in what it compares as in what it tells."""
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)


def make_up(chance: Random, *, chat_id: str, closed_at: datetime, length: int | None = None) -> Chat:
    """A plausible support chat that ended at ``closed_at``; ``length`` is its number of messages where it matters."""
    dialogue = chance.choice(DIALOGUES)
    operator, customer = chance.choice(OPERATORS), pick_customer(chance)
    words = {name: chance.choice(choices.split("|")) for name, choices in WORDS.items()}
    words |= {"name": customer.name.split()[0], "agent": operator.name.split()[0]}
    said = [_GREETING, *dialogue.lines] if length is None else _stretch(dialogue.lines, length)
    step = timedelta(seconds=chance.randrange(20, 90))
    started_at = closed_at - step * len(said)
    lines = [_read_line(text, words, operator, started_at + step * place) for place, text in enumerate(said)]
    return Chat(
        id=chat_id,
        started_at=started_at,
        updated_at=closed_at,
        closed_at=closed_at,
        operator=operator,
        customer=customer,
        subject=dialogue.subject,
        entrance=dialogue.entrance,
        lines=lines,
        closings=1,
    )


def _stretch(lines: Sequence[str], length: int) -> list[str]:
    return [lines[place % len(lines)] for place in range(length)]


def _read_line(text: str, words: dict[str, str], operator: Operator, at: datetime) -> Line:
    side, _, said = text.partition(" ")
    speaker = _SIDES[side]
    author = operator.number if speaker == "operator" else ""
    if said.startswith("image:"):
        return Line(speaker, said.rpartition("/")[2], at, kind="image", url=said.removeprefix("image:"), author=author)
    return Line(speaker, said.format_map(words) if "{" in said else said, at, author=author)
