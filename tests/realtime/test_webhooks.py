"""Signed pushes over real HTTP: what we acknowledged is on disk, and nobody pushes what is not theirs."""

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from pytest_django.plugin import DjangoDbBlocker
from standardwebhooks import Webhook

from renkei import clock
from renkei.models import ChatbotLinkage, ChatConversation, ChatDelivery, IncomingRule, Ivr
from renkei.models.secrets import seal_fields
from tests.conftest import DatabaseUrls
from tests.realtime.published import is_published
from tests.realtime.serving import Serving, serve


def _key() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


class Sender:
    """A chat system with a key of its own."""

    def __init__(self, project: str) -> None:
        self.project = project
        self.key = _key()
        rule = IncomingRule.objects.get(builtin="busy")
        self.ivr = Ivr.objects.create(name=f"IVR {project}", use_api=True, service_type="chatbot_standard")
        ChatbotLinkage.objects.create(
            ivr=self.ivr, connector="standard", project_id=project, channel_id="ch-1", connector_settings={},
            secrets=seal_fields({"signing_keys": self.key, "token": "t"}), request_error_rule=rule,
        )  # fmt: skip

    def body(self, external_id: str, *, project: str | None = None, text: str = "届きません") -> bytes:
        """A push of one conversation."""
        message = {"speaker": "customer", "kind": "text", "text": text, "sent_at": "2025-01-31T09:04:00+09:00"}
        conversation = {
            "id": external_id, "project_id": project or self.project, "channel_id": "ch-1",
            "customer_phone": "090-1234-5678", "phone_given_at": "2025-01-31T09:05:07+09:00", "messages": [message],
        }  # fmt: skip
        return json.dumps({"type": "conversation.updated", "conversation": conversation}).encode()

    def sign(self, delivery: str, body: bytes, *, at: datetime | None = None, key: str | None = None) -> dict[str, str]:
        """The headers of a signed delivery."""
        at = at or clock.now()
        signature = Webhook(key or self.key).sign(delivery, at, body.decode("utf-8", "surrogateescape"))
        return {
            "webhook-id": delivery, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature,
        }  # fmt: skip


@pytest.fixture
def senders(
    emptied_database: DatabaseUrls, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Sender, Sender]]:
    """Two chat systems that push to us."""
    with django_db_blocker.unblock():
        yield Sender("pj-1"), Sender("pj-2")


@pytest.fixture
def pushed(senders: tuple[Sender, Sender], tmp_path: Path) -> Iterator[Serving]:
    """The server, with both known."""
    with serve(tmp_path) as server:
        yield server


def _post(server: Serving, body: bytes, headers: dict[str, str]) -> httpx2.Response:
    answer = httpx2.post(f"{server.url}/webhooks/standard", content=body, headers=headers, timeout=20)
    assert is_published("/webhooks/{connector}", "post", status=answer.status_code, document=answer.json())
    return answer


def test_a_signed_push_is_stored_once_however_often_it_comes(pushed: Serving, senders: tuple[Sender, Sender]) -> None:
    """The same delivery twice is one conversation and one line of the ledger."""
    sender, _ = senders
    body = sender.body("c-1")
    results = [_post(pushed, body, sender.sign("msg-1", body)).json()["result"] for _turn in range(3)]
    assert results == ["stored", "known", "known"]
    stored = ChatConversation.objects.get()
    assert (stored.external_id, stored.e164) == ("c-1", "+819012345678")
    assert stored.messages.get().text == "届きません"
    assert ChatDelivery.objects.count() == 1


def test_two_senders_may_use_one_delivery_id(pushed: Serving, senders: tuple[Sender, Sender]) -> None:
    """A sender's id is its own: the other's push is not taken for a repetition."""
    for sender in senders:
        body = sender.body("c-1")
        assert _post(pushed, body, sender.sign("msg-1", body)).json()["result"] == "stored"
    assert set(ChatConversation.objects.values_list("project_id", flat=True)) == {"pj-1", "pj-2"}


def test_a_push_into_another_project_is_kept_and_not_taken_over(
    pushed: Serving, senders: tuple[Sender, Sender]
) -> None:
    """A key of one project cannot put words into another's chats."""
    mine, theirs = senders
    body = mine.body("c-1", project=theirs.project)
    answer = _post(pushed, body, mine.sign("msg-1", body))
    assert (answer.status_code, answer.json()["error"]["code"]) == (202, "foreign_project")
    assert ChatConversation.objects.count() == 0
    assert bytes(ChatDelivery.objects.get().raw or b"") == body


