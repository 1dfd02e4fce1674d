"""The connector asks the emulated provider over real HTTP: healthy, and failing in every way it can."""

import asyncio
import dataclasses

import pytest

from renkei.cli.emulate.failures import Failure
from renkei.cli.emulate.office import DEMO_API_KEY, DEMO_CHANNELS, DEMO_PROJECT
from renkei.connectors.conformance import Cases, run_conformance
from renkei.connectors.contract import FailureKind, Found, LookupFailure, LookupResult, read_settings
from renkei.connectors.registry import get_connector
from renkei.domain.breaker import FAILURES_TO_OPEN
from renkei.domain.chat import Kind, Speaker
from tests.connectors.conftest import NOW, PHONE, Emulated

REQUEST, PROVIDER = FailureKind.REQUEST_ERROR, FailureKind.PROVIDER_ERROR

FAILS = {
    Failure.STATUS_401: (REQUEST, "http_401", 401),
    Failure.STATUS_403: (FailureKind.BAD_PROJECT, "bad_project_answer", 403),
    Failure.STATUS_404: (REQUEST, "http_404", 404),
    Failure.STATUS_429: (REQUEST, "http_429", 429),
    Failure.STATUS_500: (REQUEST, "http_500", 500),
    Failure.STATUS_503: (REQUEST, "http_503", 503),
    Failure.PROJECT_NOT_FOUND: (FailureKind.BAD_PROJECT, "bad_project_answer", 404),
    Failure.CHANNEL_NOT_FOUND: (FailureKind.BAD_CHANNEL, "bad_channel_answer", 404),
    Failure.SESSION_NOT_FOUND: (FailureKind.NOT_FOUND, "not_found_answer", 404),
    Failure.INTERNAL_ERROR: (PROVIDER, "provider_error_answer", 200),
    Failure.RESET: (REQUEST, "connection_reset", None),
    Failure.RESET_IN_BODY: (REQUEST, "connection_reset", None),
    Failure.NOT_HTTP: (REQUEST, "not_http", None),
    Failure.BLACK_HOLE: (REQUEST, "timed_out", None),
    Failure.SLOW_DRIP: (REQUEST, "timed_out", None),
    Failure.TEN_GIGABYTE_BODY: (PROVIDER, "too_large", None),
    Failure.GZIP_BOMB: (PROVIDER, "too_large", None),
    Failure.HTML: (PROVIDER, "not_json", 200),
    Failure.TRUNCATED_JSON: (PROVIDER, "not_json", 200),
    Failure.WRONG_TYPES: (PROVIDER, "wrong_type", 200),
    Failure.NOT_A_NUMBER: (PROVIDER, "not_a_number", 200),
    Failure.DEEP_JSON: (PROVIDER, "too_deep", 200),
    Failure.DUPLICATE_KEYS: (PROVIDER, "duplicate_key", 200),
    Failure.UTF_16: (PROVIDER, "not_utf8", 200),
    Failure.TEN_MEGABYTE_MESSAGE: (PROVIDER, "too_large", None),
    Failure.MILLION_MESSAGES: (PROVIDER, "too_large", None),
    Failure.REDIRECT_TO_LOOPBACK: (REQUEST, "redirect_refused", 302),
}
SUCCEEDS = set(Failure) - set(FAILS)


@pytest.mark.parametrize(("failure", "expected"), FAILS.items(), ids=[each.value for each in FAILS])
async def test_each_failure_becomes_its_one_kind_inside_the_budget(
    emulated: Emulated, failure: Failure, expected: tuple[FailureKind, str, int | None]
) -> None:
    """Proves D2, D14, R40, R41, R134."""
    emulated.chat("解約したい")
    emulated.provider.trouble.order(failure)
    loop = asyncio.get_running_loop()
    began = loop.time()
    result = await emulated.ask()
    assert loop.time() - began < emulated.context.budget_seconds + 2.0
    assert result.outcome == LookupFailure(*expected)
    assert [each.status for each in result.exchanges][-1] == expected[2]
    assert result.exchanges[-1].outcome == expected[1]
    _assert_inert(result)


