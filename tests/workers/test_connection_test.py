"""The connection test from the press of the button to its row: real PostgreSQL, real HTTP, the emulated provider."""

import asyncio
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from renkei import clock
from renkei.actions.settings.connection_tests import ask_connection_test, begin_connection_test
from renkei.actions.settings.ivrs import create_ivr
from renkei.cli.emulate.failures import Failure
from renkei.cli.emulate.office import DEMO_API_KEY, DEMO_CHANNELS, DEMO_PROJECT
from renkei.domain.connection_test import PATIENCE, Advice, Stage, Verdict
from renkei.errors import RejectedError
from renkei.messages import SENTENCES
from renkei.models import (
    AuditEntry,
    ChatbotLinkage,
    ChatConversation,
    ConnectionTest,
    ExternalApiCall,
    Installation,
    User,
)
from renkei.models.secrets import seal_fields
from renkei.permissions import ADMINISTRATOR
from renkei.queries.settings.connection_tests import ConnectionTestShown, read_newest_test
from renkei.settings import config
from renkei.workers import connection_test as worker
from tests.emulated_provider import EmulatedProvider, serving_provider

PATIENT_MS, HASTY_MS = 8_000, 200


@pytest.fixture(scope="module")
def serving() -> Iterator[EmulatedProvider]:
    with serving_provider() as provider:
        yield provider


@pytest.fixture
def provider(serving: EmulatedProvider, monkeypatch: pytest.MonkeyPatch) -> EmulatedProvider:
    """Healthy, and allowed as a destination by http and https."""
    serving.provider.trouble.clear()
    allowed = config.model_copy(update={"allowed_destinations": serving.url.removeprefix("http://")})
    monkeypatch.setattr(worker, "config", allowed)
    return serving


@pytest.fixture
def administrator(db: None) -> User:
    made = User.objects.create_user("administrator")
    made.groups.add(Group.objects.get(name=ADMINISTRATOR))
    return made


@pytest.fixture
def ivr_id(administrator: User, provider: EmulatedProvider) -> int:
    Installation.objects.update(lookup_budget_ms=PATIENT_MS)
    made = create_ivr(administrator, name="解約", use_api=True, service_type="chatbot_dec_support")
    change_linkage(made, connector_settings={"base_url": provider.url})
    return made


def change_linkage(ivr_id: int, **changed: Any) -> None:
    given = {
        "project_id": DEMO_PROJECT,
        "channel_id": DEMO_CHANNELS[0],
        "secrets": seal_fields({"api_key": DEMO_API_KEY}),
    }
    ChatbotLinkage.objects.filter(ivr_id=ivr_id).update(**given | changed)


def try_out(administrator: User, ivr_id: int, *, number: str = "") -> ConnectionTestShown:
    worker.try_connection(ask_connection_test(administrator, ivr_id, number=number))
    shown = read_newest_test(administrator, ivr_id)
    assert shown is not None
    return shown


