"""The job behind 「接続テスト」: asks a chat system as a call would, with fresh connections and circuits."""

import asyncio
import time

import structlog
from procrastinate.contrib.django import app

from renkei import clock
from renkei.actions.settings.connection_tests import (
    JOB,
    AskedTest,
    begin_connection_test,
    fail_connection_test,
    finish_connection_test,
)
from renkei.connectors.providers import Providers, ToldByProvider
from renkei.domain.exchanges import date_exchange
from renkei.domain.matching import LookedUp, Outcome
from renkei.outbound import AllowList
from renkei.settings import config

log = structlog.get_logger(__name__)

MARGIN_SECONDS = 1.0
"""Beyond the budget of a call: on a busy machine the record of a time-out must still be told."""


@app.task(name=JOB)
def try_connection(test_id: int) -> None:
    """Carry out one connection test; a second delivery finds it begun and does nothing."""
    asked = begin_connection_test(test_id)
    if asked is None:
        log.info("jobs: connection test is not waiting any more", test=test_id)
        return
    try:
        _carry_out(asked)
    except Exception:
        log.exception("jobs: a connection test failed", test=test_id)
        fail_connection_test(test_id)


def _carry_out(asked: AskedTest) -> None:
    began, measured_from = clock.now(), time.monotonic()
    told = asyncio.run(_ask(asked))
    duration_ms = round((time.monotonic() - measured_from) * 1000)
    if told.bug is not None:
        log.error("jobs: a connector failed", connector=asked.linkage.connector, exc_info=told.bug)
    finish_connection_test(
        asked.test_id,
        asked.linkage.connector,
        told.looked_up,
        conversations=len(told.conversations),
        duration_ms=_measure(told, duration_ms),
        exchanges=[date_exchange(each, began=began) for each in told.exchanges],
    )


async def _ask(asked: AskedTest) -> ToldByProvider:
    if asked.linkage.problem:
        return ToldByProvider(LookedUp(Outcome.SETTINGS_ERROR, detail=asked.linkage.problem))
    providers = Providers(allow=AllowList.of(config.destinations), margin_seconds=MARGIN_SECONDS)
    try:
        return await providers.ask(asked.linkage, asked.phone, seconds=asked.seconds + MARGIN_SECONDS)
    finally:
        await providers.aclose()


def _measure(told: ToldByProvider, measured_ms: int) -> int:
    """From the first request to the last answer; the preparation of a fresh client is no part of a call."""
    if not told.exchanges:
        return measured_ms
    last = told.exchanges[-1]
    return last.started_ms + last.duration_ms