def _assert_inert(result: LookupResult) -> None:
    for each in result.exchanges:
        assert len(each.answer_excerpt) <= 1_000
        assert all(letter.isprintable() or letter in "\n\t\u3000" for letter in each.answer_excerpt)
        assert DEMO_API_KEY not in repr(each)
        assert "12345678" not in repr(each)


@pytest.mark.parametrize("failure", sorted(SUCCEEDS))
async def test_what_is_odd_but_readable_is_read(emulated: Emulated, failure: Failure) -> None:
    """Proves D4."""
    session = emulated.chat("一", "二", "三")
    emulated.provider.trouble.order(failure)
    result = await emulated.ask()
    assert isinstance(result.outcome, Found)
    assert [each.external_id for each in result.outcome.conversations] == (
        [] if failure is Failure.EMPTY else [session]
    )
    for chat in result.outcome.conversations:
        times = [message.sent_at for message in chat.messages]
        assert times == sorted(times)
        assert all("\x00" not in message.text for message in chat.messages)
        repr(chat).encode("utf-8")


async def test_a_chat_comes_over_with_its_number_its_time_and_its_messages(emulated: Emulated) -> None:
    """Proves R39, R66, R78."""
    session = emulated.chat("解約したい😀", "https://example.jp/")
    chat = emulated.provider.office.chats[session]
    chat.say("user", "写真.png", now=NOW, kind="image", url=f"{emulated.url}/files/x")
    chat.say("user", "", now=NOW, kind="voice", url=f"{emulated.url}/files/y")
    result = await emulated.ask()
    assert isinstance(result.outcome, Found)
    (found,) = result.outcome.conversations
    assert (found.external_id, found.project_id, found.channel_id) == (session, DEMO_PROJECT, DEMO_CHANNELS[0])
    assert (found.typed_number, found.identified_at) == ("０９０－１２３４－５６７８", NOW)
    assert [(each.speaker, each.kind, each.text) for each in found.messages] == [
        (Speaker.CUSTOMER, Kind.TEXT, "解約したい😀"),
        (Speaker.CUSTOMER, Kind.TEXT, "https://example.jp/"),
        (Speaker.CUSTOMER, Kind.IMAGE, "写真.png"),
        (Speaker.CUSTOMER, Kind.AUDIO, ""),
    ]
    assert found.messages[2].url == f"{emulated.url}/files/x"
    (exchange,) = result.exchanges
    assert (exchange.method, exchange.status, exchange.outcome) == ("GET", 200, "ok")
    assert exchange.answer_excerpt == ""
    assert exchange.url.endswith("/sessions?phone_number=*******5678")
    assert ("x-api-key", "***") in exchange.request_headers


async def test_a_number_nobody_gave_is_a_valid_empty_list(emulated: Emulated) -> None:
    """Proves R42, R77."""
    emulated.chat("解約したい")
    assert (await emulated.ask("+819099999999")).outcome == Found(())


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"project_id": "other"}, FailureKind.BAD_PROJECT),
        ({"channel_id": "other"}, FailureKind.BAD_CHANNEL),
        ({"key": "wrong"}, FailureKind.REQUEST_ERROR),
    ],
)
async def test_a_wrong_name_or_key_is_told_apart(
    emulated: Emulated, changed: dict[str, str], kind: FailureKind
) -> None:
    """Proves D2, R125, R130."""
    outcome = (await emulated.ask(**changed)).outcome
    assert isinstance(outcome, LookupFailure)
    assert outcome.kind is kind


@pytest.mark.parametrize("changed", [{"project_id": " "}, {"channel_id": ""}, {"key": ""}])
async def test_with_an_empty_setting_nothing_is_sent(emulated: Emulated, changed: dict[str, str]) -> None:
    """Proves D2."""
    result = await emulated.ask(**changed)
    assert isinstance(result.outcome, LookupFailure)
    assert (result.outcome.kind, result.exchanges) == (FailureKind.SETTINGS_ERROR, ())


