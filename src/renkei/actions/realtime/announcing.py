"""Collects what a transaction has to tell the agents' streams and tells it at its end, without deadlocks."""

from collections.abc import Iterable
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from renkei.domain.stream import EventKind
from renkei.models.statements import calls


class Announcements:
    """What one transaction announces. ``tell`` collects, ``send`` says it as the transaction's last statements."""

    def __init__(self) -> None:
        self._told: list[tuple[tuple[int, ...], EventKind, dict[str, Any]]] = []

    def tell(self, agents: Iterable[int], kind: EventKind, **refs: Any) -> None:
        """Tell these agents; a kind with the same ids is told once."""
        told = (tuple(sorted(set(agents))), kind, refs)
        if told[0] and told not in self._told:
            self._told.append(told)

    async def send(self, conn: AsyncConnection[Any]) -> None:
        """Announce all, in the order told."""
        if not self._told:
            return
        told = [{"agents": agents, "kind": kind.value, "refs": refs} for agents, kind, refs in self._told]
        everyone = sorted({agent for agents, _, _ in self._told for agent in agents})
        await conn.execute(calls.ANNOUNCE, {"everyone": everyone, "told": Jsonb(told)}, prepare=True)
        self._told.clear()
