"""How long a service waits after a failure: longer each time, never longer than a quarter of an hour."""

SHORTEST_SECONDS = 5.0
LONGEST_SECONDS = 900.0


def wait_after(failures: int, *, asked: float = 0.0) -> float:
    """Seconds to wait after the nth failure in a row (n ≥ 0 before it), at least what the other side asked for."""
    grown = SHORTEST_SECONDS * float(2 ** min(max(failures, 0), 20))
    return max(min(grown, LONGEST_SECONDS), min(max(asked, 0.0), LONGEST_SECONDS))
