"""サービス設定 > 通常サービス: each チャット連係処理 with its state, its counts and what a restart would change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum

from renkei import clock
from renkei.domain.services import (
    Changed,
    ServiceFacts,
    ServiceState,
    SettingSnapshot,
    compare,
    show_service,
)
from renkei.domain.setbacks import is_loud
from renkei.errors import RejectedError
from renkei.models import Agent, BusinessGroup, ChatSetting, ImportRun, ImportService, InboxCount, Reconciliation
from renkei.permissions import require
from renkei.queries.scope import Viewer, visible_services
from renkei.queries.services.snapshot import freeze
from renkei.queries.settings.installation import require_chat_import

NEWEST_RUNS, NEWEST_RECONCILIATIONS = 20, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of every chat that was fetched: nothing is lost between the three."""

    done: int = 0
    quarantined: int = 0
    pending: int = 0

    @property
    def fetched(self) -> int:
        """Conservation: fetched = done + quarantined + pending."""
        return self.done + self.quarantined + self.pending


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceShown:
    """One service. ``problem`` is a code of messages.py, empty when all is well. ``is_wanted``: it was started;
    ``is_loud``: it has failed so often in a row that a banner says so."""

    id: int
    setting: str
    connector: str
    group: str
    state: ServiceState
    needs_restart: bool
    is_wanted: bool
    is_enabled: bool
    is_halted: bool
    problem: str
    problem_params: Mapping[str, Any]
    failures: int
    is_loud: bool
    owner: str
    started_at: datetime | None
    beat_at: datetime | None
    ran_at: datetime | None
    next_run_at: datetime | None
    is_run_asked: bool
    is_listing: bool
    cursor_at: datetime | None
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShown:
    """One run; ``error`` is a code of messages.py."""

    trigger: str
    began_at: datetime
    ended_at: datetime | None
    pages: int
    shown: int
    stored: int
    applied: int
    quarantined: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationShown:
    """突合レポート of one night: ids of theirs that were missing here or differ, and of ours they no longer show."""

    at: datetime
    since: datetime
    theirs: int
    ours: int
    missing: tuple[str, ...]
    differing: tuple[str, ...]
    unknown: tuple[str, ...]
    error: str


def list_services(viewer: Viewer) -> tuple[ServiceShown, ...]:
    """Those whose business group the viewer sees, by the name of the setting. RejectedError ``forbidden``,
    ``feature_off``."""
    require(viewer, "service.view")
    require_chat_import()
    services = list(visible_services(viewer).select_related("setting__business_group").order_by("setting__name"))
    tallies = _count(service.setting_id for service in services)
    now = clock.now()
    return tuple(_show(service, tallies.get(service.setting_id, Tally()), now) for service in services)


def read_service(viewer: Viewer, setting_id: int) -> ServiceShown:
    """One of them. RejectedError ``forbidden``, ``feature_off``, ``not_found``."""
    require(viewer, "service.view")
    require_chat_import()
    service = visible_services(viewer).select_related("setting__business_group").filter(setting_id=setting_id).first()
    if service is None:
        raise RejectedError("not_found")
    return _show(service, _count([setting_id]).get(setting_id, Tally()), clock.now())


def list_differences(viewer: Viewer, setting_id: int) -> tuple[Changed, ...]:
    """What a restart would change (R185): the running snapshot against the setting, agents and groups by name. Empty
    while the service is stopped. RejectedError ``forbidden``."""
    require(viewer, "service.view")
    services = visible_services(viewer).select_related("setting__template").filter(setting_id=setting_id)
    service = services.filter(is_wanted=True).first()
    if service is None or not service.snapshot:
        return ()
    running = SettingSnapshot.from_json(service.snapshot)
    return tuple(_name_ids(each) for each in compare(running, freeze(service.setting)))


