"""Where the simulated line's time comes from: an event loop, or a test's own clock."""

from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    """What was put off and may be cancelled."""

    def cancel(self) -> None:
        """Forget it."""
        ...


class Timekeeper(Protocol):
    """Where time comes from; an event loop is one, a test brings its own."""

    def time(self) -> float:
        """Seconds, monotonic."""
        ...

    def call_later(self, delay: float, callback: Callable[..., object], /, *args: Any) -> Timer:
        """Call back after ``delay`` seconds."""
        ...
