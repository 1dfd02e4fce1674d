"""The look-up API over real HTTP, its provider the emulated one."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from django.contrib.auth.models import Group
from django.db import connections
from django.utils.crypto import get_random_string
from pytest_django.plugin import DjangoDbBlocker

from renkei import clock
from renkei.cli.emulate.app import Provider, make_app
from renkei.cli.emulate.failures import Failure
from renkei.cli.emulate.office import DEMO_API_KEY, DEMO_CHANNELS, DEMO_PROJECT
from renkei.cli.emulate.office import Office as EmulatedOffice
from renkei.cli.emulate.server import listen, running
from renkei.domain.api_key import read_key, write_key
from renkei.models import (
    ApiKey,
    AuditEntry,
    Call,
    ChatbotLinkage,
    ChatLink,
    ExternalApiCall,
    IncomingRule,
    Ivr,
    IvrStep,
    User,
)
from renkei.models.secrets import seal_fields
from renkei.permissions import ADMINISTRATOR, AGENT
from tests.conftest import DatabaseUrls
from tests.realtime.published import is_published
from tests.realtime.serving import serve

CALLER = "090-1234-5678"
R121 = "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"
Result = TypeVar("Result")


async def stored(ask: Callable[[], Result]) -> Result:
    """Ask the database in a thread that keeps no connection: the database is renewed after the test."""

    def run() -> Result:
        try:
            return ask()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


def make_key(*rights: str) -> str:
    """A stored key with these rights; returns its text."""
    user, _ = User.objects.get_or_create(username="root", defaults={"display_name": "管理者"})
    user.groups.add(Group.objects.get(name=ADMINISTRATOR))
    text = write_key(get_random_string(8, "abcdefghijkmnpqrstuvwxyz23456789"), secrets.token_urlsafe(32))
    key = read_key(text)
    assert key is not None
    ApiKey.objects.create(
        name="PBX", prefix=key.prefix, secret_sha256=key.sha256, permissions=list(rights), created_by=user
    )
    return text


@dataclass(slots=True)
class Api:
    """The API as another telephone system uses it."""

    url: str
    provider: Provider
    ivr: int
    key: str

    async def ask(self, *, key: str | None = None, language: str = "ja", **question: Any) -> httpx2.Response:
        """Ask; ``ivr`` and ``caller`` are filled in."""
        body = {"ivr": self.ivr, "caller": CALLER} | question
        return await self.send(json.dumps(body).encode(), key=key, language=language)

    async def send(self, body: bytes, *, key: str | None = None, language: str = "ja") -> httpx2.Response:
        """Send these bytes."""
        headers = {"authorization": f"Bearer {key or self.key}", "accept-language": language}
        async with httpx2.AsyncClient(timeout=20) as client:
            answer = await client.post(f"{self.url}/api/look-up", content=body, headers=headers)
        assert is_published("/api/look-up", "post", status=answer.status_code, document=answer.json())
        return answer

    def chat(self, *texts: str) -> None:
        """A chat of the caller, a quarter of an hour old."""
        then = clock.now() - timedelta(minutes=15)
        chat = self.provider.office.start(DEMO_PROJECT, DEMO_CHANNELS[0], now=then)
        for text in texts:
            chat.say("user", text, now=then)
        self.provider.office.give_number(chat, CALLER, now=then)


@pytest.fixture
def committed(
    emptied_database: DatabaseUrls, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Whatever is written is committed and gone afterwards."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
async def api(committed: None, tmp_path: Path) -> AsyncIterator[Api]:
    """A linkage IVR, a key that may read chats, the provider and the server."""
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    provider = Provider(EmulatedOffice(), now=clock.now, public_url=url)

    def prepare() -> tuple[int, str]:
        ivr = Ivr.objects.create(name="チャット連携", use_api=True, service_type="chatbot_dec_support")
        ChatbotLinkage.objects.create(
            ivr=ivr, connector="dec_support", project_id=DEMO_PROJECT, channel_id=DEMO_CHANNELS[0],
            connector_settings={"base_url": url}, secrets=seal_fields({"api_key": DEMO_API_KEY}),
            request_error_rule=IncomingRule.objects.get(builtin="busy"),
        )  # fmt: skip
        return ivr.pk, make_key("look_up.view", "chat_content.view")

    ivr, key = await stored(prepare)
    async with running(make_app(provider), listening):
        manager = serve(tmp_path, environment={"RENKEI_EMULATOR_URL": url})
        server = await asyncio.to_thread(manager.__enter__)
        try:
            yield Api(server.url, provider, ivr, key)
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)


async def test_a_look_up_links_the_chat_and_counts_as_passing_the_ivr(api: Api) -> None:
    """The chat comes back, and call, link, IVR step and external-API row stand in the histories.

    Proves R76.
    """
    api.chat("注文した商品が届きません😢", "https://www.example.jp/o/1")
    answer = await api.ask(call_id="pbx-1", dialled="03-1234-0001")
    told = answer.json()
    assert (answer.status_code, told["linked"], told["reason"], told["source"]) == (200, True, "linked", "fetched")
    assert told["message"] is None
    customer = [line for line in told["transcript"] if line["side"] == "left"]
    assert customer[0]["text"] == "注文した商品が届きません😢"
    assert customer[1]["link"] == "https://www.example.jp/o/1"
    await stored(lambda: _assert_recorded(told["call"]))


def _assert_recorded(call_id: int) -> None:
    call = Call.objects.get(pk=call_id)
    assert (call.passed_linkage, call.state, call.caller_e164) == (True, "ended", "+819012345678")
    assert ChatLink.objects.filter(call=call, reason="linked").count() == 1
    steps = IvrStep.objects.filter(call=call).order_by("position")
    assert list(steps.values_list("kind", flat=True)) == ["entered", "looked_up"]
    assert list(ExternalApiCall.objects.filter(call=call).values_list("status", flat=True)) == [200]
    assert AuditEntry.objects.get(action="chat.read").detail == {"call": call.pk, "via": "api"}


async def test_a_key_that_may_not_read_chats_learns_the_reason_and_no_word(api: Api) -> None:
    """Without chat_content.view neither the transcript nor a word of it is in the answer, and nothing is read.

    Proves R109.
    """
    api.chat("ひみつの合言葉")
    key = await stored(lambda: make_key("look_up.view"))
    answer = await api.ask(key=key)
    assert answer.json()["reason"] == "linked"
    assert "transcript" not in answer.json()
    assert "ひみつ" not in answer.text
    assert await stored(AuditEntry.objects.filter(action="chat.read").count) == 0


async def test_without_a_chat_the_answer_says_why_in_the_rows_words(api: Api) -> None:
    """The message of R121, in Japanese and in English."""
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"caller": "090-9999-0000"}, "no_chat"),
        ({"caller": "", "withheld": True}, "caller_withheld"),
        ({"caller": "'; DROP TABLE--"}, "caller_withheld"),
    )
    for question, reason in cases:
        told = (await api.ask(**question)).json()
        assert (told["linked"], told["reason"], told["branch"]) == (False, reason, "failure")
        assert told["message"]["code"] == "chat_not_in_window"
        assert (
            told["message"]["text"]
            == "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"
        )
        english = (await api.ask(language="en-GB,en;q=0.9", **question)).json()
        assert english["message"]["text"].startswith("The customer typed a wrong telephone number")


async def test_a_silent_provider_is_a_request_error_within_the_budget(api: Api) -> None:
    """The answer does not wait for ever."""
    api.provider.trouble.order(Failure.BLACK_HOLE)
    async with asyncio.timeout(8):
        told = (await api.ask()).json()
    assert (told["branch"], told["message"]["code"]) == ("request_error", "chat_connection_failed")


async def test_stored_mode_asks_nobody_and_records_no_call(api: Api) -> None:
    """What is held already is found at once; nothing but the reading of it is written."""
    api.chat("こんにちは")
    before = (await api.ask(mode="stored")).json()
    assert (before["reason"], before["call"]) == ("no_chat", None)
    assert await stored(ExternalApiCall.objects.count) == 0
    await api.ask()
    after = (await api.ask(mode="stored")).json()
    assert (after["reason"], after["source"], after["call"]) == ("linked", "stored", None)
    assert await stored(Call.objects.count) == 1


async def test_a_repeated_question_is_one_call_with_one_answer(api: Api) -> None:
    """A retry is told what it was told first, though a chat has come since; nobody is asked again (B13)."""
    first = await api.ask(call_id="pbx-7", caller=CALLER)
    assert first.json()["reason"] == "no_chat"
    api.chat("遅れて届いた話")
    again = await api.ask(call_id="pbx-7", caller="+81 90 1234 5678", dialled="03-0000-0000")
    assert (again.status_code, again.json()) == (200, first.json())
    assert await stored(ExternalApiCall.objects.count) == 1
    call = await stored(Call.objects.get)
    assert await stored(lambda: list(call.ivr_steps.order_by("position").values_list("kind", flat=True))) == [
        "entered",
        "looked_up",
    ]
    assert (await api.ask(call_id="pbx-8")).json()["reason"] == "linked"


async def test_a_repeated_question_gets_the_transcript_again_and_is_audited_again(api: Api) -> None:
    """Each answer that holds a chat is a reading of it."""
    api.chat("もう一度お願いします")
    first, again = [(await api.ask(call_id="pbx-9")).json() for _turn in range(2)]
    assert first["transcript"]
    assert again == first
    assert await stored(AuditEntry.objects.filter(action="chat.read").count) == 2


async def test_two_who_ask_the_same_at_once_are_told_the_same(api: Api) -> None:
    """The first to finish decides; one call, one link, one step of each kind."""
    api.chat("同時です")
    answers = await asyncio.gather(*(api.ask(call_id="pbx-10") for _turn in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert await stored(Call.objects.count) == await stored(ChatLink.objects.count) == 1
    kinds = await stored(lambda: list(IvrStep.objects.order_by("position").values_list("kind", flat=True)))
    assert kinds == ["entered", "looked_up"]


async def test_the_call_id_of_another_caller_is_refused_and_changes_nothing(api: Api) -> None:
    """A second caller under a known id neither learns the first one's chat nor moves into its call."""
    api.chat("最初の人の話")
    first = (await api.ask(call_id="pbx-11")).json()
    await api.ask(call_id="pbx-12", caller="わからない番号", withheld=False)
    before = await stored(_everything)
    others: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("pbx-11", "090-1234-5679", {}),
        ("pbx-11", "", {}),
        ("pbx-11", CALLER, {"withheld": True}),
        ("pbx-12", CALLER, {}),
        ("pbx-12", "別のわからない番号", {}),
    )
    for call_id, caller, more in others:
        answer = await api.ask(call_id=call_id, caller=caller, **more)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "call_id_taken"), (call_id, caller)
        assert "最初の人の話" not in answer.text
        assert answer.json()["error"]["message"].startswith("この call_id は別の番号")
    assert await stored(_everything) == before
    assert (await api.ask(call_id="pbx-11")).json() == first


