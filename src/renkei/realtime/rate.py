"""How fast one stranger may knock: a bucket of tokens per key, forgotten when full again."""

from collections import OrderedDict
from collections.abc import Callable

MOST_KEYS = 10_000


class Rate:
    """``a_second`` knocks on average, ``at_once`` in a burst, for each key apart. ``monotonic`` gives seconds."""

    def __init__(self, a_second: float, at_once: int, monotonic: Callable[[], float]) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one token; 0.0 when there was one, else the seconds until there is."""
        now = self._monotonic()
        tokens, since = self._buckets.get(key, (float(self._at_once), now))
        tokens = min(self._at_once, tokens + (now - since) * self._a_second)
        admitted = tokens >= 1
        self._buckets[key] = (tokens - 1 if admitted else tokens, now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        return 0.0 if admitted else (1 - tokens) / self._a_second
