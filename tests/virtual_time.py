"""Time that passes only when a test says so."""

import heapq
import itertools
from collections.abc import Callable
from typing import Any


class VirtualTimer:
    """What was put off; cancelling is all it can."""

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.callback = callback
        self.args = args
        self.is_cancelled = False

    def cancel(self) -> None:
        """Forget it."""
        self.is_cancelled = True


class VirtualTime:
    """A Timekeeper (telephony/simulator.py) for tests."""

    def __init__(self) -> None:
        self._now = 0.0
        self._due: list[tuple[float, int, VirtualTimer]] = []
        self._order = itertools.count()

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._now

    def call_later(self, delay: float, callback: Callable[..., object], /, *args: Any) -> VirtualTimer:
        """Call back once that much time has passed."""
        timer = VirtualTimer(callback, args)
        heapq.heappush(self._due, (self._now + delay, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass; what falls due is called in order."""
        until = self._now + seconds
        while self._due and self._due[0][0] <= until:
            self._now, _, timer = heapq.heappop(self._due)
            if not timer.is_cancelled:
                timer.callback(*timer.args)
        self._now = until
