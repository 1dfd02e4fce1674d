"""The emulated provider's second interface: it pushes what our connector accepts, and answers as we publish."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from renkei import clock
from renkei.cli.emulate import standard
from renkei.cli.emulate.failures import Failure
from renkei.cli.emulate.office import APP_CHANNEL, DEMO_API_KEY, DEMO_PROJECT, Chat, Office, demo_signing_key
from renkei.cli.emulate.server import listen, running
from renkei.connectors.conformance import Cases, run_conformance
from renkei.connectors.contract import Delivery, FailureKind, LookupFailure, LookupQuestion
from renkei.connectors.standard import CONNECTOR, LookupSettings, find_by_phone, parse, verify
from renkei.domain.chat import Kind, Speaker
from renkei.errors import BadSignatureError
from tests.connectors.conftest import NOW, PHONE, Emulated

KEY = demo_signing_key("a secret of this installation")


@dataclass(slots=True)
class Receiver:
    """Takes pushes and answers what it is told to, in turn; afterwards 200."""

    url: str
    answers: list[int] = field(default_factory=list)
    taken: "asyncio.Queue[Delivery]" = field(default_factory=asyncio.Queue)

    async def take(self, request: Request) -> Response:
        delivery = Delivery(headers=dict(request.headers), body=await request.body())
        status = self.answers.pop(0) if self.answers else 200
        self.taken.put_nowait(delivery)
        return Response(status_code=status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    listening = listen("127.0.0.1", 0)
    receiver = Receiver(f"http://127.0.0.1:{listening.getsockname()[1]}/webhooks/standard")
    async with running(Starlette(routes=[Route("/webhooks/standard", receiver.take, methods=["POST"])]), listening):
        yield receiver


@pytest.fixture
async def pusher(receiver: Receiver) -> AsyncIterator[standard.Pusher]:
    pusher = standard.Pusher(receiver.url, key=KEY, now=clock.now)
    yield pusher
    await pusher.aclose()


def app_chat(number: str = "090-1234-5678", *, office: Office | None = None) -> Chat:
    now = clock.now()
    chat = (office or Office()).start(DEMO_PROJECT, APP_CHANNEL, now=now)
    chat.say("bot", "こんにちは", now=now)
    chat.say("user", "a.png", now=now, kind="voice", url="http://127.0.0.1/files/a")
    chat.phone_number, chat.phone_number_entered_at = number, now.isoformat()
    return chat


async def test_what_it_pushes_is_signed_and_read_by_our_connector(receiver: Receiver, pusher: standard.Pusher) -> None:
    chat = app_chat("090-1234-5687")
    pusher.tell(dataclasses.asdict(chat))
    async with asyncio.timeout(10):
        delivery = await receiver.taken.get()
    settings = LookupSettings(signing_keys=KEY)
    assert verify(settings, delivery).startswith("msg_")
    [conversation] = parse(delivery)
    assert (conversation.external_id, conversation.project_id, conversation.channel_id) == (
        chat.session_id, DEMO_PROJECT, APP_CHANNEL,
    )  # fmt: skip
    assert conversation.typed_number == "090-1234-5687"
    assert conversation.identified_at is not None
    assert [(each.speaker, each.kind) for each in conversation.messages] == [
        (Speaker.BOT, Kind.TEXT),
        (Speaker.CUSTOMER, Kind.AUDIO),
    ]
    other = LookupSettings(signing_keys=demo_signing_key("another installation"))
    with pytest.raises(BadSignatureError):
        verify(other, delivery)


async def test_a_push_that_was_not_taken_is_repeated_until_it_is(
    receiver: Receiver, pusher: standard.Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standard, "PAUSES", (0.0, 0.0, 0.0))
    receiver.answers = [503, 500]
    pusher.tell(dataclasses.asdict(app_chat()))
    async with asyncio.timeout(10):
        bodies = [(await receiver.taken.get()).body for _ in range(3)]
    assert bodies[0] == bodies[1] == bodies[2]


async def test_the_newest_state_of_a_chat_is_what_arrives_last(receiver: Receiver, pusher: standard.Pusher) -> None:
    chat = app_chat()
    for number in range(20):
        chat.say("user", f"{number}", now=clock.now())
        pusher.tell(dataclasses.asdict(chat))
    async with asyncio.timeout(10):
        while True:
            [conversation] = parse(await receiver.taken.get())
            if len(conversation.messages) == len(chat.messages):
                break
    assert receiver.taken.empty()


async def test_it_answers_as_the_published_interface_says(emulated: Emulated) -> None:
    office = emulated.provider.office
    office.give_number(app_chat(office=office), "０９０－１２３４－５６７８", now=NOW)
    settings = LookupSettings(base_url=f"{emulated.url}/renkei/v1", token=DEMO_API_KEY)
    cases = Cases(known_phone=PHONE, unknown_phone="+819099999999", project_id=DEMO_PROJECT, channel_id=APP_CHANNEL)
    checks = await run_conformance(CONNECTOR, settings, cases, emulated.context)
    assert [each for each in checks if not each.holds] == []
    assert len(checks) > 15


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (Failure.STATUS_500, FailureKind.REQUEST_ERROR),
        (Failure.PROJECT_NOT_FOUND, FailureKind.BAD_PROJECT),
        (Failure.CHANNEL_NOT_FOUND, FailureKind.BAD_CHANNEL),
        (Failure.SESSION_NOT_FOUND, FailureKind.NOT_FOUND),
        (Failure.INTERNAL_ERROR, FailureKind.PROVIDER_ERROR),
        (Failure.WRONG_TYPES, FailureKind.PROVIDER_ERROR),
        (Failure.TRUNCATED_JSON, FailureKind.PROVIDER_ERROR),
        (Failure.RESET, FailureKind.REQUEST_ERROR),
    ],
)
async def test_it_can_be_told_to_fail_there_too(emulated: Emulated, failure: Failure, kind: FailureKind) -> None:
    emulated.provider.trouble.order(failure)
    settings = LookupSettings(base_url=f"{emulated.url}/renkei/v1", token=DEMO_API_KEY)
    question = LookupQuestion(phone=PHONE, project_id=DEMO_PROJECT, channel_id=APP_CHANNEL)
    found = await find_by_phone(settings, question, emulated.context)
    assert isinstance(found.outcome, LookupFailure)
    assert found.outcome.kind is kind


def test_a_chat_made_older_moves_with_its_number_and_every_message() -> None:
    chat = app_chat()
    before = dataclasses.asdict(chat)
    chat.grow_older(timedelta(hours=25))
    assert chat.phone_number_entered_at is not None
    moved = [(before["started_at"], chat.started_at), (before["phone_number_entered_at"], chat.phone_number_entered_at)]
    moved += [(was["created_at"], now.created_at) for was, now in zip(before["messages"], chat.messages, strict=True)]
    for was, now in moved:
        difference = datetime.fromisoformat(was) - datetime.fromisoformat(now)
        assert abs(difference - timedelta(hours=25)) < timedelta(milliseconds=2)