async def test_another_keys_call_id_is_another_call(api: Api) -> None:
    """Two telephone systems may count alike; neither is told of the other's calls."""
    other = await stored(lambda: make_key("look_up.view"))
    first, second = await api.ask(call_id="1"), await api.ask(call_id="1", caller="090-0000-1111", key=other)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["call"] != second.json()["call"]


async def test_one_call_may_pass_two_linkage_ivrs(api: Api) -> None:
    """Each asks and answers for itself, in one call of the histories."""

    def add() -> int:
        ivr = Ivr.objects.create(name="二つ目", use_api=True, service_type="chatbot_dec_support")
        old = ChatbotLinkage.objects.get()
        ChatbotLinkage.objects.create(
            ivr=ivr, connector=old.connector, project_id=old.project_id, channel_id=DEMO_CHANNELS[1],
            connector_settings=old.connector_settings, secrets=old.secrets, request_error_rule=old.request_error_rule,
        )  # fmt: skip
        return ivr.pk

    second = await stored(add)
    api.chat("一つ目の窓口")
    told = [(await api.ask(call_id="pbx-13", ivr=ivr)).json() for ivr in (api.ivr, second, api.ivr, second)]
    assert [each["reason"] for each in told] == ["linked", "no_chat", "linked", "no_chat"]
    assert len({each["call"] for each in told}) == 1
    kinds = await stored(lambda: list(IvrStep.objects.order_by("position").values_list("kind", flat=True)))
    assert kinds == ["entered", "looked_up"] * 2


