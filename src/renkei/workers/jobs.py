"""The jobs worker: ``renkei jobs``. One-off work from the job queue, what happens by the clock, and the services.

Delivery is at least once: every job may run twice, so idempotence lives in the rows it changes.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import structlog
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from renkei.actions.privacy.purging import purge_sign_ins, purge_stream_events
from renkei.actions.privacy.retention import purge_histories
from renkei.settings import config
from renkei.workers import chat_setting_test as chat_setting_test  # registers its job
from renkei.workers import connection_test as connection_test  # registers its job
from renkei.workers.imports import ImportServices
from renkei.workers.logs import set_logs_up

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Jobs that run side by side in one process."""


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="purge", pass_context=False)
def purge(timestamp: int) -> None:
    """Hourly: what has run out goes. ``timestamp`` is the planned time in Unix seconds."""
    log.info("jobs: purged", events=purge_stream_events(), sign_ins=purge_sign_ins())


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="purge_old_histories", pass_context=False)
def purge_old_histories(timestamp: int) -> None:
    """Nightly: histories and chats whose 履歴保持期間 is over (R110, R111)."""
    purged = purge_histories()
    log.info("jobs: histories purged", calls=purged.calls, chats=purged.chats, interactions=purged.interactions)


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="revive", pass_context=True)
async def revive(context: JobContext, timestamp: int) -> None:
    """Every five minutes: a job whose worker died is given to another one."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        log.warning("jobs: revived", job=job.id, task=job.task_name)
        await manager.retry_job(job)


async def serve() -> None:
    """Run jobs until SIGTERM or SIGINT; a job that runs by then is waited for, five seconds."""
    connector = cast(DjangoConnector, app.connector)
    with app.replace_connector(connector.get_worker_connector()):
        async with app.open_async():
            queue = app.run_worker_async(concurrency=AT_ONCE, shutdown_graceful_timeout=5, delete_jobs="successful")
            await serve_together(queue, ImportServices(config).serve())


async def serve_together(queue: Coroutine[Any, Any, None], services: Coroutine[Any, Any, None]) -> None:
    """Run both until the queue's worker has ended. ServicesEndedError when the services end before it, whyever: a
    process that only looks alive would import nothing, one that ends is started again."""
    working, serving = asyncio.create_task(queue), asyncio.create_task(services)
    try:
        await asyncio.wait({working, serving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ServicesEndedError from _fault_of(serving)
        working.result()
    finally:
        for task in (working, serving):
            task.cancel()
        await asyncio.gather(working, serving, return_exceptions=True)


class ServicesEndedError(Exception):
    """The import services have ended though nobody asked them to."""


def _fault_of(task: "asyncio.Task[None]") -> BaseException | None:
    return None if task.cancelled() else task.exception()


def main() -> int:
    """``renkei jobs``; 1 when the import services have died: the supervisor starts us again."""
    set_logs_up()
    try:
        asyncio.run(serve())
    except ServicesEndedError:
        log.exception("jobs: the import services have ended")
        return 1
    return 0
