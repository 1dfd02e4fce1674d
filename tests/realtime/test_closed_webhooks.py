"""Completed chats pushed over real HTTP: what we acknowledged is in the inbox, whatever is killed (P3)."""

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pytest_django.plugin import DjangoDbBlocker
from standardwebhooks import Webhook

from renkei import clock
from renkei.models import ChatDelivery, ChatSetting, ChatTombstone, InboxItem, Installation
from renkei.models.secrets import seal_fields
from tests.actions.imports.source import make_importing
from tests.conftest import DatabaseUrls
from tests.realtime.published import is_published
from tests.realtime.serving import Serving, serve

KEY = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def chat(
    name: str, *, text: str = "解約したいです", state: str = "closed", at: str = "2025-01-31T10:00:00+09:00"
) -> Any:
    """A completed conversation in our published form."""
    return {
        "id": name, "status": state, "started_at": "2025-01-31T09:00:00+09:00", "closed_at": at, "updated_at": at,
        "agent": {"id": "A-1", "name": "佐藤"}, "customer": {"id": "K-1", "name": "山田花子"},
        "messages": [{"speaker": "customer", "kind": "text", "text": text, "sent_at": "2025-01-31T09:04:00+09:00"}],
    }  # fmt: skip


def body_of(conversation: Any) -> bytes:
    return json.dumps({"type": "conversation.closed", "conversation": conversation}).encode()


@pytest.fixture
def setting(
    emptied_database: DatabaseUrls, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[ChatSetting]:
    with django_db_blocker.unblock():
        made = make_importing("受信").setting
        made.secrets = seal_fields({"signing_keys": KEY})
        made.save()
        yield made


@pytest.fixture
def server(setting: ChatSetting, tmp_path: Path) -> Iterator[Serving]:
    with serve(tmp_path) as serving:
        yield serving


def push(server: Serving, setting_id: int, body: bytes, *, delivery: str, key: str = KEY) -> httpx2.Response:
    """Sign and send one delivery; every answer is one the published description promises."""
    at = clock.now()
    headers = {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign(delivery, at, body.decode("utf-8", "surrogateescape")),
    }
    url = f"{server.url}/webhooks/chat-settings/{setting_id}"
    answer = httpx2.post(url, content=body, headers=headers, timeout=20)
    described = "/webhooks/chat-settings/{setting}"
    assert is_published(described, "post", status=answer.status_code, document=answer.json())
    return answer


def test_a_pushed_chat_waits_in_the_inbox_once(server: Serving, setting: ChatSetting) -> None:
    """The same delivery, and the same chat in another one, change nothing."""
    body = body_of(chat("c-1"))
    results = [push(server, setting.pk, body, delivery=name).json()["result"] for name in ("d-1", "d-1", "d-2")]
    assert results == ["stored", "known", "stored"]
    item = InboxItem.objects.get()
    assert (item.external_id, item.state, item.revision) == ("c-1", "pending", 1)


def test_newer_content_waits_anew_and_older_is_ignored(server: Serving, setting: ChatSetting) -> None:
    """Pushes overtake each other."""
    later = chat("c-1", text="訂正", at="2025-01-31T11:00:00+09:00")
    for place, each in enumerate((chat("c-1"), later, chat("c-1"))):
        push(server, setting.pk, body_of(each), delivery=f"d-{place}")
    item = InboxItem.objects.get()
    assert (item.revision, "訂正" in json.loads(bytes(item.payload))["messages"][0]["text"]) == (2, True)


def test_an_open_chat_is_acknowledged_and_not_stored(server: Serving, setting: ChatSetting) -> None:
    """Proves R138."""
    assert push(server, setting.pk, body_of(chat("c-1", state="open")), delivery="d-1").status_code == 200
    assert not InboxItem.objects.exists()


def test_a_record_that_cannot_be_read_is_set_aside_with_its_reason(server: Serving, setting: ChatSetting) -> None:
    """Acknowledged, because it is on disk; an administrator sees it."""
    broken = chat("c-1") | {"messages": "こわれた"}
    assert push(server, setting.pk, body_of(broken), delivery="d-1").status_code == 200
    item = InboxItem.objects.get()
    assert (item.state, item.source_id, item.error) == ("quarantined", "c-1", "wrong_type")


def test_a_body_that_is_no_push_is_kept_raw(server: Serving, setting: ChatSetting) -> None:
    """Nothing is lost, and the sender need not repeat it."""
    answer = push(server, setting.pk, b"<html>", delivery="d-1")
    assert (answer.status_code, answer.json()["result"]) == (202, "kept_unread")
    assert bytes(ChatDelivery.objects.get().raw or b"") == b"<html>"


def test_only_a_key_of_the_setting_opens_and_nobody_learns_which_settings_there_are(
    server: Serving, setting: ChatSetting
) -> None:
    """A foreign key, an unknown setting and a switched-off option are refused alike."""
    other = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    refused = [
        push(server, setting.pk, body_of(chat("c-1")), delivery="d-1", key=other),
        push(server, setting.pk + 1, body_of(chat("c-1")), delivery="d-2"),
    ]
    Installation.objects.update(chat_import=False)
    refused.append(push(server, setting.pk, body_of(chat("c-1")), delivery="d-3"))
    assert {(each.status_code, each.json()["error"]["code"]) for each in refused} == {(401, "bad_signature")}
    assert not InboxItem.objects.exists()


def test_a_disabled_setting_asks_for_the_push_again_later(server: Serving, setting: ChatSetting) -> None:
    """Proves R179. Nothing is stored, and nothing is lost: the sender repeats it."""
    ChatSetting.objects.update(is_enabled=False)
    answer = push(server, setting.pk, body_of(chat("c-1")), delivery="d-1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
    assert not InboxItem.objects.exists()


def test_a_chat_deleted_for_good_is_not_brought_back(server: Serving, setting: ChatSetting) -> None:
    """Its tombstone holds, and tells nobody which chat it was (P7)."""
    from renkei.domain.inbox import tombstone_of
    from renkei.settings import config

    secret = config.secret_key.get_secret_value().encode("utf-8")
    ChatTombstone.objects.create(setting=setting, digest=tombstone_of(setting.pk, "c-1", secret=secret))
    for name in ("c-1", "c-2"):
        push(server, setting.pk, body_of(chat(name)), delivery=f"d-{name}")
    assert list(InboxItem.objects.values_list("external_id", flat=True)) == ["c-2"]
    assert "c-1" not in ChatTombstone.objects.get().digest


def test_what_was_acknowledged_is_stored_whatever_is_killed(
    setting: ChatSetting, tmp_path: Path, emptied_database: DatabaseUrls
) -> None:
    """Proves P3. Kill −9 of the server under load: acknowledged is a part of stored."""
    acknowledged: list[str] = []

    def load(server: Serving, sender: int) -> None:
        for turn in range(40):
            name = f"c-{sender}-{turn}"
            try:
                answer = push(server, setting.pk, body_of(chat(name)), delivery=f"d-{name}")
            except (httpx2.TransportError, ValueError):
                return
            if answer.status_code == 200:
                acknowledged.append(name)

    with serve(tmp_path) as server:
        senders = [threading.Thread(target=load, args=(server, number)) for number in range(4)]
        for each in senders:
            each.start()
        while len(acknowledged) < 30 and any(each.is_alive() for each in senders):
            threading.Event().wait(0.01)
        server.kill()
        for each in senders:
            each.join(timeout=30)
    stored = set(InboxItem.objects.values_list("external_id", flat=True))
    assert len(acknowledged) >= 30
    assert set(acknowledged) <= stored
