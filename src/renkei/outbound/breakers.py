"""Keeps one circuit breaker per provider, project and credentials; the rule itself is domain/breaker.py."""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from renkei.domain import breaker as rule

MOST_CIRCUITS = 10_000


@dataclass(frozen=True, slots=True)
class BreakerKey:
    """Whose circuit: one customer's wrong key must not silence another customer of the same provider."""

    provider: str
    project: str
    credentials_digest: str

    @classmethod
    def of(cls, provider: str, project: str, *, credentials: str) -> Self:
        """Make a key; the credentials themselves are not kept."""
        digest = hashlib.sha256(credentials.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return cls(provider=provider, project=project, credentials_digest=digest)


class Breakers:
    """The circuits of this process. ``monotonic`` gives seconds and is the event loop's clock in production."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._circuits: OrderedDict[BreakerKey, rule.Breaker] = OrderedDict()

    def admit(self, key: BreakerKey) -> bool:
        """Say whether a request may go out; where it may, report the outcome by ``succeed`` or ``fail``."""
        state, is_admitted = rule.admit(self._get(key), self._monotonic())
        self._put(key, state)
        return is_admitted

    def succeed(self, key: BreakerKey) -> None:
        """Report an answer, whatever its status below 500."""
        self._put(key, rule.succeed(self._get(key), self._monotonic()))

    def fail(self, key: BreakerKey) -> None:
        """Report a transport error, a 5xx answer or a time-out."""
        self._put(key, rule.fail(self._get(key), self._monotonic()))

    def phase(self, key: BreakerKey) -> rule.Phase:
        """Tell the phase of one circuit, for the console."""
        return rule.phase(self._get(key), self._monotonic())

    def count_phases(self) -> dict[tuple[str, str], int]:
        """How many circuits of each provider are in each phase but closed, by provider and phase."""
        now, counted = self._monotonic(), Counter[tuple[str, str]]()
        for key, state in self._circuits.items():
            counted[key.provider, rule.phase(state, now).value] += 1
        return dict(counted)

    def _get(self, key: BreakerKey) -> rule.Breaker:
        return self._circuits.get(key, rule.Breaker())

    def _put(self, key: BreakerKey, state: rule.Breaker) -> None:
        if state == rule.Breaker():
            self._circuits.pop(key, None)
            return
        self._circuits[key] = state
        self._circuits.move_to_end(key)
        while len(self._circuits) > MOST_CIRCUITS:
            self._circuits.popitem(last=False)
