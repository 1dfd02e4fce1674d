"""What a service's run leaves behind: its row with counts, its success or its problem."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from renkei.actions.imports.fence import Lease, StaleLeaseError, fenced, run, run_one
from renkei.models.statements import imports


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What part of a run did."""

    pages: int = 0
    shown: int = 0
    stored: int = 0
    applied: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Duty:
    """What a running service is to do now. ``seconds_left`` to the next planned run is None where none is planned."""

    is_wanted: bool
    is_halted: bool
    is_enabled: bool
    snapshot: Mapping[str, Any] | None
    snapshot_at: datetime | None
    cursor_at: datetime | None
    bookmark: Mapping[str, Any] | None
    run_asked_at: datetime | None
    seconds_left: float | None
    has_pending: bool
    failures: int
    asked_at: datetime
    reconciled_at: datetime | None = None


def read_duty(lease: Lease) -> Duty:
    """Ask what there is to do; StaleLeaseError when the lease is somebody else's by now."""
    row = run_one(imports.DUTY, setting=lease.setting_id, epoch=lease.epoch)
    if row is None:
        raise StaleLeaseError
    # Django hands jsonb over as text where no model field reads it.
    return replace(Duty(*row), snapshot=_read_json(row[3]), bookmark=_read_json(row[6]))


def _read_json(text: str | None) -> Mapping[str, Any] | None:
    return None if text is None else json.loads(text)


def begin_run(lease: Lease, trigger: str) -> int:
    """Open a run's row."""
    with fenced(lease):
        run(imports.CLOSE_RUNS, setting=lease.setting_id)  # whoever was killed or stopped could not
        row = run_one(imports.BEGIN_RUN, setting=lease.setting_id, epoch=lease.epoch, trigger=trigger)
        run(imports.CUT_RUNS, setting=lease.setting_id)
    assert row is not None
    return int(row[0])


def count_run(lease: Lease, run_id: int, tally: Tally) -> None:
    """Add to a run's counts."""
    with fenced(lease):
        run(
            imports.COUNT_RUN,
            run=run_id,
            pages=tally.pages,
            shown=tally.shown,
            stored=tally.stored,
            applied=tally.applied,
            quarantined=tally.quarantined,
        )


def end_run_well(lease: Lease, run_id: int, *, began: datetime, interval_seconds: float) -> None:
    """Close a run; the next is planned an interval from now."""
    with fenced(lease):
        run(imports.END_RUN, run=run_id, error="")
        run(imports.SUCCEED, setting=lease.setting_id, epoch=lease.epoch, seconds=interval_seconds, began=began)


def end_run_badly(
    lease: Lease,
    run_id: int | None,
    *,
    began: datetime,
    problem: str,
    params: Mapping[str, Any] | None = None,
    seconds: float,
    is_halted: bool = False,
) -> None:
    """Close a run that failed; it is tried again in ``seconds``, or not at all when ``is_halted``."""
    with fenced(lease):
        if run_id is not None:
            run(imports.END_RUN, run=run_id, error=problem[:60])
        run(
            imports.FAIL,
            setting=lease.setting_id,
            epoch=lease.epoch,
            problem=problem[:60],
            params=json.dumps(dict(params or {}), default=str),
            halted=is_halted,
            seconds=seconds,
            began=began,
        )
