"""What a connection test of a chat setting tells: codes, counts and agents' numbers, never a chat's words (D16)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from renkei.domain.closed_chat import ClosedChat

PATIENCE = timedelta(seconds=60)
"""A test that is not over after this will not be: whoever carried it out has died."""

MOST_AGENTS = 20
"""Agents' numbers that are told one by one."""


class Verdict(StrEnum):
    """FETCHED: chats come. EMPTY: the listing was read and is empty. UNREADABLE: records came, none can be read."""

    FETCHED = "fetched"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    WRONG_SETTING = "wrong_setting"
    """A person must mend the setting."""
    NO_ANSWER = "no_answer"
    """The chat system is tired or away; the service would try again by itself."""


@dataclass(frozen=True, slots=True)
class AgentSeen:
    """An agent's number in the chat system, in how many chats of the page it stood, and whose it is here."""

    number: str
    chats: int
    agent_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSeen:
    """What one page brought. ``open`` chats are not closed yet and wait; ``unreadable`` would be set aside."""

    chats: int = 0
    open: int = 0
    unreadable: int = 0
    newest: datetime | None = None
    has_more: bool = False
    numbers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result. ``detail`` is a code of messages.explain_detail, empty when all is well; ``default_chats`` of the
    page would go to the default agent (R156)."""

    verdict: Verdict
    detail: str = ""
    chats: int = 0
    open: int = 0
    unreadable: int = 0
    newest: datetime | None = None
    has_more: bool = False
    default_chats: int = 0
    agents: tuple[AgentSeen, ...] = ()
    duration_ms: int = 0

    def to_json(self) -> dict[str, Any]:
        """For the database."""
        return {
            "verdict": self.verdict.value,
            "detail": self.detail,
            "chats": self.chats,
            "open": self.open,
            "unreadable": self.unreadable,
            "newest": None if self.newest is None else self.newest.isoformat(),
            "has_more": self.has_more,
            "default_chats": self.default_chats,
            "agents": [[each.number, each.chats, each.agent_id] for each in self.agents],
            "duration_ms": self.duration_ms,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Finding":
        """What to_json wrote; raises KeyError, TypeError or ValueError for anything else."""
        newest = stored["newest"]
        return cls(
            verdict=Verdict(stored["verdict"]),
            detail=str(stored["detail"]),
            chats=int(stored["chats"]),
            open=int(stored["open"]),
            unreadable=int(stored["unreadable"]),
            newest=None if newest is None else datetime.fromisoformat(newest),
            has_more=bool(stored["has_more"]),
            default_chats=int(stored["default_chats"]),
            agents=tuple(AgentSeen(str(number), int(chats), agent) for number, chats, agent in stored["agents"]),
            duration_ms=int(stored["duration_ms"]),
        )


def look_through(read: Iterable[ClosedChat | str | None], *, has_more: bool) -> PageSeen:
    """Count a page: each record as the chat it is, None for one still open, or the code why it cannot be read."""
    records = list(read)
    chats = [each for each in records if isinstance(each, ClosedChat)]
    numbers = Counter(each.agent_number for each in chats)
    return PageSeen(
        chats=len(chats),
        open=sum(each is None for each in records),
        unreadable=sum(isinstance(each, str) for each in records),
        newest=max((each.closed_at for each in chats), default=None),
        has_more=has_more,
        numbers=tuple(numbers.most_common()),
    )


def judge(seen: PageSeen, known: Mapping[str, int], *, duration_ms: int) -> Finding:
    """Put a page into codes. ``known`` maps the agents' numbers of the setting's SNS担当者詳細 to our agents; a chat
    whose number is not among them, or that has none, falls to the default agent."""
    agents = [AgentSeen(number, chats, known.get(number)) for number, chats in seen.numbers if number]
    mapped = sum(each.chats for each in agents if each.agent_id is not None)
    return Finding(
        verdict=_verdict(seen),
        chats=seen.chats,
        open=seen.open,
        unreadable=seen.unreadable,
        newest=seen.newest,
        has_more=seen.has_more,
        default_chats=seen.chats - mapped,
        agents=_first(agents),
        duration_ms=max(0, duration_ms),
    )


def is_overdue(asked_at: datetime, *, now: datetime) -> bool:
    """Whether a test that is still open has died."""
    return now - asked_at > PATIENCE


def _verdict(seen: PageSeen) -> Verdict:
    if seen.chats:
        return Verdict.FETCHED
    return Verdict.UNREADABLE if seen.unreadable else Verdict.EMPTY


def _first(agents: Sequence[AgentSeen]) -> tuple[AgentSeen, ...]:
    return tuple(agents[:MOST_AGENTS])
