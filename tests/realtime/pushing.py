"""Chat systems that push without end: both kinds of signed webhooks, whatever happens to the other side.

Run as ``python -m tests.realtime.pushing`` it makes the office they push to, in the database of the environment, and
prints ``{"setting": …, "key": …, "standard_key": …}``.
"""

import base64
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import httpx2
from standardwebhooks import Webhook

from renkei import clock

AT = "2025-01-31T09:05:07+09:00"


@dataclass(slots=True)
class Pushers:
    """Senders of one office. ``acknowledged`` holds the names of what was answered with a 2xx, by kind of webhook."""

    setting: int
    key: str
    standard_key: str
    url: str = ""
    acknowledged: dict[str, list[str]] = field(default_factory=lambda: {"open": [], "closed": []})
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, *, senders: int) -> None:
        """So many senders of each kind push, each its next chat as soon as the last one was answered or failed."""
        kinds: tuple[tuple[str, Callable[[str], tuple[str, str, bytes]]], ...] = (
            ("open", self._make_open),
            ("closed", self._make_closed),
        )
        for kind, make in kinds:
            for number in range(senders):
                self._threads.append(threading.Thread(target=self._push_on, args=(kind, f"{kind}-{number}", make)))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """They stop after the push they are at."""
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive()

    def wait_for(self, more: int, *, within: float = 40) -> None:
        """Until so many more of each kind were acknowledged from now on."""
        goals = {kind: len(names) + more for kind, names in self.acknowledged.items()}
        for _ in range(int(within / 0.01)):
            if all(len(self.acknowledged[kind]) >= goal for kind, goal in goals.items()):
                return
            self._over.wait(0.01)
        told = {kind: len(names) for kind, names in self.acknowledged.items()}
        raise AssertionError(f"After {within} s {told} pushes were acknowledged of {goals}")

    def _push_on(self, kind: str, sender: str, make: Callable[[str], tuple[str, str, bytes]]) -> None:
        with httpx2.Client(timeout=10) as client:
            for turn in count():
                if self._over.is_set():
                    return
                name = f"{sender}-{turn}"
                path, key, body = make(name)
                try:
                    answer = client.post(f"{self.url}{path}", content=body, headers=_sign(name, key, body))
                except httpx2.HTTPError:
                    self._over.wait(0.02)  # nobody is there just now
                    continue
                if answer.is_success:
                    self.acknowledged[kind].append(name)

    def _make_open(self, name: str) -> tuple[str, str, bytes]:
        conversation = {
            "id": name, "project_id": "pj-1", "channel_id": "ch-1", "customer_phone": "090-1234-5678",
            "phone_given_at": AT, "messages": [_message(name)],
        }  # fmt: skip
        document = {"type": "conversation.updated", "conversation": conversation}
        return "/webhooks/standard", self.standard_key, json.dumps(document).encode()

    def _make_closed(self, name: str) -> tuple[str, str, bytes]:
        conversation = {
            "id": name, "status": "closed", "started_at": AT, "closed_at": AT, "updated_at": AT,
            "agent": {"id": "A-1", "name": "佐藤"}, "customer": {"id": "K-1", "name": "山田花子"},
            "messages": [_message(name)],
        }  # fmt: skip
        document = {"type": "conversation.closed", "conversation": conversation}
        return f"/webhooks/chat-settings/{self.setting}", self.key, json.dumps(document).encode()


def text_of(name: str) -> str:
    """What the customer wrote in the chat of this name."""
    return f"words of {name}"


def _message(name: str) -> dict[str, str]:
    return {"speaker": "customer", "kind": "text", "text": text_of(name), "sent_at": AT}


def _sign(delivery: str, key: str, body: bytes) -> dict[str, str]:
    at = clock.now()
    return {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign(delivery, at, body.decode()),
    }


def _make_office() -> dict[str, object]:
    import django

    django.setup()
    from renkei.models import ChatbotLinkage, IncomingRule, Ivr
    from renkei.models.secrets import seal_fields
    from tests.actions.imports.source import make_importing

    keys = ["whsec_" + base64.b64encode(secrets.token_bytes(24)).decode() for _ in range(2)]
    setting = make_importing("受信").setting
    setting.secrets = seal_fields({"signing_keys": keys[0]})
    setting.save()
    ivr = Ivr.objects.create(name="IVR", use_api=True, service_type="chatbot_standard")
    ChatbotLinkage.objects.create(
        ivr=ivr, connector="standard", project_id="pj-1", channel_id="ch-1", connector_settings={},
        secrets=seal_fields({"signing_keys": keys[1], "token": "t"}),
        request_error_rule=IncomingRule.objects.get(builtin="busy"),
    )  # fmt: skip
    return {"setting": setting.pk, "key": keys[0], "standard_key": keys[1]}


if __name__ == "__main__":
    print(json.dumps(_make_office()))
