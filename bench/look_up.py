"""The look-up API over many stored conversations, beside a bare Starlette route with the same statement and pool.

Scale 1 is a million conversations. The API also checks the key, reads the transcript and decides; the bare route does
none of this: the ratio says what all of that costs.
"""

import hashlib
import json
import random
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from bench.ground import Ground, free_port, ground, press, process, run_once
from bench.report import Report, Side, percentile
from renkei.domain.api_key import write_key
from renkei.domain.matching import FAST_CLOCK
from renkei.domain.near_numbers import in_weeks, near_keys
from renkei.models.statements import links

USUAL = 1_000_000
PROJECT, CHANNEL = "bench", "web"
BATCH = 50_000
DAY = timedelta(days=1)


async def run(scale: float, seconds: float) -> Report:
    """Measure both sides; ``scale`` times a million conversations are stored."""
    stored = max(1_000, int(USUAL * scale))
    report = Report(f"look-up: {stored:,} stored conversations, {seconds:.0f} s each side")
    with ground() as base:
        ivr, key = _prepare(base)
        _store_conversations(base, stored)
        took = _time_statement(base, stored)
        ours = await _press_ours(base, ivr, key, stored, seconds)
        bare = await _press_bare(base, stored, seconds)
        again = await _press_ours(base, ivr, key, stored, seconds)
    report.sides += [bare, ours, again, Side("the statement alone", sum(took), took)]
    best = max(ours.rate, again.rate)
    report.judge("ratio", best / bare.rate if bare.rate else 0.0, aim=0.6, is_upper=False)
    report.judge("statement p99", percentile(took, 0.99) * 1_000, aim=5, is_upper=True, unit=" ms")
    return report


def _number(position: int) -> str:
    """As many different numbers as positions, far apart as people's are."""
    return f"+8190{10_000_000 + position * 7_654_321 % 80_000_000:08}"


def _prepare(base: Ground) -> tuple[int, str]:
    """An IVR, and a key that may look up and read chats."""
    key = write_key(secrets.token_hex(4), secrets.token_urlsafe(32))
    made = run_once(base.environment, "-c", _MAKE, KEY_SHA256=hashlib.sha256(key.encode()).hexdigest(), KEY=key)
    return int(made), key


_MAKE = f"""
import os, django
django.setup()
from django.contrib.auth.models import Group
from renkei.models import ApiKey, ChatbotLinkage, IncomingRule, Ivr, User
user = User.objects.create_user("bench", display_name="bench")
user.groups.add(Group.objects.get(name="administrator"))
ApiKey.objects.create(name="bench", prefix=os.environ["KEY"][3:11], secret_sha256=os.environ["KEY_SHA256"],
    permissions=["look_up.view", "chat_content.view"], created_by=user)
ivr = Ivr.objects.create(name="bench", use_api=True, service_type="chatbot_dec_support")
ChatbotLinkage.objects.create(ivr=ivr, connector="dec_support", project_id="{PROJECT}", channel_id="{CHANNEL}",
    connector_settings={{"base_url": "https://chat.example.jp"}}, request_error_rule=IncomingRule.objects.first())
print(ivr.pk)
"""


def _store_conversations(base: Ground, count: int) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - a bench makes its own history
    columns = (
        "id, connector, project_id, channel_id, external_id, typed_number, e164, identified_at, last_customer_at,"
        " received_at, updated_at, revision, content_sha256, near_keys"
    )
    with psycopg.connect(base.owner_url, autocommit=True) as connection:
        for first in range(0, count, BATCH):
            with connection.cursor().copy(f"COPY renkei_chatconversation ({columns}) FROM STDIN") as copy:
                for position in range(first, min(first + BATCH, count)):
                    # One in a hundred lies within the window, the others spread over three years.
                    age = timedelta(minutes=position % 1_400 if position % 100 == 0 else 2_000 + position % 1_500_000)
                    number, at = _number(position), now - age
                    copy.write_row(
                        (position + 1, "dec_support", PROJECT, CHANNEL, str(position), number, number, at, at, at, at,
                         1, "0" * 64, in_weeks(frozenset(near_keys(number, number)), since=at, until=at - DAY))
                    )  # fmt: skip
        connection.execute(
            "INSERT INTO renkei_chatmessage (conversation_id, position, speaker, kind, text, sent_at)"
            " SELECT id, place, CASE place % 2 WHEN 0 THEN 'customer' ELSE 'bot' END, 'text',"
            " 'ご注文番号を入力してください', identified_at"
            " FROM renkei_chatconversation, generate_series(0, 9) place WHERE id % 100 = 1"
        )
        connection.execute("VACUUM ANALYZE renkei_chatconversation, renkei_chatmessage")


def _params(number: str) -> dict[str, Any]:
    now = datetime.now(UTC)  # noqa: TID251 - a bench makes its own history
    return {
        "connector": "dec_support", "project": PROJECT, "channel": CHANNEL, "e164": number, "arrived_at": now,
        "window": timedelta(days=1), "fast_clock": FAST_CLOCK, "fetched": [],
    }  # fmt: skip


def _time_statement(base: Ground, stored: int) -> list[float]:
    chance, took = random.Random(1), []
    with psycopg.connect(base.app_url, autocommit=True) as connection:
        for _ in range(2_000):
            params = _params(_number(chance.randrange(stored)))
            began = time.perf_counter()
            connection.execute(links.OWN_CANDIDATES, params, prepare=True).fetchall()
            took.append(time.perf_counter() - began)
    return took[100:]


async def _questions(path: str, stored: int, body: dict[str, object], key: str) -> AsyncIterator[bytes]:
    chance = random.Random(2)
    while True:
        # Two callers of four have a chat within the window, one has an old one, one has never been heard of.
        position = chance.randrange(stored)
        lot = chance.randrange(4)
        number = _number(position - position % 100 if lot < 2 else position + stored * (lot - 2))
        text = json.dumps({**body, "caller": number}).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        yield f"{head}content-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text


async def _press_ours(base: Ground, ivr: int, key: str, stored: int, seconds: float) -> Side:
    port = free_port()
    with process(
        base, "-m", "renkei.cli", "realtime", "--split", ready=f"http://127.0.0.1:{port}/healthz", RENKEI_PORT=str(port)
    ):
        questions = _questions("/api/look-up", stored, {"ivr": ivr, "mode": "stored"}, key)
        took, failed, lasted = await press(port, questions, seconds=seconds)
    return Side("look-up API", lasted, took, failed)


async def _press_bare(base: Ground, stored: int, seconds: float) -> Side:
    port = free_port()
    arguments = ("-m", "uvicorn", "bench.bare_look_up:app", "--port", str(port), "--no-access-log")
    with process(base, *arguments, ready=f"http://127.0.0.1:{port}/", BENCH_URL=base.app_url):
        questions = _questions("/look-up", stored, {}, "none")
        took, failed, lasted = await press(port, questions, seconds=seconds)
    return Side("bare route, same statement", lasted, took, failed)
