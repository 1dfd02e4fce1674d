"""What a service's run leaves behind: its row with counts, its success or its problem."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from renkei.actions.imports.fence import Lease, StaleLeaseError, fenced, run, run_one
from renkei.domain.setbacks import Setback, settle
from renkei.models.statements import import_runs, imports


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
    """Open a run's row. Pushes that come one upon the other share a row for a minute: the runs by the clock stay to
    be seen among them."""
    with fenced(lease):
        run(import_runs.CLOSE_RUNS, setting=lease.setting_id)  # whoever was killed or stopped could not
        row = run_one(import_runs.GO_ON_WITH_PUSHES, setting=lease.setting_id) if trigger == "push" else None
        if row is None:
            row = run_one(import_runs.BEGIN_RUN, setting=lease.setting_id, epoch=lease.epoch, trigger=trigger)
        run(import_runs.CUT_RUNS, setting=lease.setting_id)
        run(import_runs.FOLD_COUNTS, setting=lease.setting_id)
    assert row is not None
    return int(row[0])


def count_run(lease: Lease, run_id: int, tally: Tally) -> None:
    """Add to a run's counts."""
    with fenced(lease):
        run(
            import_runs.COUNT_RUN,
            run=run_id,
            pages=tally.pages,
            shown=tally.shown,
            stored=tally.stored,
            applied=tally.applied,
            quarantined=tally.quarantined,
        )


def end_run(lease: Lease, run_id: int, *, error: str = "") -> None:
    """Close a run that plans nothing: of pushed chats, of the nightly comparison."""
    with fenced(lease):
        run(import_runs.END_RUN, run=run_id, error=error[:60])


def end_run_well(lease: Lease, run_id: int, *, began: datetime, interval_seconds: float) -> None:
    """Close a run; the next is planned an interval from now."""
    with fenced(lease):
        run(import_runs.END_RUN, run=run_id, error="")
        run(imports.SUCCEED, setting=lease.setting_id, epoch=lease.epoch, seconds=interval_seconds, began=began)


def end_run_badly(
    lease: Lease,
    run_id: int | None,
    *,
    began: datetime,
    problem: str,
    params: Mapping[str, Any] | None = None,
    setback: Setback,
) -> None:
    """Close a run that failed, and write down what follows."""
    with fenced(lease):
        if run_id is not None:
            run(import_runs.END_RUN, run=run_id, error=problem[:60])
        run(
            imports.FAIL,
            setting=lease.setting_id,
            epoch=lease.epoch,
            problem=problem[:60],
            params=json.dumps(dict(params or {}), default=str),
            halted=setback.is_halted,
            seconds=setback.seconds,
            began=began,
        )


def fail_service(lease: Lease) -> float:
    """A fault of ours has ended a service: it is told and counted, until a run ends well. Returns the seconds it is to
    rest."""
    duty = read_duty(lease)
    setback = settle("service_failed", duty.failures, is_settings_fault=False)
    end_run_badly(lease, None, began=duty.asked_at, problem="service_failed", setback=setback)
    return setback.seconds
