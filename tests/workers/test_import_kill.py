"""The import under the knife (P2): workers die or freeze at a chosen statement, the database restarts at once."""

from collections.abc import Iterator

import pytest

from bench.ground import Ground, ground
from bench.kill import run_points
from bench.kill_plants import PLANTS

pytestmark = pytest.mark.timeout(1800)

POINTS, SHARE = 200, 25
"""In the ordinary suite, in shares so that both of its processes work; ``./renkei bench kill`` runs 2 000."""
LONG = 2_000


@pytest.fixture(scope="module")
def base() -> Iterator[Ground]:
    """A PostgreSQL of its own: this one is stopped in the middle of its work."""
    with ground() as made:
        yield made


@pytest.mark.parametrize("first", range(0, POINTS, SHARE))
def test_nothing_is_lost_doubled_or_torn_wherever_a_worker_dies(base: Ground, first: int) -> None:
    """Proves P2, R138, R140, R147, R148, R155, R156, R162. Every completed chat shown is one closed interaction with
    its newest content, its agent and its one customer, announced once; a worker whose lease was taken changes nothing;
    what a push was answered 2xx for is stored (P3)."""
    verdict = run_points(base, points=SHARE, first=first)
    assert verdict.found == ()
    assert (verdict.points, verdict.broken) == (SHARE, 0)


@pytest.mark.long
def test_nothing_is_lost_doubled_or_torn_at_many_more_points(base: Ground) -> None:
    """The same with other seeds."""
    assert run_points(base, points=LONG, seed=2).found == ()


@pytest.mark.parametrize("plant", PLANTS)
def test_the_harness_finds_each_wrong_design(base: Ground, plant: str) -> None:
    """A harness that cannot fail proves nothing."""
    assert run_points(base, points=60, plant=plant).broken == 1