FORGERIES: tuple[Callable[[Sender, bytes], dict[str, str]], ...] = (
    lambda sender, body: {},
    lambda sender, body: sender.sign("m", body, key=_key()),
    lambda sender, body: sender.sign("m", body + b" "),
    lambda sender, body: sender.sign("m", body, at=clock.now() - timedelta(minutes=6)),
    lambda sender, body: sender.sign("m", body) | {"webhook-signature": "v1,AAAA v2,x , ,"},
    lambda sender, body: sender.sign("m", body) | {"webhook-timestamp": "99999999999999999999"},
    lambda sender, body: sender.sign("m", body) | {"webhook-timestamp": "nan"},
)


def test_a_forged_push_gets_401_and_leaves_nothing(pushed: Serving, senders: tuple[Sender, Sender]) -> None:
    """No signature, a strange key, a changed body, an old one: all the same answer without details."""
    sender, _ = senders
    body = sender.body("c-1")
    for forge in FORGERIES:
        answer = _post(pushed, body, forge(sender, body))
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_signature")
    assert ChatDelivery.objects.count() == ChatConversation.objects.count() == 0


NOT_UNDERSTOOD = (
    (b"<html>", "not_json"),
    (b'{"type": "conversation.updated"', "not_json"),
    (b'{"type": "conversation.updated", "conversation": []}', "wrong_type"),
    (b'{"type": 7}', "wrong_type"),
    (b'{"type": "x", "type": "y"}', "duplicate_key"),
    (b"[" * 100_000, "too_deep"),
)


def test_what_is_not_understood_is_kept_as_it_came(pushed: Serving, senders: tuple[Sender, Sender]) -> None:
    """202, because it is on disk, with the code of what is wrong."""
    sender, _ = senders
    for number, (body, code) in enumerate(NOT_UNDERSTOOD):
        answer = _post(pushed, body, sender.sign(f"m-{number}", body))
        assert (answer.status_code, answer.json()["error"]["code"]) == (202, code)
        kept = ChatDelivery.objects.get(delivery_id=f"pj-1:m-{number}")
        assert (kept.error_code, bytes(kept.raw or b"")) == (code, body)


def test_unknown_systems_and_too_much_are_refused(pushed: Serving, senders: tuple[Sender, Sender]) -> None:
    """404 for a system that does not push, 413 before the whole of it is read."""
    assert httpx2.post(f"{pushed.url}/webhooks/nobody").status_code == 404
    assert httpx2.post(f"{pushed.url}/webhooks/dec_support").status_code == 404
    assert _post(pushed, b"x" * 5_000_001, {}).status_code == 413


def test_a_new_key_counts_at_once(pushed: Serving, senders: tuple[Sender, Sender]) -> None:
    """Settings that change are heard of: rotation needs no restart."""
    sender, _ = senders
    body = sender.body("c-1")
    assert _post(pushed, body, sender.sign("m-1", body)).status_code == 200
    new = _key()
    ChatbotLinkage.objects.filter(ivr=sender.ivr).update(secrets=seal_fields({"signing_keys": new}))
    deadline = time.monotonic() + 10
    while _post(pushed, body, sender.sign("m-2", body, key=new)).status_code != 200:
        assert time.monotonic() < deadline
    assert _post(pushed, body, sender.sign("m-3", body)).status_code == 401


def test_what_was_acknowledged_is_stored_when_the_process_is_killed(
    pushed: Serving, senders: tuple[Sender, Sender]
) -> None:
    """Proves P3. Kill -9 under load: each push that got a 2xx is in the database, with its words."""
    sender, _ = senders
    acknowledged: list[str] = []

    def push_on(worker: int) -> None:
        with httpx2.Client(timeout=10) as client:
            for turn in range(500):
                name = f"c-{worker}-{turn}"
                body = sender.body(name, text=f"本文 {name}")
                try:
                    answer = client.post(
                        f"{pushed.url}/webhooks/standard", content=body, headers=sender.sign(name, body)
                    )
                except httpx2.HTTPError:
                    return
                if answer.status_code == 200:
                    acknowledged.append(name)

    threads = [threading.Thread(target=push_on, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while len(acknowledged) < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    pushed.kill()
    for thread in threads:
        thread.join()
    stored = dict(ChatConversation.objects.values_list("external_id", "messages__text"))
    assert len(acknowledged) >= 60
    assert [name for name in acknowledged if stored.get(name) != f"本文 {name}"] == []
