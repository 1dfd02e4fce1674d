"""What a point of the kill harness is made of: a chat system that changes while it is read, and the blows."""

import random
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

AT = datetime(2025, 1, 31, 5, 0, tzinfo=UTC)
PAGE = 3
REFUSED = "x-1"
"""A chat the database does not take while it stands in harness_poison."""
UNREADABLE = "c-6"
OLD = "n-1"
"""A chat shown late that is older than the overlap: only the nightly comparison finds it."""

IMPORT_STATEMENTS = 160
PUSH_STATEMENTS = 9
RETRY_STATEMENTS = 12
"""About so many statements and commits each makes; a blow falls somewhere in them."""


@dataclass(frozen=True, slots=True)
class Blow:
    """What happens to a process at its nth statement or commit: before it or after it, death or freezing."""

    at: int
    side: str
    what: signal.Signals


@dataclass(slots=True)
class World:
    """The chat system of one point. ``early`` is what it shows first, ``late`` what it shows in the end."""

    early: list[dict[str, Any]]
    late: list[dict[str, Any]]
    pushed: list[dict[str, Any]] = field(default_factory=list)
    repaired: list[dict[str, Any]] = field(default_factory=list)
    order: int = 0
    is_steady: bool = True
    forgets_pages: bool = False
    """Tokens given out early are unknown later."""

    def shown(self, is_late: bool) -> list[dict[str, Any]]:
        """Everything in the order of this point."""
        found = list(self.late if is_late else self.early)
        random.Random(self.order).shuffle(found)
        return found


def make_world(chance: random.Random) -> World:
    """Chats over several days: late, edited, repeated, one open at first, one poisoned, one unreadable, one without
    an id, one only the nightly comparison finds."""
    from tests.actions.imports.source import record

    early, late = [], []
    for place, name in enumerate(("c-0", "c-1", "c-2", "c-5", UNREADABLE, REFUSED, None)):
        minutes = chance.randrange(0, 6) * 1_440 + place  # no two contents of one chat have one version
        texts = [f"{place}番", *chance.choices(["解約", "料金", "配送"], k=chance.randrange(0, 3))]
        first = record(
            name,
            texts=texts,
            version=minutes,
            agent=chance.choice(["", "A-1", "A-9"]),
            customer=chance.choice(["", "K-1", "K-2"]),
            phone=chance.choice(["", "090-1111-2222"]),
            is_open=name == "c-5",
            is_broken=name == UNREADABLE,
        )
        if chance.random() < 0.7:
            early.append(first)
        late.append(first)
        if name == "c-5" or (name not in {UNREADABLE, None} and chance.random() < 0.4):
            changed = {"agent": chance.choice(["", "A-1"]), "customer": chance.choice([first["customer"], "K-3"])}
            late.append({**first, **changed, "open": False, "version": minutes + 600, "texts": [*texts, "追記"]})
        if chance.random() < 0.2:
            late.append(dict(first))
    # What is shown late is never older than the overlap, but for the one that the nightly comparison is for.
    newest = max((each["version"] for each in early), default=0)
    held = [each for each in late if each in early or each["version"] >= newest - 1_000]
    if newest >= 2 * 1_440:
        held.append(record(OLD, texts=["夜"], version=0, customer="K-2"))
    pushed = [record(f"p-{place}", texts=["送信"], version=place, customer="K-1") for place in range(2)]
    return World(
        early, held, [*pushed, pushed[0]], [], chance.randrange(1_000),
        is_steady=chance.random() < 0.8, forgets_pages=chance.random() < 0.3,
    )  # fmt: skip


def draw_blow(chance: random.Random, most: int, *, may_freeze: bool = False) -> Blow | None:
    """A blow, or none for one process in seven."""
    if chance.random() < 0.15:
        return None
    what = signal.SIGSTOP if may_freeze and chance.random() < 0.3 else signal.SIGKILL
    return Blow(chance.randrange(1, most), chance.choice(["before", "after"]), what)


def version_of(each: dict[str, Any]) -> datetime:
    """When a record's content is from, in the chat system's time."""
    return AT + timedelta(minutes=30 + each["version"])
