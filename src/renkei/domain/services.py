"""Decides what a service of サービス管理 shows (R183 to R186): its state, and how it differs from its setting (R185).

A service runs on the snapshot of its setting that was taken when it was (re)started; only 有効状態 counts at once.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

IMPORTS_CHANNEL = "renkei_imports"
"""NOTIFY channel the import services listen on; the payload is the chat setting's id."""

PATIENCE = timedelta(seconds=30)
"""A service beats every 10 s; without a beat for this long it is taken for dead."""


class ServiceState(StrEnum):
    """What the list shows: 停止, 停止処理中, 無効, 起動中, 実行中, 停止(異常)."""

    STOPPED = "stopped"
    STOPPING = "stopping"
    DISABLED = "disabled"
    STARTING = "starting"
    RUNNING = "running"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSnapshot:
    """A chat setting as it was when its service (re)started. ``sealed_secrets`` is the encrypted JSON of the
    connector's secret fields, as text; None where there are none. ``template_values`` are those of the setting's
    コール作成設定, empty without one."""

    setting_id: int
    name: str
    connector: str
    business_group_id: int
    call_url: str
    default_agent_id: int
    template_values: Mapping[str, str] = field(default_factory=dict)
    is_enabled: bool
    interval_seconds: int
    overlap_minutes: int
    reuses_customers: bool
    connector_settings: Mapping[str, str] = field(default_factory=dict)
    sealed_secrets: str | None = field(default=None, repr=False)
    version: int

    def to_json(self) -> dict[str, Any]:
        """For the database."""
        return {each.name: _plain(getattr(self, each.name)) for each in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "SettingSnapshot":
        """What to_json wrote; a name it does not know is ignored. Raises KeyError, TypeError or ValueError for
        anything else."""
        return cls(
            setting_id=int(stored["setting_id"]),
            name=str(stored["name"]),
            connector=str(stored["connector"]),
            business_group_id=int(stored["business_group_id"]),
            call_url=str(stored["call_url"]),
            default_agent_id=int(stored["default_agent_id"]),
            template_values=_texts(stored["template_values"]),
            is_enabled=bool(stored["is_enabled"]),
            interval_seconds=int(stored["interval_seconds"]),
            overlap_minutes=int(stored["overlap_minutes"]),
            reuses_customers=bool(stored["reuses_customers"]),
            connector_settings=_texts(stored["connector_settings"]),
            sealed_secrets=None if stored["sealed_secrets"] is None else str(stored["sealed_secrets"]),
            version=int(stored["version"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """What the decision looks at. ``started_at`` is when the snapshot was taken; versions are the setting's counter,
    ``snapshot_version`` None before the first start. ``lease_until`` is until when a worker holds the service."""

    is_wanted: bool
    is_enabled: bool
    is_halted: bool
    started_at: datetime | None
    beat_at: datetime | None
    lease_until: datetime | None
    snapshot_version: int | None
    setting_version: int


@dataclass(frozen=True, slots=True)
class ServiceVerdict:
    """The state, and whether 再起動が必要 stands beside it."""

    state: ServiceState
    needs_restart: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """One field that differs: its name, and both values; both are None where they may not be shown."""

    name: str
    running: Any
    setting: Any


def show_service(facts: ServiceFacts, *, now: datetime) -> ServiceVerdict:
    """Decide what the service's line shows. A beat from before the last (re)start is no sign of life of this one."""
    return ServiceVerdict(_state(facts, now), _needs_restart(facts))


def compare(running: SettingSnapshot, setting: SettingSnapshot) -> tuple[Changed, ...]:
    """What a restart would change, field by field, in the order of the fields (R185). The connector's own fields and
    the template's items are told one by one; of secrets only that they differ."""
    found: list[Changed] = []
    for each in dataclasses.fields(SettingSnapshot):
        before, after = getattr(running, each.name), getattr(setting, each.name)
        if each.name == "version" or before == after:
            continue
        if each.name == "sealed_secrets":
            found.append(Changed(each.name, None, None))
        elif isinstance(before, Mapping):
            found += _compare_parts(each.name, before, after)
        else:
            found.append(Changed(each.name, before, after))
    return tuple(found)


def _compare_parts(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Changed]:
    keys = [*before, *(key for key in after if key not in before)]
    pairs = [(key, before.get(key, ""), after.get(key, "")) for key in keys]
    return [Changed(f"{name}.{key}", one, other) for key, one, other in pairs if one != other]


def _state(facts: ServiceFacts, now: datetime) -> ServiceState:
    if not facts.is_wanted or not facts.is_enabled:
        if _is_held(facts, now) and _beats(facts.beat_at, now):
            return ServiceState.STOPPING
        return ServiceState.STOPPED if not facts.is_wanted else ServiceState.DISABLED
    if facts.is_halted:
        return ServiceState.BROKEN
    has_beaten = facts.beat_at is not None and (facts.started_at is None or facts.beat_at >= facts.started_at)
    if has_beaten:
        return ServiceState.RUNNING if _beats(facts.beat_at, now) else ServiceState.BROKEN
    is_young = facts.started_at is not None and now - facts.started_at <= PATIENCE
    return ServiceState.STARTING if is_young else ServiceState.BROKEN


def _beats(beat_at: datetime | None, now: datetime) -> bool:
    return beat_at is not None and now - beat_at <= PATIENCE


def _is_held(facts: ServiceFacts, now: datetime) -> bool:
    return facts.lease_until is not None and facts.lease_until > now


def _needs_restart(facts: ServiceFacts) -> bool:
    return facts.is_wanted and facts.snapshot_version is not None and facts.snapshot_version != facts.setting_version


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _texts(stored: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in stored.items()}
