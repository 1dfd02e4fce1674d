"""Which telephone systems the living calls workers are connected to, and what is known to be wrong with them."""

from dataclasses import dataclass

from renkei import clock
from renkei.domain.asterisk_versions import Holed, TooOld, judge_asterisk
from renkei.models import Worker


@dataclass(frozen=True, slots=True)
class ConnectedSystem:
    """A worker's telephone system. ``said`` is what it calls itself, empty as long as it has not said."""

    worker: str
    is_simulated: bool
    said: str
    finding: TooOld | Holed | None


def list_telephone_systems() -> tuple[ConnectedSystem, ...]:
    """One for each living worker, by name."""
    living = Worker.objects.filter(lease_until__gt=clock.now()).order_by("name")
    return tuple(
        ConnectedSystem(
            worker=worker.name,
            is_simulated=worker.line == "simulator",
            said=worker.system,
            finding=judge_asterisk(worker.system),
        )
        for worker in living
    )
