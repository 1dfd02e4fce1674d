"""What a service shows: its state from its beat, and what a restart would change."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.services import (
    PATIENCE,
    Changed,
    ServiceFacts,
    ServiceState,
    SettingSnapshot,
    compare,
    show_service,
)

NOON = datetime(2025, 1, 31, 3, 0, tzinfo=UTC)
AGO = st.none() | st.integers(-60, 7_200).map(lambda seconds: NOON - timedelta(seconds=seconds))
FACTS = st.builds(
    ServiceFacts,
    is_wanted=st.booleans(),
    is_enabled=st.booleans(),
    is_halted=st.booleans(),
    started_at=AGO,
    beat_at=AGO,
    lease_until=AGO,
    snapshot_version=st.none() | st.integers(1, 5),
    setting_version=st.integers(1, 5),
)
HEALTHY = ServiceFacts(
    is_wanted=True,
    is_enabled=True,
    is_halted=False,
    started_at=NOON - timedelta(hours=1),
    beat_at=NOON - timedelta(seconds=9),
    lease_until=NOON + timedelta(seconds=21),
    snapshot_version=3,
    setting_version=3,
)
SNAPSHOT = SettingSnapshot(
    setting_id=7,
    name="注文窓口",
    connector="standard",
    business_group_id=1,
    call_url="https://chat.example.jp/v1",
    default_agent_id=2,
    template_values={"title": "{{subject}}"},
    is_enabled=True,
    interval_seconds=300,
    overlap_minutes=1440,
    reuses_customers=False,
    connector_settings={"region": "east"},
    sealed_secrets="gAAAAA",
    version=3,
)
WORDS = st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=3)
SNAPSHOTS = st.builds(
    SettingSnapshot,
    setting_id=st.just(7),
    name=st.text(max_size=10),
    connector=st.just("standard"),
    business_group_id=st.integers(1, 9),
    call_url=st.text(max_size=10),
    default_agent_id=st.integers(1, 9),
    template_values=WORDS,
    is_enabled=st.booleans(),
    interval_seconds=st.integers(10, 86_400),
    overlap_minutes=st.integers(0, 10_080),
    reuses_customers=st.booleans(),
    connector_settings=WORDS,
    sealed_secrets=st.none() | st.text("abcdef", max_size=6),
    version=st.integers(1, 99),
)


def state_of(facts: ServiceFacts, now: datetime = NOON) -> ServiceState:
    return show_service(facts, now=now).state


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, ServiceState.RUNNING),
        ({"beat_at": NOON - timedelta(seconds=30)}, ServiceState.RUNNING),
        ({"beat_at": NOON - timedelta(seconds=30, milliseconds=1)}, ServiceState.BROKEN),
        ({"is_halted": True}, ServiceState.BROKEN),
        ({"is_enabled": False, "lease_until": None}, ServiceState.DISABLED),
        ({"is_wanted": False}, ServiceState.STOPPING),
        ({"is_wanted": False, "lease_until": None}, ServiceState.STOPPED),
        ({"is_wanted": False, "beat_at": NOON - timedelta(minutes=1)}, ServiceState.STOPPED),
        ({"beat_at": None, "started_at": NOON - timedelta(seconds=5)}, ServiceState.STARTING),
        ({"beat_at": None, "started_at": NOON - timedelta(seconds=31)}, ServiceState.BROKEN),
        ({"beat_at": None, "started_at": None}, ServiceState.BROKEN),
    ],
)
def test_each_state_is_told_from_what_is_wanted_and_the_last_beat(
    changed: dict[str, object], state: ServiceState
) -> None:
    assert state_of(replace(HEALTHY, **changed)) is state  # type: ignore[arg-type] # a table of fields


def test_a_beat_from_before_the_restart_is_no_sign_of_life_of_this_one() -> None:
    restarted = replace(HEALTHY, started_at=NOON, beat_at=NOON - timedelta(seconds=1))
    assert state_of(restarted) is ServiceState.STARTING
    assert state_of(restarted, NOON + PATIENCE + timedelta(seconds=1)) is ServiceState.BROKEN


@given(FACTS)
def test_a_wanted_service_without_a_beat_for_30_seconds_is_never_shown_as_running(facts: ServiceFacts) -> None:
    is_silent = facts.beat_at is None or NOON - facts.beat_at > timedelta(seconds=30)
    if is_silent:
        assert state_of(facts) not in (ServiceState.RUNNING, ServiceState.STOPPING)
    is_old = facts.started_at is None or NOON - facts.started_at > timedelta(seconds=30)
    if is_silent and is_old and facts.is_wanted and facts.is_enabled:
        assert state_of(facts) is ServiceState.BROKEN


@given(FACTS)
def test_what_is_not_wanted_or_not_enabled_or_halted_never_shows_as_running(facts: ServiceFacts) -> None:
    """Proves R179."""
    if not facts.is_wanted or not facts.is_enabled or facts.is_halted:
        assert state_of(facts) not in (ServiceState.RUNNING, ServiceState.STARTING)


@given(FACTS)
def test_a_restart_is_needed_exactly_while_a_started_service_has_an_older_version(facts: ServiceFacts) -> None:
    """Proves R185."""
    is_behind = facts.snapshot_version is not None and facts.snapshot_version != facts.setting_version
    assert show_service(facts, now=NOON).needs_restart == (facts.is_wanted and is_behind)


@given(SNAPSHOTS)
def test_a_snapshot_survives_its_json(snapshot: SettingSnapshot) -> None:
    assert SettingSnapshot.from_json(json.loads(json.dumps(snapshot.to_json()))) == snapshot


@given(SNAPSHOTS, SNAPSHOTS)
def test_a_difference_names_exactly_the_fields_that_differ(one: SettingSnapshot, other: SettingSnapshot) -> None:
    """Proves R185."""
    named = {each.name.partition(".")[0] for each in compare(one, other)}
    differing = {name for name, value in one.to_json().items() if other.to_json()[name] != value} - {"version"}
    empty = {
        name
        for name in ("template_values", "connector_settings")
        if {key: text for key, text in getattr(one, name).items() if text}
        == {key: text for key, text in getattr(other, name).items() if text}
    }
    assert named == differing - empty


def test_a_difference_shows_values_field_by_field_and_of_secrets_only_that_they_changed() -> None:
    """Proves R185."""
    after = replace(
        SNAPSHOT,
        version=4,
        interval_seconds=60,
        template_values={"title": "{{subject}}", "memo": "取込"},
        connector_settings={"region": "west"},
        sealed_secrets="gBBBBB",
    )
    assert compare(SNAPSHOT, after) == (
        Changed("template_values.memo", "", "取込"),
        Changed("interval_seconds", 300, 60),
        Changed("connector_settings.region", "east", "west"),
        Changed("sealed_secrets", None, None),
    )
    assert "gAAAAA" not in repr(SNAPSHOT)
