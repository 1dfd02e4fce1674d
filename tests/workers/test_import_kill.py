"""The import under the knife (P2): workers die or freeze at a chosen statement, the database restarts at once."""

from collections.abc import Iterator

import pytest

from bench.ground import Ground, ground
from bench.kill import run_points
from bench.kill_points import PLANTS

pytestmark = pytest.mark.timeout(900)

LONG = 200
SHORT = 25
"""In the ordinary suite; ``./renkei bench kill`` runs 2 000."""


@pytest.fixture
def base() -> Iterator[Ground]:
    """A PostgreSQL of its own: this one is stopped in the middle of its work."""
    with ground() as made:
        yield made


@pytest.mark.parametrize("points", [SHORT, pytest.param(LONG, marks=pytest.mark.long)])
def test_nothing_is_lost_doubled_or_torn_wherever_a_worker_dies(base: Ground, points: int) -> None:
    """Proves R147, R148. P2: every chat shown is one interaction with its newest content, announced once; a worker
    whose lease was taken changes nothing; what a push was answered 2xx for is stored."""
    verdict = run_points(base, points=points)
    assert verdict.found == ()
    assert (verdict.points, verdict.broken) == (points, 0)


@pytest.mark.long
@pytest.mark.parametrize("plant", PLANTS)
def test_the_harness_finds_each_wrong_design(plant: str) -> None:
    """A harness that cannot fail proves nothing."""
    with ground() as spoilt:
        assert run_points(spoilt, points=60, plant=plant).broken == 1