FAILURES = [
    (Failure.STATUS_401, Verdict.FAILED, Stage.ANSWER, Advice.CHECK_CREDENTIALS, "http_401"),
    (Failure.STATUS_404, Verdict.FAILED, Stage.ANSWER, Advice.CHECK_REQUEST, "http_404"),
    (Failure.STATUS_429, Verdict.FAILED, Stage.ANSWER, Advice.WAIT, "http_429"),
    (Failure.STATUS_500, Verdict.FAILED, Stage.ANSWER, Advice.ASK_PROVIDER, "http_500"),
    (Failure.STATUS_503, Verdict.FAILED, Stage.ANSWER, Advice.WAIT, "http_503"),
    (Failure.PROJECT_NOT_FOUND, Verdict.FAILED, Stage.IDS, Advice.CHECK_PROJECT, "bad_project_answer"),
    (Failure.CHANNEL_NOT_FOUND, Verdict.FAILED, Stage.IDS, Advice.CHECK_CHANNEL, "bad_channel_answer"),
    (Failure.SESSION_NOT_FOUND, Verdict.UNSURE, Stage.IDS, Advice.TRY_KNOWN_NUMBER, "not_found_answer"),
    (Failure.INTERNAL_ERROR, Verdict.FAILED, Stage.CONTENT, Advice.ASK_PROVIDER, "provider_error_answer"),
    (Failure.EMPTY, Verdict.CONNECTED, Stage.IDS, Advice.NOTHING, ""),
    (Failure.RESET, Verdict.FAILED, Stage.ANSWER, Advice.ASK_PROVIDER, "connection_reset"),
    (Failure.NOT_HTTP, Verdict.FAILED, Stage.ANSWER, Advice.CHECK_WHO_ANSWERS, "not_http"),
    (Failure.BLACK_HOLE, Verdict.FAILED, Stage.ANSWER, Advice.ASK_WHY_SLOW, "timed_out"),
    (Failure.SLOW_DRIP, Verdict.FAILED, Stage.ANSWER, Advice.ASK_WHY_SLOW, "timed_out"),
    (Failure.HTML, Verdict.FAILED, Stage.CONTENT, Advice.CHECK_WHO_ANSWERS, "not_json"),
    (Failure.UTF_16, Verdict.FAILED, Stage.CONTENT, Advice.CHECK_SPECIFICATION, "not_utf8"),
    (Failure.WRONG_TYPES, Verdict.FAILED, Stage.CONTENT, Advice.CHECK_SPECIFICATION, "wrong_type"),
    (Failure.REDIRECT_TO_LOOPBACK, Verdict.FAILED, Stage.ANSWER, Advice.CORRECT_ADDRESS, "redirect_refused"),
]


@pytest.mark.parametrize(("failure", "verdict", "stage", "advice", "detail"), FAILURES)
def test_what_the_provider_does_is_told_by_step_and_kept_in_the_history(
    administrator: User,
    ivr_id: int,
    provider: EmulatedProvider,
    failure: Failure,
    verdict: Verdict,
    stage: Stage,
    advice: Advice,
    detail: str,
) -> None:
    """Proves R134."""
    provider.provider.trouble.order(failure)
    if detail == "timed_out":
        Installation.objects.update(lookup_budget_ms=HASTY_MS)
    shown = try_out(administrator, ivr_id)
    assert shown.state == "done"
    assert shown.finding is not None
    assert (shown.finding.verdict, shown.finding.stage, shown.finding.advice) == (verdict, stage, advice)
    assert shown.finding.detail == detail
    assert shown.requests
    row = ExternalApiCall.objects.get(pk=shown.requests[-1].id)
    assert (row.call_id, row.ivr_id, row.connector) == (None, ivr_id, "dec_support")
    assert row.outcome == (detail or "ok")
    assert shown.finding.status == row.status
    kept = f"{row.url} {row.request_headers} {row.request_body} {row.answer_excerpt}"
    assert DEMO_API_KEY not in kept
    assert "0120000000" not in kept


@pytest.mark.parametrize(
    ("changed", "stage", "advice", "detail"),
    [
        ({"project_id": " "}, Stage.SETTINGS, Advice.COMPLETE_SETTINGS, "empty_project_id"),
        ({"channel_id": ""}, Stage.SETTINGS, Advice.COMPLETE_SETTINGS, "empty_channel_id"),
        ({"secrets": None}, Stage.SETTINGS, Advice.COMPLETE_SETTINGS, "api_key_missing"),
        ({"secrets": b"not ours"}, Stage.SETTINGS, Advice.ENTER_SECRET, "unreadable_secret"),
        ({"connector_settings": {}}, Stage.SETTINGS, Advice.COMPLETE_SETTINGS, "address_missing"),
        ({"connector": "gone"}, Stage.SETTINGS, Advice.TELL_ADMINISTRATOR, "unknown_connector"),
        ({"connector_settings": {"base_url": "ftp://x"}}, Stage.DESTINATION, Advice.CORRECT_ADDRESS, "bad_address"),
    ],
)
def test_settings_that_cannot_be_used_send_nothing(
    administrator: User, ivr_id: int, changed: dict[str, Any], stage: Stage, advice: Advice, detail: str
) -> None:
    """Proves D2."""
    change_linkage(
        ivr_id, **{"connector_settings": ChatbotLinkage.objects.get(ivr_id=ivr_id).connector_settings} | changed
    )
    shown = try_out(administrator, ivr_id)
    assert shown.finding is not None
    assert (shown.finding.stage, shown.finding.advice, shown.finding.detail) == (stage, advice, detail)
    assert not ExternalApiCall.objects.exists()


