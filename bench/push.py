"""Pushes of completed chats over HTTP, signed, one in five a repetition, beside a bare Starlette route with the same
INSERT on as large a pool.

Ours also checks the signature, reads the record, keeps the ledger of deliveries, and wakes the service: the ratio says
what all of that costs. ``scale`` changes how many messages a chat has (ten at 1).
"""

import base64
import hashlib
import hmac
import json
import random
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg

from bench.ground import Ground, free_port, ground, press, process, processor_seconds, run_once
from bench.report import Report, Side

AIM = 0.3
REPEATED = 0.2
KEPT = 200
"""So many of the last deliveries may be repeated."""


async def run(scale: float, seconds: float) -> Report:
    """Measure ours, the bare route, and ours again."""
    messages = max(1, int(10 * scale))
    report = Report(f"push: signed pushes of completed chats x {messages} messages, {REPEATED:.0%} repeated")
    key = secrets.token_bytes(24)
    signing_key = "whsec_" + base64.b64encode(key).decode()
    with ground() as base:
        setting = int(run_once(base.environment, "-c", _FURNISH, SIGNING_KEY=signing_key))
        ours = await _press_ours(base, setting, key, messages, seconds, report)
        bare = await _press_bare(base, setting, key, messages, seconds)
        again = await _press_ours(base, setting, key, messages, seconds, report)
        _check(base, setting, len(ours.took) + len(again.took) + len(bare.took))
    report.sides += [bare, ours, again]
    best = max(ours.rate, again.rate)
    report.judge("ratio", best / bare.rate if bare.rate else 0.0, aim=AIM, is_upper=False)
    return report


async def _deliveries(path: str, key: bytes, messages: int) -> AsyncIterator[bytes]:
    """Requests as a chat system sends them; one in five has been sent before."""
    chance, begun = random.Random(3), secrets.token_hex(4)
    sent: list[bytes] = []
    number = 0
    while True:
        if sent and chance.random() < REPEATED:
            yield chance.choice(sent)
            continue
        number += 1
        request = _sign(path, key, f"{begun}-{number}", _write_chat(f"{begun}-{number}", messages))
        sent = [*sent[-KEPT:], request] if len(sent) > 2 * KEPT else [*sent, request]
        yield request


def _write_chat(name: str, messages: int) -> bytes:
    closed = datetime.now(UTC)  # noqa: TID251 - a bench plays the chat system
    talk = [
        {"speaker": ("customer", "operator")[place % 2], "text": "ご注文番号を入力してください",
         "sent_at": (closed - timedelta(minutes=messages - place)).isoformat()}
        for place in range(messages)
    ]  # fmt: skip
    conversation = {
        "id": name, "status": "closed", "started_at": (closed - timedelta(hours=1)).isoformat(),
        "closed_at": closed.isoformat(), "updated_at": closed.isoformat(), "agent": {"id": "A-1"},
        "customer": {"id": f"K-{name}"}, "messages": talk,
    }  # fmt: skip
    return json.dumps({"type": "conversation.closed", "conversation": conversation}).encode()


def _sign(path: str, key: bytes, name: str, body: bytes) -> bytes:
    at = int(time.time())  # noqa: TID251 - a bench plays the chat system
    digest = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"webhook-id: {name}\r\nwebhook-timestamp: {at}\r\n"
        f"webhook-signature: v1,{base64.b64encode(digest).decode()}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _press_ours(base: Ground, setting: int, key: bytes, messages: int, seconds: float, report: Report) -> Side:
    port = free_port()
    with process(
        base, "-m", "renkei.cli", "realtime", "--split", ready=f"http://127.0.0.1:{port}/healthz", RENKEI_PORT=str(port)
    ) as server:
        path = f"/webhooks/chat-settings/{setting}"
        before = processor_seconds(server.pid)
        took, failed, lasted = await press(port, _deliveries(path, key, messages), seconds=seconds)
        spent = (processor_seconds(server.pid) - before) / max(1, len(took))
        report.verdicts.append(f"processor time of ours {spent * 1_000:.2f} ms a push")
    return Side("our webhook", lasted, took, failed)


async def _press_bare(base: Ground, setting: int, key: bytes, messages: int, seconds: float) -> Side:
    port = free_port()
    arguments = ("-m", "uvicorn", "bench.bare_push:app", "--port", str(port), "--no-access-log")
    with process(
        base, *arguments, ready=f"http://127.0.0.1:{port}/", BENCH_URL=base.app_url, BENCH_SETTING=str(setting)
    ):
        took, failed, lasted = await press(port, _deliveries("/push", key, messages), seconds=seconds)
    return Side("bare route, same INSERT", lasted, took, failed)


def _check(base: Ground, setting: int, pushed: int) -> None:
    """What was measured was stored: four of five were new."""
    with psycopg.connect(base.owner_url) as connection:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FROM renkei_inboxitem WHERE setting_id = %s",
            [setting],
        ).fetchone()
    assert row is not None
    waiting, stored = row
    if waiting < stored or not 0.6 * pushed < stored <= pushed:
        raise RuntimeError(f"{stored} chats stored, {waiting} wait, of {pushed} pushes")


_FURNISH = """
import os, django
django.setup()
from renkei.models import Agent, BusinessGroup, ChatSetting, ImportService, User
from renkei.models.secrets import seal_fields
group = BusinessGroup.objects.create(name="bench")
agent = Agent.objects.create(user=User.objects.create_user("bench"), extension="200", business_group=group)
setting = ChatSetting.objects.create(
    connector="standard", name="bench", business_group=group, default_agent=agent, is_enabled=True,
    secrets=seal_fields({"token": "", "signing_keys": os.environ["SIGNING_KEY"]}),
)
ImportService.objects.create(setting=setting)
print(setting.pk)
"""