def list_runs(viewer: Viewer, setting_id: int) -> tuple[RunShown, ...]:
    """The newest runs, newest first. RejectedError ``forbidden``, ``not_found``."""
    require(viewer, "service.view")
    _require_seen(viewer, setting_id)
    rows = ImportRun.objects.filter(setting_id=setting_id).order_by("-id")[:NEWEST_RUNS]
    return tuple(
        RunShown(
            trigger=row.trigger,
            began_at=row.began_at,
            ended_at=row.ended_at,
            pages=row.pages,
            shown=row.shown,
            stored=row.stored,
            applied=row.applied,
            quarantined=row.quarantined,
            error=row.error,
        )
        for row in rows
    )


def list_reconciliations(viewer: Viewer, setting_id: int) -> tuple[ReconciliationShown, ...]:
    """The newest reports, newest first. RejectedError ``forbidden``, ``not_found``."""
    require(viewer, "service.view")
    _require_seen(viewer, setting_id)
    rows = Reconciliation.objects.filter(setting_id=setting_id).order_by("-id")[:NEWEST_RECONCILIATIONS]
    return tuple(
        ReconciliationShown(
            at=row.at,
            since=row.since,
            theirs=row.theirs,
            ours=row.ours,
            missing=tuple(map(str, row.missing)),
            differing=tuple(map(str, row.differing)),
            unknown=tuple(map(str, row.unknown)),
            error=row.error,
        )
        for row in rows
    )


def _require_seen(viewer: Viewer, setting_id: int) -> None:
    if not visible_services(viewer).filter(setting_id=setting_id).exists():
        raise RejectedError("not_found")


def _show(service: ImportService, tally: Tally, now: datetime) -> ServiceShown:
    setting = service.setting
    verdict = show_service(_facts(service, setting), now=now)
    return ServiceShown(
        id=setting.pk,
        setting=setting.name,
        connector=setting.connector,
        group=setting.business_group.name,
        state=verdict.state,
        needs_restart=verdict.needs_restart,
        is_wanted=service.is_wanted,
        is_enabled=setting.is_enabled,
        is_halted=service.is_halted,
        problem=service.problem,
        problem_params=service.problem_params,
        failures=service.failures,
        is_loud=is_loud(service.failures),
        owner=service.owner,
        started_at=service.snapshot_at,
        beat_at=service.beat_at,
        ran_at=service.ran_at,
        next_run_at=service.next_run_at,
        is_run_asked=service.run_asked_at is not None,
        is_listing=service.bookmark is not None,
        cursor_at=service.cursor_at,
        tally=tally,
    )


def _facts(service: ImportService, setting: ChatSetting) -> ServiceFacts:
    snapshot = service.snapshot or {}
    return ServiceFacts(
        is_wanted=service.is_wanted,
        is_enabled=setting.is_enabled,
        is_halted=service.is_halted,
        started_at=service.snapshot_at,
        beat_at=service.beat_at,
        lease_until=service.lease_until,
        snapshot_version=snapshot.get("version"),
        setting_version=setting.version,
    )


def _count(setting_ids: Iterable[int]) -> dict[int, Tally]:
    """Sums of a few rows: the screens ask every two seconds, and an inbox may hold years."""
    rows = InboxCount.objects.filter(setting_id__in=list(setting_ids)).values("setting_id").order_by()
    summed = rows.annotate(all_done=Sum("done"), all_aside=Sum("quarantined"), all_pending=Sum("pending"))
    return {
        row["setting_id"]: Tally(done=row["all_done"], quarantined=row["all_aside"], pending=row["all_pending"])
        for row in summed
    }


def _name_ids(changed: Changed) -> Changed:
    match changed.name:
        case "business_group_id":
            names = dict(
                BusinessGroup.objects.filter(pk__in=(changed.running, changed.setting)).values_list("id", "name")
            )
        case "default_agent_id":
            agents = Agent.objects.select_related("user").filter(pk__in=(changed.running, changed.setting))
            names = {agent.pk: str(agent) for agent in agents}
        case _:
            return changed
    return Changed(changed.name, names.get(changed.running, ""), names.get(changed.setting, ""))
