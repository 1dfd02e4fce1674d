"""Our published chat API: who may push, and what a look-up sends and makes of the answers."""

import asyncio
import base64
import dataclasses
import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest
from standardwebhooks import Webhook

from renkei import clock
from renkei.connectors import standard
from renkei.connectors.contract import (
    Delivery,
    FailureKind,
    Found,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    LookupResult,
)
from renkei.errors import BadSignatureError
from renkei.outbound import AllowList
from tests.connectors.conftest import PHONE
from tests.outbound.hostile_server import Behave, Hostile, answer, hostile

OLD, NEW = ("whsec_" + base64.b64encode(bytes([each]) * 32).decode() for each in (1, 2))
BODY = json.dumps({"type": "conversation.updated", "conversation": {"text": "日本語"}}, ensure_ascii=False).encode()


def signed(key: str, *, body: bytes = BODY, age: float = 0, signature: str | None = None) -> Delivery:
    at = clock.now() - timedelta(seconds=age)
    made = signature if signature is not None else Webhook(key).sign("msg-1", at, body.decode())
    headers = {"Webhook-Id": "msg-1", "Webhook-Timestamp": str(int(at.timestamp())), "WEBHOOK-SIGNATURE": made}
    return Delivery(headers=headers, body=body)


def test_either_key_opens_while_one_is_changed_for_the_next() -> None:
    settings = standard.LookupSettings(signing_keys=f"{OLD}\n  {NEW}\n")
    assert standard.verify(settings, signed(OLD)) == "msg-1"
    assert standard.verify(settings, signed(NEW)) == "msg-1"


def with_header(name: str, value: str) -> Delivery:
    delivery = signed(NEW)
    return dataclasses.replace(delivery, headers={**delivery.headers, name: value})


# Made when the test runs: minutes may lie between reading this file and that.
FORGERIES: dict[str, Callable[[], Delivery]] = {
    "another key": lambda: signed("whsec_" + base64.b64encode(b"x" * 32).decode()),
    "six minutes old": lambda: signed(NEW, age=360),
    "six minutes ahead": lambda: signed(NEW, age=-360),
    "no signature": lambda: signed(NEW, signature=""),
    "no comma": lambda: signed(NEW, signature="v1"),
    "three parts": lambda: signed(NEW, signature="v1,a,b"),
    "not base64": lambda: signed(NEW, signature="v1,%%%"),
    "not ascii": lambda: signed(NEW, signature="v1,あ"),
    "other version": lambda: signed(NEW, signature="v2," + Webhook(NEW).sign("msg-1", clock.now(), "")[3:]),
    "changed body": lambda: dataclasses.replace(signed(NEW), body=BODY + b" "),
    "body not utf-8": lambda: dataclasses.replace(signed(NEW), body=b"\xff"),
    "no headers": lambda: dataclasses.replace(signed(NEW), headers={}),
    "nan time": lambda: with_header("Webhook-Timestamp", "nan"),
    "endless time": lambda: dataclasses.replace(
        signed(NEW), headers={**signed(NEW).headers, "Webhook-Timestamp": "1e400"}
    ),
    "another id": lambda: with_header("Webhook-Id", "msg-2"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_refused_without_details(forge: Callable[[], Delivery]) -> None:
    with pytest.raises(BadSignatureError) as refused:
        standard.verify(standard.LookupSettings(signing_keys=f"{OLD} {NEW}"), forge())
    assert (refused.value.code, dict(refused.value.params)) == ("bad_signature", {})


@pytest.mark.parametrize("keys", ["", "   ", "whsec_", "whsec_a", "%%%"])
def test_without_a_usable_key_everything_is_refused(keys: str) -> None:
    with pytest.raises(BadSignatureError):
        standard.verify(standard.LookupSettings(signing_keys=keys), signed(NEW))


def test_settings_do_not_show_their_secrets_when_printed() -> None:
    assert "s3cret" not in repr(standard.LookupSettings(token="s3cret", signing_keys="s3cret"))


CONVERSATION = {
    "id": "c-1",
    "project_id": "P",
    "channel_id": "C",
    "customer_phone": "090-1234-5678",
    "phone_given_at": "2025-01-31T09:05:07+09:00",
    "messages": [],
}


async def ask(context: LookupContext, behave: Behave) -> tuple[LookupResult, Hostile]:
    async with hostile(behave) as there:
        settings = standard.LookupSettings(base_url=there.url, token="s3cret-token")
        allowed = dataclasses.replace(context, allow=AllowList.of([there.url]))
        question = LookupQuestion(phone=PHONE, project_id="P", channel_id="C")
        return await standard.find_by_phone(settings, question, allowed), there


async def test_a_look_up_names_number_project_and_channel_and_proves_itself(context: LookupContext) -> None:
    """Proves R134."""
    result, there = await ask(context, answer(json.dumps({"conversations": [CONVERSATION]}).encode()))
    assert isinstance(result.outcome, Found)
    assert [each.external_id for each in result.outcome.conversations] == ["c-1"]
    head = there.heads[0].decode()
    assert head.startswith("GET /conversations?phone=%2B819012345678&project=P&channel=C HTTP/1.1\r\n")
    assert "authorization: Bearer s3cret-token\r\n" in head
    assert "s3cret" not in repr(result.exchanges)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("unknown_project", 404, FailureKind.BAD_PROJECT),
        ("unknown_channel", 404, FailureKind.BAD_CHANNEL),
        ("not_found", 404, FailureKind.NOT_FOUND),
        ("internal_error", 500, FailureKind.PROVIDER_ERROR),
        ("something_else", 400, FailureKind.REQUEST_ERROR),
    ],
)
async def test_the_published_error_codes_are_told_apart(
    context: LookupContext, code: str, status: int, kind: FailureKind
) -> None:
    """Proves D2."""
    body = json.dumps({"error": {"code": code}}).encode()
    result, _ = await ask(context, answer(body, head=b"HTTP/1.1 %d Error" % status))
    assert isinstance(result.outcome, LookupFailure)
    assert (result.outcome.kind, result.outcome.http_status) == (kind, status)


