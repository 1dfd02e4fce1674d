"""Start, stop, restart and run now: what is written down for the service, and whom it wakes."""

import json

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from renkei.actions.services.control import ask_run, restart_service, start_service, stop_service
from renkei.actions.settings.chat_settings import edit_chat_setting
from renkei.domain.services import IMPORTS_CHANNEL, SettingSnapshot
from renkei.errors import RejectedError
from renkei.models import AuditEntry, ChatSetting, ImportService, Installation, InteractionTemplate, User
from renkei.models.secrets import open_fields
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from renkei.queries.services.services import list_differences, read_service
from tests.chat_setting_office import entered, make_agent, make_setting, service_of
from tests.sample_centre import make_person

pytestmark = pytest.mark.django_db

DEEDS = (start_service, stop_service, restart_service, ask_run)


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def setting(person: User) -> ChatSetting:
    return make_setting(person)


def test_a_start_freezes_the_setting_as_it_is_with_its_secrets_sealed(person: User) -> None:
    """Proves R185."""
    agent = make_agent()
    template = InteractionTemplate.objects.create(
        business_group=agent.business_group, name="標準", values={"title": "{{subject}}"}
    )
    setting = make_setting(person, agent=agent, template_id=template.pk)
    start_service(person, setting.pk)
    service = service_of(setting)
    assert service.is_wanted
    assert service.snapshot is not None
    assert "tok-s3cr3t" not in json.dumps(service.snapshot)
    snapshot = SettingSnapshot.from_json(service.snapshot)
    assert (snapshot.setting_id, snapshot.version, snapshot.connector) == (setting.pk, 1, "standard")
    assert snapshot.template_values == {"title": "{{subject}}"}
    assert snapshot.sealed_secrets is not None
    assert open_fields(snapshot.sealed_secrets.encode()) == {"token": "tok-s3cr3t"}


def test_a_running_service_keeps_the_old_setting_until_it_is_restarted(person: User, setting: ChatSetting) -> None:
    """Proves R184, R185."""
    start_service(person, setting.pk)
    changed = entered(setting.default_agent, interval_seconds=60, secrets={"token": "new"})
    edit_chat_setting(person, setting.pk, changed)
    kept = SettingSnapshot.from_json(service_of(setting).snapshot or {})
    assert kept.interval_seconds == 300
    assert read_service(person, setting.pk).needs_restart
    told = {each.name: (each.running, each.setting) for each in list_differences(person, setting.pk)}
    assert told == {"interval_seconds": (300, 60), "sealed_secrets": (None, None)}
    start_service(person, setting.pk)  # one that runs stays as it is
    assert read_service(person, setting.pk).needs_restart
    restart_service(person, setting.pk)
    assert not read_service(person, setting.pk).needs_restart
    assert SettingSnapshot.from_json(service_of(setting).snapshot or {}).interval_seconds == 60
    assert list_differences(person, setting.pk) == ()


def test_differences_name_agents_and_groups_not_their_numbers(person: User, setting: ChatSetting) -> None:
    start_service(person, setting.pk)
    other = make_agent("鈴木", group="解約")
    edit_chat_setting(person, setting.pk, entered(other, secrets={}))
    told = {each.name: (each.running, each.setting) for each in list_differences(person, setting.pk)}
    assert told["business_group_id"] == ("注文", "解約")
    assert told["default_agent_id"] == (str(setting.default_agent), str(other))


def test_a_setting_that_is_not_enabled_starts_no_service(person: User, setting: ChatSetting) -> None:
    """Proves R178, R179."""
    edit_chat_setting(person, setting.pk, entered(setting.default_agent, secrets={}, is_enabled=False))
    for deed in (start_service, restart_service):
        with pytest.raises(RejectedError, match="setting_disabled"):
            deed(person, setting.pk)
    assert not service_of(setting).is_wanted
    edit_chat_setting(person, setting.pk, entered(setting.default_agent, secrets={}, is_enabled=True))
    start_service(person, setting.pk)
    edit_chat_setting(person, setting.pk, entered(setting.default_agent, secrets={}, is_enabled=False))
    assert read_service(person, setting.pk).state == "disabled"
    with pytest.raises(RejectedError, match="setting_disabled"):
        ask_run(person, setting.pk)


def test_a_restart_takes_a_halted_service_up_again_and_a_stop_forgets_why_it_halted(
    person: User, setting: ChatSetting
) -> None:
    start_service(person, setting.pk)
    halted = {"is_halted": True, "problem": "unreadable_secret", "failures": 3}
    for deed, is_wanted in ((restart_service, True), (start_service, True), (stop_service, False)):
        ImportService.objects.filter(setting=setting).update(**halted, is_wanted=True)
        with pytest.raises(RejectedError, match="service_not_started"):
            ask_run(person, setting.pk)
        deed(person, setting.pk)
        service = service_of(setting)
        assert (service.is_wanted, service.is_halted, service.problem) == (is_wanted, False, "")


def test_run_now_is_asked_of_a_started_service_only(person: User, setting: ChatSetting) -> None:
    with pytest.raises(RejectedError, match="service_not_started"):
        ask_run(person, setting.pk)
    start_service(person, setting.pk)
    ask_run(person, setting.pk)
    assert service_of(setting).run_asked_at is not None
    stop_service(person, setting.pk)
    assert service_of(setting).run_asked_at is None


def test_each_deed_is_audited_once_and_a_second_stop_changes_nothing(person: User, setting: ChatSetting) -> None:
    start_service(person, setting.pk)
    start_service(person, setting.pk)
    ask_run(person, setting.pk)
    restart_service(person, setting.pk)
    stop_service(person, setting.pk)
    stop_service(person, setting.pk)
    deeds = AuditEntry.objects.filter(resource="service", object_id=str(setting.pk)).order_by("id")
    told = ["service.started", "service.run_asked", "service.restarted", "service.stopped"]
    assert [deed.action for deed in deeds] == told


@pytest.mark.django_db(transaction=True)
def test_each_deed_wakes_the_services_when_it_is_committed(person: User, setting: ChatSetting) -> None:
    with psycopg.connect(_same_database(), autocommit=True) as listening:
        listening.execute(f"LISTEN {IMPORTS_CHANNEL}")
        for deed in (start_service, ask_run, restart_service, stop_service):
            deed(person, setting.pk)
            [told] = list(listening.notifies(timeout=5, stop_after=1))
            assert told.payload == str(setting.pk)


def _same_database() -> str:
    told = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return make_conninfo(**{name: told[name] for name in names if name in told})


def test_who_may_only_look_does_nothing_and_nothing_is_done_while_the_option_is_off(
    person: User, setting: ChatSetting
) -> None:
    """Proves D12."""
    looking = make_person(SUPERVISOR)
    for deed in DEEDS:
        with pytest.raises(RejectedError, match="forbidden"):
            deed(looking, setting.pk)
        with pytest.raises(RejectedError, match="not_found"):
            deed(person, setting.pk + 1000)
    Installation.objects.update(chat_import=False)
    for deed in DEEDS:
        with pytest.raises(RejectedError, match="feature_off"):
            deed(person, setting.pk)
    assert not service_of(setting).is_wanted