async def test_an_address_nobody_allowed_is_a_settings_error(emulated: Emulated) -> None:
    """Proves D2."""
    strict = dataclasses.replace(
        emulated, context=dataclasses.replace(emulated.context, allow=type(emulated.context.allow)())
    )
    result = await strict.ask()
    assert result.outcome == LookupFailure(FailureKind.SETTINGS_ERROR, "scheme_not_allowed")
    assert [each.status for each in result.exchanges] == [None]


async def test_pages_are_followed_and_merged(emulated: Emulated) -> None:
    sessions = {emulated.chat(str(each)) for each in range(45)}
    result = await emulated.ask()
    assert isinstance(result.outcome, Found)
    assert {each.external_id for each in result.outcome.conversations} == sessions
    assert [each.outcome for each in result.exchanges] == ["ok"] * 3


async def test_a_dead_kept_alive_connection_is_tried_once_more_and_both_attempts_are_recorded(
    emulated: Emulated,
) -> None:
    """Proves R134."""
    emulated.chat("解約したい")
    emulated.provider.trouble.order(Failure.RESET, times=1)
    result = await emulated.ask()
    assert isinstance(result.outcome, Found)
    assert [each.outcome for each in result.exchanges] == ["connection_reset", "ok"]


async def test_after_five_failures_nothing_is_sent_until_the_rest_is_over(emulated: Emulated) -> None:
    emulated.provider.trouble.order(Failure.STATUS_500)
    for _ in range(FAILURES_TO_OPEN):
        await emulated.ask()
    emulated.provider.trouble.clear()
    result = await emulated.ask()
    assert result.outcome == LookupFailure(FailureKind.REQUEST_ERROR, "circuit_open")
    assert [(each.outcome, each.status) for each in result.exchanges] == [("circuit_open", None)]
    assert isinstance((await emulated.ask(project_id="other")).outcome, LookupFailure)
    assert (await emulated.ask(key="another")).outcome == LookupFailure(FailureKind.REQUEST_ERROR, "http_401", 401)


@pytest.mark.parametrize("failure", [Failure.STATUS_404, Failure.STATUS_429, Failure.HTML, Failure.TEN_GIGABYTE_BODY])
async def test_what_is_neither_transport_nor_5xx_never_opens_the_circuit(emulated: Emulated, failure: Failure) -> None:
    emulated.provider.trouble.order(failure)
    for _ in range(FAILURES_TO_OPEN + 1):
        await emulated.ask()
    emulated.provider.trouble.clear()
    assert (await emulated.ask()).outcome == Found(())


async def test_the_emulated_provider_conforms(emulated: Emulated) -> None:
    """Proves B11."""
    emulated.chat("解約したい")
    connector = get_connector("dec_support")
    assert connector.lookup_settings is not None
    settings = read_settings(connector.lookup_settings, {"base_url": emulated.url, "api_key": DEMO_API_KEY})
    cases = Cases(
        known_phone=PHONE, unknown_phone="+819099999999", project_id=DEMO_PROJECT, channel_id=DEMO_CHANNELS[0]
    )
    checks = await run_conformance(connector, settings, cases, emulated.context)
    assert [each for each in checks if not each.holds] == []
    assert len(checks) > 15


async def test_a_provider_that_answers_every_channel_alike_does_not_conform(emulated: Emulated) -> None:
    emulated.chat("解約したい")
    emulated.provider.trouble.order(Failure.EMPTY)
    connector = get_connector("dec_support")
    assert connector.lookup_settings is not None
    settings = read_settings(connector.lookup_settings, {"base_url": emulated.url, "api_key": DEMO_API_KEY})
    cases = Cases(known_phone=PHONE, unknown_phone="+819099999999", project_id=DEMO_PROJECT, channel_id="demo-web")
    checks = await run_conformance(connector, settings, cases, emulated.context)
    assert {each.promise for each in checks if not each.holds} == {
        "a number with a chat brings it, in time order",
        "the same question again brings the same answer",
        "a wrong project is told as such",
        "a wrong channel is told as such",
    }
