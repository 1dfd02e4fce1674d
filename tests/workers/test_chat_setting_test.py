"""The connection test of a chat setting from the press of the button to its row, on a real PostgreSQL."""

import dataclasses
from datetime import timedelta

import pytest
import time_machine
from procrastinate.contrib.django.models import ProcrastinateJob

from renkei import clock
from renkei.actions.settings.setting_tests import ask_setting_test, begin_setting_test
from renkei.connectors.contract import ClosedContext, ClosedPage, ClosedQuestion, ClosedRecord
from renkei.connectors.registry import get_connector
from renkei.domain.setting_test import PATIENCE, Verdict
from renkei.errors import MisconfiguredError, RejectedError, RetryLaterError
from renkei.models import AuditEntry, ChatSetting, ChatSettingTest, InboxItem, Interaction, SnsAgent, User
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from renkei.queries.settings.setting_tests import SettingTestShown, read_newest_setting_test
from renkei.workers import chat_setting_test as worker
from tests.chat_setting_office import make_agent, make_setting
from tests.sample_centre import make_person

pytestmark = pytest.mark.django_db


class Told:
    """A chat system that answers as ordered, and remembers with what it was asked."""

    def __init__(self) -> None:
        self.page: ClosedPage | Exception = ClosedPage(())
        self.asked: list[tuple[object, ClosedQuestion]] = []

    async def closed_since(self, settings: object, question: ClosedQuestion, context: ClosedContext) -> ClosedPage:
        self.asked.append((settings, question))
        if isinstance(self.page, Exception):
            raise self.page
        return self.page


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()
    connector = dataclasses.replace(get_connector("standard"), closed_since=made.closed_since)
    monkeypatch.setattr(worker, "get_connector", {"standard": connector}.__getitem__)
    return made


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def setting(person: User) -> ChatSetting:
    return make_setting(person)


def record(chat_id: str, agent: str, *, status: str = "closed") -> ClosedRecord:
    return ClosedRecord(
        {
            "id": chat_id,
            "status": status,
            "started_at": "2025-01-31T09:00:00+09:00",
            "closed_at": "2025-01-31T09:12:00+09:00",
            "updated_at": "2025-01-31T09:12:00+09:00",
            "agent": {"id": agent, "name": "佐藤"},
            "customer": {"id": "K-1", "name": "山田", "phone": "", "email": ""},
            "subject": "解約",
            "entrance": "サイト",
            "messages": [],
        },
        chat_id,
    )


def try_out(person: User, setting: ChatSetting) -> SettingTestShown:
    worker.try_chat_setting(ask_setting_test(person, setting.pk))
    shown = read_newest_setting_test(person, setting.pk)
    assert shown is not None
    return shown


def test_one_page_is_asked_for_and_counted_and_nothing_is_stored(
    person: User, setting: ChatSetting, told: Told
) -> None:
    mapped = make_agent("佐藤 花子")
    SnsAgent.objects.create(agent=mapped, setting=setting, registration_number="op-12")
    records = (record("1", "op-12"), record("2", "op-99"), record("3", "op-12", status="open"), ClosedRecord({"id": 4}))
    told.page = ClosedPage(records, next="2")
    shown = try_out(person, setting)
    assert shown.finding is not None
    finding = shown.finding
    assert (finding.verdict, finding.chats, finding.open, finding.unreadable) == (Verdict.FETCHED, 2, 1, 1)
    assert (finding.default_chats, finding.has_more) == (1, True)
    assert {(each.number, each.agent_id) for each in finding.agents} == {("op-12", mapped.pk), ("op-99", None)}
    assert "解約" not in str(ChatSettingTest.objects.get().result)
    [(settings, question)] = told.asked
    assert (getattr(settings, "token", ""), getattr(settings, "call_url", "")) == ("tok-s3cr3t", setting.call_url)
    assert (question.since, question.page) == (None, None)
    assert not InboxItem.objects.exists()
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (MisconfiguredError("chat_system_refuses"), Verdict.WRONG_SETTING),
        (RetryLaterError("timed_out", after=30), Verdict.NO_ANSWER),
    ],
)
def test_what_must_be_mended_and_what_passes_by_itself_are_told_apart(
    person: User, setting: ChatSetting, told: Told, error: Exception, verdict: Verdict
) -> None:
    told.page = error
    shown = try_out(person, setting)
    assert shown.finding is not None
    assert (shown.finding.verdict, shown.finding.detail) == (verdict, error.args[0])


def test_a_secret_that_cannot_be_read_sends_nothing(person: User, setting: ChatSetting, told: Told) -> None:
    ChatSetting.objects.filter(pk=setting.pk).update(secrets=b"not ours")
    shown = try_out(person, setting)
    assert shown.finding is not None
    assert shown.finding.detail == "unreadable_secret"
    assert told.asked == []


def test_a_chat_system_that_is_gone_or_lists_nothing_says_so(person: User, told: Told) -> None:
    setting = make_setting(person, connector="gone")
    shown = try_out(person, setting)
    assert shown.finding is not None
    assert shown.finding.detail == "unknown_connector"


def test_a_bug_of_ours_marks_the_test_failed(person: User, setting: ChatSetting, told: Told) -> None:
    told.page = RuntimeError("a bug")
    assert try_out(person, setting).state == "failed"


def test_pressing_twice_is_one_test_and_a_second_delivery_asks_nobody(
    person: User, setting: ChatSetting, told: Told
) -> None:
    first = ask_setting_test(person, setting.pk)
    assert ask_setting_test(person, setting.pk) == first
    assert ProcrastinateJob.objects.filter(task_name="try_chat_setting", args={"test_id": first}).count() == 1
    assert AuditEntry.objects.filter(action="chat_setting.tested").count() == 1
    worker.try_chat_setting(first)
    worker.try_chat_setting(first)
    assert len(told.asked) == 1
    assert ask_setting_test(person, setting.pk) != first


def test_a_test_whose_worker_died_has_failed_and_one_that_comes_too_late_sends_nothing(
    person: User, setting: ChatSetting, told: Told
) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        died = ask_setting_test(person, setting.pk)
        assert begin_setting_test(died) is not None
        time.shift(PATIENCE + timedelta(seconds=1))
        shown = read_newest_setting_test(person, setting.pk)
        assert shown is not None
        assert shown.state == "failed"
        late = ask_setting_test(person, setting.pk)
        assert late != died
        time.shift(PATIENCE + timedelta(seconds=1))
        worker.try_chat_setting(late)
    assert told.asked == []
    assert set(ChatSettingTest.objects.values_list("state", flat=True)) == {"failed"}


def test_who_may_only_look_may_not_test(person: User, setting: ChatSetting) -> None:
    with pytest.raises(RejectedError, match="forbidden"):
        ask_setting_test(make_person(SUPERVISOR), setting.pk)
    with pytest.raises(RejectedError, match="not_found"):
        ask_setting_test(person, setting.pk + 1000)