def _everything() -> list[Any]:
    tables = (Call, ChatLink, IvrStep, ExternalApiCall, AuditEntry)
    return [list(table.objects.order_by("pk").values()) for table in tables]


async def test_a_bad_question_is_refused_by_name_and_recorded_nowhere(api: Api) -> None:
    """Each with a code and a sentence in the reader's language."""
    for body, status, code in (
        (b"{}", 422, "field_missing"),
        (b'{"ivr": 999999, "caller": "1"}', 404, "unknown_ivr"),
        (b'{"ivr": 1, "caller": "1", "arrived_at": "2999-01-01T00:00:00Z"}', 422, "arrived_in_future"),
        (b"x" * 20_001, 413, "too_large"),
    ):
        answer = await api.send(body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert answer.json()["error"]["message"]
    assert await stored(Call.objects.count) == 0


async def test_hostile_caller_fields_become_rows_not_deeds(api: Api) -> None:
    """NUL, surrogates, directions and long texts are stored inert."""
    for caller in ("\x00", "\u202e0901234567", "<script>alert(1)</script>", "9" * 200):
        answer = await api.ask(caller=caller, caller_name=caller)
        assert (answer.status_code, answer.json()["reason"]) == (200, "caller_withheld")


async def test_a_key_stops_with_its_maker(api: Api) -> None:
    """Disabled, or bound to their own calls: from the next question on; and it goes on when they may again."""

    def change(**fields: bool) -> None:
        User.objects.filter(username="root").update(**fields)

    def move(role: str) -> None:
        User.objects.get(username="root").groups.set([Group.objects.get(name=role)])

    api.chat("退職者の鍵")
    for stop, go_on in (
        (lambda: change(is_active=False), lambda: change(is_active=True)),
        (lambda: move(AGENT), lambda: move(ADMINISTRATOR)),
    ):
        await stored(stop)
        refused = await api.ask()
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "api_key_required")
        assert await stored(Call.objects.count) == 0
        await stored(go_on)
        assert (await api.ask(mode="stored")).status_code == 200


async def test_only_a_living_key_with_the_right_is_let_in(api: Api) -> None:
    """No key, a wrong, a revoked and a weak one."""
    weak = await stored(lambda: make_key("chat_content.view"))
    revoked = await stored(lambda: make_key("look_up.view"))
    parts = read_key(revoked)
    assert parts is not None
    await stored(lambda: ApiKey.objects.filter(prefix=parts.prefix).update(revoked_at=clock.now()))
    wrong = api.key[:-4] + ("aaaa" if not api.key.endswith("aaaa") else "bbbb")
    for key in ("x", "rk_", wrong, revoked, "'; --", "rk_" + "a" * 500):
        answer = await api.ask(key=key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "api_key_required")
    assert (await api.ask(key=weak)).json()["error"]["code"] == "forbidden"
