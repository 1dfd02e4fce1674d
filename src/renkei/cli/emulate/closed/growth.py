"""Chats that close by themselves, so that a demonstration office sees new ones arrive while somebody looks."""

import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from renkei.cli.emulate.closed.chats import Chat, cut_to_milliseconds, make_up
from renkei.cli.emulate.closed.ledger import Ledger

AT_FIRST = 40
REACHES_BACK = timedelta(days=7)
MOST_AT_ONCE = 2
MOST = 1_000
LEAST_GAP, MOST_GAP = 60, 120


@dataclass(slots=True)
class Growth:
    """Closes a chat every one to two minutes while the listing is asked for, and ``MOST`` in all. What nobody watched
    is not made up later: after a pause it goes on with one chat.

    ``file`` keeps the moments of the closings over a restart; the chats follow from their place in the row.
    """

    file: Path | None = None
    closings: list[datetime] = field(default_factory=list)
    next_at: datetime | None = None

    def begin(self, ledger: Ledger) -> None:
        """Put in the chats of the last days, or those of the runs before."""
        now = ledger.clock.now()
        self.closings = self._load()
        if not self.closings:
            chance = Random("the days before")
            back = sorted((chance.random() for _ in range(AT_FIRST)), reverse=True)
            self.closings = [cut_to_milliseconds(now - REACHES_BACK * share) for share in back]
            self._save()
        for place, closed_at in enumerate(self.closings):
            ledger.keep(_make(place, closed_at))
        self.next_at = now + self._gap()

    def go_on(self, ledger: Ledger) -> None:
        """Close what is due by now."""
        now = ledger.clock.now()
        for _ in range(MOST_AT_ONCE):
            if self.next_at is None or now < self.next_at or len(self.closings) >= MOST:
                return
            closed_at = self.next_at if now - self.next_at < timedelta(seconds=MOST_GAP) else now
            ledger.keep(_make(len(self.closings), closed_at))
            self.closings.append(closed_at)
            self.next_at = closed_at + self._gap()
            self._save()

    def _gap(self) -> timedelta:
        return timedelta(seconds=Random(f"gap {len(self.closings)}").randrange(LEAST_GAP, MOST_GAP))

    def _load(self) -> list[datetime]:
        if self.file is None:
            return []
        try:
            kept = json.loads(self.file.read_text(encoding="utf-8"))
            return [datetime.fromisoformat(each) for each in kept["closings"]][:MOST]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError):
            # A torn file must not stop the demonstration; it is kept for whoever wants to look.
            self.file.replace(self.file.with_name(f"{self.file.name}.unreadable"))
            return []

    def _save(self) -> None:
        if self.file is None:
            return
        temporary = self.file.with_name(f"{self.file.name}.new")
        temporary.write_text(json.dumps({"closings": [each.isoformat() for each in self.closings]}), encoding="utf-8")
        os.replace(temporary, self.file)


def _make(place: int, closed_at: datetime) -> Chat:
    return make_up(Random(f"demonstration {place}"), chat_id=f"T-{place + 1:06d}", closed_at=closed_at)
