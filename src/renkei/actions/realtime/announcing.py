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
        """Announce all. The streams are locked in one order first: two transactions that tell the same people several
        things must not wait for each other."""
        everyone = sorted({agent for agents, _, _ in self._told for agent in agents})
        if len(self._told) > 1:
            await conn.execute(calls.LOCK_STREAMS, {"agents": everyone}, prepare=True)
        for agents, kind, refs in self._told:
            params = {"agents": list(agents), "kind": kind.value, "refs": Jsonb(refs)}
            await conn.execute(calls.ANNOUNCE, params, prepare=True)
        self._told.clear()