async def test_an_answer_that_echoes_our_secrets_does_not_carry_them_into_the_history(context: LookupContext) -> None:
    """Proves R134."""
    body = "拒否 s3cret-token 090-1234-5678 +81 90 1234 5678 \x1b[31m\u202e".encode()
    result, _ = await ask(context, answer(body, head=b"HTTP/1.1 400 Bad"))
    assert result.exchanges[0].answer_excerpt == "拒否 *** 090-****5678 +81 90 ****5678 \ufffd[31m\ufffd"
    assert result.exchanges[0].is_confidential is False


async def test_a_small_compressed_answer_of_millions_of_lists_does_not_stop_the_other_calls(
    context: LookupContext,
) -> None:
    """Proves D14."""
    body = b'{"conversations": [' + b",".join([b"[[[[]]]]"] * 2_000_000) + b"]}"
    behave = answer(gzip.compress(body, 1), headers=b"content-encoding: gzip\r\n")
    loop = asyncio.get_running_loop()
    began = loop.time()
    result, _ = await ask(context, behave)
    assert result.outcome == LookupFailure(FailureKind.PROVIDER_ERROR, "too_many_values", 200)
    assert loop.time() - began < context.budget_seconds


@pytest.mark.parametrize(("keys", "outcome"), [(NEW, Found(())), (" \n", FailureKind.SETTINGS_ERROR)])
async def test_a_system_that_only_pushes_is_not_asked_and_has_told_us_all(keys: str, outcome: object) -> None:
    """Proves D2."""
    settings = standard.LookupSettings(signing_keys=keys)
    question = LookupQuestion(phone=PHONE, project_id="P", channel_id="C")
    result = await standard.find_by_phone(settings, question, cast(LookupContext, None))
    assert result.exchanges == ()
    assert outcome in (result.outcome, getattr(result.outcome, "kind", None))
