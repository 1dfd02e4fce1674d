"""The sample's circuits: when a provider failed too often it is not asked, by the same rule as on the real line."""

import heapq
from datetime import datetime

from renkei.cli.demo.answers import Answered
from renkei.domain import breaker as rule
from renkei.domain.matching import Outcome


class Circuits:
    """One circuit for each connector: the sample office has one contract with each. Moments must not go back."""

    def __init__(self) -> None:
        self._circuits: dict[str, rule.Breaker] = {}
        self._under_way: list[tuple[float, str, bool]] = []

    def admit(self, connector: str, at: datetime) -> bool:
        """Whether a request may go out then; the ones that have ended by then are counted first."""
        moment = at.timestamp()
        while self._under_way and self._under_way[0][0] <= moment:
            ended, whose, is_failed = heapq.heappop(self._under_way)
            judge = rule.fail if is_failed else rule.succeed
            self._circuits[whose] = judge(self._circuits.get(whose, rule.Breaker()), ended)
        state, is_admitted = rule.admit(self._circuits.get(connector, rule.Breaker()), moment)
        self._circuits[connector] = state
        return is_admitted

    def note(self, connector: str, at: datetime, answered: Answered) -> None:
        """A request that went out at that moment ended so."""
        is_failed = answered.looked_up.outcome is Outcome.REQUEST_ERROR
        heapq.heappush(self._under_way, (at.timestamp() + answered.seconds, connector, is_failed))