@pytest.mark.parametrize(
    ("address", "stage", "detail"),
    [
        ("http://169.254.169.254", Stage.DESTINATION, "scheme_not_allowed"),
        ("https://169.254.169.254", Stage.DESTINATION, "address_never_allowed"),
        ("https://127.0.0.1", Stage.DESTINATION, "address_not_public"),
        ("https://127.0.0.1:8443", Stage.DESTINATION, "port_not_allowed"),
    ],
)
def test_a_refused_destination_leaves_its_line_in_the_history(
    administrator: User, ivr_id: int, address: str, stage: Stage, detail: str
) -> None:
    change_linkage(ivr_id, connector_settings={"base_url": address})
    shown = try_out(administrator, ivr_id)
    assert shown.finding is not None
    assert (shown.finding.stage, shown.finding.detail) == (stage, detail)
    assert ExternalApiCall.objects.get().outcome == detail
    assert detail in SENTENCES


def test_a_server_without_encryption_and_a_closed_port_are_told_apart(
    administrator: User, ivr_id: int, provider: EmulatedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_linkage(ivr_id, connector_settings={"base_url": provider.url.replace("http:", "https:")})
    shown = try_out(administrator, ivr_id)
    assert shown.finding is not None
    assert (shown.finding.stage, shown.finding.detail) == (Stage.CONNECTION, "tls_failed")
    with socket.socket() as taken:  # bound and not listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setattr(worker, "config", config.model_copy(update={"allowed_destinations": closed}))
        change_linkage(ivr_id, connector_settings={"base_url": closed})
        shown = try_out(administrator, ivr_id)
    assert shown.finding is not None
    assert (shown.finding.stage, shown.finding.detail) == (Stage.CONNECTION, "connect_failed")


def test_a_number_with_a_chat_is_counted_and_its_chat_is_not_stored(
    administrator: User, ivr_id: int, provider: EmulatedProvider
) -> None:
    provider.chat(number="090-1234-5678")
    shown = try_out(administrator, ivr_id, number="０９０－１２３４－５６７８")
    assert shown.finding is not None
    assert (shown.finding.verdict, shown.finding.conversations) == (Verdict.CONNECTED, 1)
    assert shown.asked_for == "5678"
    assert ConnectionTest.objects.get().number == "*********5678"
    assert not ChatConversation.objects.exists()


def test_pressing_twice_is_one_test_and_a_second_delivery_asks_nobody(administrator: User, ivr_id: int) -> None:
    first = ask_connection_test(administrator, ivr_id)
    assert ask_connection_test(administrator, ivr_id) == first
    assert ProcrastinateJob.objects.filter(args={"test_id": first}).count() == 1
    assert AuditEntry.objects.filter(action="ivr.connection_tested").count() == 1
    worker.try_connection(first)
    worker.try_connection(first)
    assert ExternalApiCall.objects.count() == 1
    assert ask_connection_test(administrator, ivr_id) != first


def test_a_test_whose_worker_died_is_failed_and_can_be_asked_again(administrator: User, ivr_id: int) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        died = ask_connection_test(administrator, ivr_id)
        assert begin_connection_test(died) is not None
        shown = read_newest_test(administrator, ivr_id)
        assert shown is not None
        assert shown.state == "running"
        time.shift(PATIENCE + timedelta(seconds=1))
        shown = read_newest_test(administrator, ivr_id)
        assert shown is not None
        assert (shown.state, shown.is_open, shown.finding) == ("failed", False, None)
        again = ask_connection_test(administrator, ivr_id)
        assert again != died
        assert ConnectionTest.objects.get(pk=died).state == ConnectionTest.State.FAILED


def test_a_job_that_comes_too_late_sends_nothing(administrator: User, ivr_id: int) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        late = ask_connection_test(administrator, ivr_id)
        time.shift(PATIENCE + timedelta(seconds=1))
        worker.try_connection(late)
    test = ConnectionTest.objects.get(pk=late)
    assert (test.state, test.number) == (ConnectionTest.State.FAILED, "********0000")
    assert not ExternalApiCall.objects.exists()


def test_a_bug_of_ours_marks_the_test_failed(administrator: User, ivr_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(**given: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(worker, "Providers", break_down)
    assert try_out(administrator, ivr_id).state == "failed"


@pytest.mark.parametrize("number", ["110", "090-1234", "<script>", "\x00", "1" * 5000, "非通知"])
def test_what_is_no_number_is_refused(administrator: User, ivr_id: int, number: str) -> None:
    with pytest.raises(RejectedError, match="bad_number"):
        ask_connection_test(administrator, ivr_id, number=number)
    assert not ConnectionTest.objects.exists()


def test_only_who_may_edit_an_ivr_may_ask_and_only_who_may_see_it_sees(administrator: User, ivr_id: int) -> None:
    """Proves P6."""
    viewer, nobody = User.objects.create_user("viewer"), User.objects.create_user("nobody")
    viewer.user_permissions.add(Permission.objects.get(codename="ivr.view"))
    with pytest.raises(RejectedError, match="forbidden"):
        ask_connection_test(viewer, ivr_id)
    try_out(administrator, ivr_id)
    seen = read_newest_test(viewer, ivr_id)
    assert seen is not None
    assert seen.finding is not None
    assert seen.requests == ()
    with pytest.raises(RejectedError, match="forbidden"):
        read_newest_test(nobody, ivr_id)


@pytest.mark.parametrize("switch", ["api_linked_ivr", "chatbot_linkage"])
def test_nothing_is_tested_while_the_option_is_off(administrator: User, ivr_id: int, switch: str) -> None:
    """Proves D12."""
    Installation.objects.update(**{switch: False})
    with pytest.raises(RejectedError, match="feature_off"):
        ask_connection_test(administrator, ivr_id)


def test_an_ivr_without_a_linkage_cannot_be_tested(administrator: User, ivr_id: int) -> None:
    standard = create_ivr(administrator, name="標準", use_api=False, service_type=None)
    for unknown in (standard, ivr_id + 1000):
        with pytest.raises(RejectedError, match="not_found"):
            ask_connection_test(administrator, unknown)


def test_only_the_newest_tests_of_an_ivr_are_kept(administrator: User, ivr_id: int) -> None:
    ConnectionTest.objects.bulk_create(
        ConnectionTest(ivr_id=ivr_id, number="0000", state=ConnectionTest.State.DONE) for _ in range(30)
    )
    ask_connection_test(administrator, ivr_id)
    assert ConnectionTest.objects.filter(ivr_id=ivr_id).count() == 20


@pytest.mark.django_db(transaction=True)
def test_the_jobs_worker_picks_the_test_up_by_its_name(administrator: User, ivr_id: int) -> None:
    """Through the queue as in production, with the rights of the application's database role."""
    ask_connection_test(administrator, ivr_id)

    async def work() -> None:
        with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined] # Django's has it
            async with app.open_async():
                await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(work())
    shown = read_newest_test(administrator, ivr_id)
    assert shown is not None
    assert shown.finding is not None
    assert shown.finding.verdict is Verdict.CONNECTED
    assert ProcrastinateJob.objects.get(task_name="try_connection").status == "succeeded"
