"""Start, stop, restart, run now (R184, R186): what is wanted is written down, the service itself obeys."""

from typing import Any

from django.db import connection, transaction

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.actions.services.snapshot import take_snapshot
from renkei.domain.services import IMPORTS_CHANNEL
from renkei.errors import RejectedError
from renkei.models import ChatSetting, ImportService
from renkei.permissions import require
from renkei.queries.scope import Viewer, visible_services
from renkei.queries.settings.installation import require_chat_import


def start_service(actor: Viewer, setting_id: int) -> None:
    """Start a service on its setting as it is now; one that runs already stays as it is. RejectedError:
    ``forbidden``, ``feature_off``, ``not_found``, ``setting_disabled`` (R179)."""
    _require(actor)
    with transaction.atomic():
        service = _lock(actor, setting_id)
        if service.is_wanted and not service.is_halted:
            return
        _take_up(actor, service, "started")


def restart_service(actor: Viewer, setting_id: int) -> None:
    """Let a service go on with its setting as it is now (R184). RejectedErrors of start_service."""
    _require(actor)
    with transaction.atomic():
        _take_up(actor, _lock(actor, setting_id), "restarted")


def revive_halted(actor: Viewer, setting_id: int) -> None:
    """Take up a service that had stopped by itself, now that its setting was changed; a running one keeps the old
    setting until it is restarted (R184). Inside the caller's transaction."""
    service = ImportService.objects.select_for_update(of=("self",)).select_related("setting").get(setting=setting_id)
    if service.is_wanted and service.is_halted and service.setting.is_enabled:
        _take_up(actor, service, "restarted")


def stop_service(actor: Viewer, setting_id: int) -> None:
    """Let a service end after what it is just doing; a second stop changes nothing. RejectedError: ``forbidden``,
    ``feature_off``, ``not_found``."""
    _require(actor)
    with transaction.atomic():
        service = _lock(actor, setting_id)
        if not service.is_wanted:
            return
        service.is_wanted = False
        service.is_halted, service.problem, service.problem_params = False, "", {}
        service.run_asked_at = None
        service.save(update_fields=["is_wanted", "is_halted", "problem", "problem_params", "run_asked_at"])
        _note(actor, service, "stopped")


def ask_run(actor: Viewer, setting_id: int) -> None:
    """Have a started service fetch at once. RejectedError: also ``service_not_started``."""
    _require(actor)
    with transaction.atomic():
        service = _lock(actor, setting_id)
        if not service.is_wanted or service.is_halted:
            raise RejectedError("service_not_started")
        if not service.setting.is_enabled:
            raise RejectedError("setting_disabled")
        service.run_asked_at = clock.now()
        service.save(update_fields=["run_asked_at"])
        _note(actor, service, "run_asked")


def tell_services(setting_id: int) -> None:
    """NOTIFY the import services of a chat setting, heard when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [IMPORTS_CHANNEL, str(setting_id)])


def _take_up(actor: Viewer, service: ImportService, done: str) -> None:
    setting = ChatSetting.objects.select_related("template").get(pk=service.setting_id)
    if not setting.is_enabled:
        raise RejectedError("setting_disabled")
    service.is_wanted, service.is_halted = True, False
    snapshot = take_snapshot(setting)
    if _asks_elsewhere(service.snapshot, snapshot):
        # The place belongs to another listing. Beginning anew registers nothing twice.
        service.cursor_at = service.bookmark = None
    service.snapshot, service.snapshot_at = snapshot, clock.now()
    service.failures, service.problem, service.problem_params = 0, "", {}
    service.next_run_at = None
    service.save(
        update_fields=[
            "is_wanted",
            "is_halted",
            "snapshot",
            "snapshot_at",
            "failures",
            "problem",
            "problem_params",
            "next_run_at",
            "cursor_at",
            "bookmark",
        ]
    )
    _note(actor, service, done, version=setting.version)


def _asks_elsewhere(before: dict[str, Any] | None, after: dict[str, Any]) -> bool:
    return before is not None and any(before.get(name) != after[name] for name in ("call_url", "connector_settings"))


def _require(actor: Viewer) -> None:
    require(actor, "service.edit")
    require_chat_import()


def _lock(actor: Viewer, setting_id: int) -> ImportService:
    service = (
        visible_services(actor)
        .select_for_update(of=("self",))
        .select_related("setting")
        .filter(setting_id=setting_id)
        .first()
    )
    if service is None:
        raise RejectedError("not_found")
    return service


def _note(actor: Viewer, service: ImportService, done: str, **detail: object) -> None:
    write_audit(actor, f"service.{done}", resource="service", object_id=service.setting_id, detail=detail)
    tell_services(service.setting_id)
