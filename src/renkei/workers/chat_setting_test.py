"""The job behind 「接続テスト」 of a chat setting: asks for one page of closed chats and counts it, storing nothing."""

import asyncio
import time

import structlog
from procrastinate.contrib.django import app

from renkei.actions.settings.setting_tests import (
    JOB,
    AskedTest,
    Refusal,
    begin_setting_test,
    fail_setting_test,
    finish_setting_test,
)
from renkei.connectors.contract import (
    ClosedContext,
    ClosedPage,
    ClosedQuestion,
    ClosedSince,
    ParseClosed,
    read_settings,
)
from renkei.connectors.registry import get_connector
from renkei.domain.closed_chat import ClosedChat
from renkei.domain.foreign_json import Json
from renkei.domain.setting_test import PageSeen, look_through
from renkei.errors import MalformedPayloadError, MisconfiguredError, RetryLaterError
from renkei.outbound import AllowList, HttpClient
from renkei.settings import config

log = structlog.get_logger(__name__)

PAGE_SECONDS = 30.0
"""What a service grants one page too."""


@app.task(name=JOB)
def try_chat_setting(test_id: int) -> None:
    """Carry out one test; a second delivery finds it begun and does nothing."""
    asked = begin_setting_test(test_id)
    if asked is None:
        log.info("jobs: the test of a chat setting is not waiting any more", test=test_id)
        return
    began = time.monotonic()
    try:
        told = asyncio.run(_ask(asked))
    except Exception:
        log.exception("jobs: the test of a chat setting failed", test=test_id)
        fail_setting_test(test_id)
        return
    finish_setting_test(test_id, told, duration_ms=round((time.monotonic() - began) * 1000))


async def _ask(asked: AskedTest) -> PageSeen | Refusal:
    if asked.problem:
        return Refusal(asked.problem, is_ours=True)
    try:
        connector = get_connector(asked.connector)
    except KeyError:
        return Refusal("unknown_connector", is_ours=True)
    if connector.closed_since is None or connector.parse_closed is None or connector.closed_chat_settings is None:
        return Refusal("no_closed_chats", is_ours=True)
    settings = read_settings(connector.closed_chat_settings, asked.settings)
    return await _fetch(connector.closed_since, settings, connector.parse_closed)


async def _fetch(closed_since: ClosedSince, settings: object, parse: ParseClosed) -> PageSeen | Refusal:
    http = HttpClient()
    context = ClosedContext(http=http, allow=AllowList.of(config.destinations), budget_seconds=PAGE_SECONDS)
    try:
        page: ClosedPage = await closed_since(settings, ClosedQuestion(since=None), context)
    except MisconfiguredError as error:
        return Refusal(error.code, is_ours=True)
    except RetryLaterError as error:
        return Refusal(error.code, is_ours=False)
    finally:
        await http.aclose()
    return look_through((_read(record.payload, parse) for record in page.records), has_more=page.next is not None)


def _read(payload: Json, parse: ParseClosed) -> ClosedChat | str | None:
    try:
        return parse(payload)
    except MalformedPayloadError as error:
        return error.code
