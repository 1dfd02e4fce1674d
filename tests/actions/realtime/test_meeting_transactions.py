"""What two transactions do that meet, on a real PostgreSQL: they wait, in one order, and see what was committed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection as django_connection
from pytest_django.plugin import DjangoDbBlocker

from renkei import clock
from renkei.actions.realtime.links import Asking, link_once
from renkei.domain.matching import Attempt, LookedUp, Outcome
from renkei.domain.phone import Telephone
from renkei.models import Agent, BusinessGroup, Call, Presence, User
from renkei.models.statements import calls
from tests.conftest import DatabaseUrls

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call that rings two agents, lowest id first."""

    call: int
    agents: tuple[int, int]


@pytest.fixture
def ringing(
    emptied_database: DatabaseUrls, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Ringing]:
    """The rows lie in the table against the order of their ids, as changes leave them."""
    with django_db_blocker.unblock():
        group = BusinessGroup.objects.create(name="並び順")
        call = Call.objects.create(line_id="order-1", state="ringing")
        agents = [
            Agent.objects.create(
                user=User.objects.create_user(f"order-{number}", display_name=f"順 {number}"),
                extension=f"88{number}",
                business_group=group,
            )
            for number in range(2)
        ]
        for agent in reversed(agents):
            Presence.objects.create(agent=agent, state="ringing", call=call)
        yield Ringing(call.pk, (agents[0].pk, agents[1].pk))
        django_connection.close()


async def until_it_waits(watcher: Connection, waiting: Connection) -> None:
    """Until this connection waits for a lock."""
    async with asyncio.timeout(20):
        while True:
            row = await (
                await watcher.execute(
                    "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [waiting.info.backend_pid]
                )
            ).fetchone()
            if row == ("Lock",):
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("state", ["available", "offline"])
async def test_two_that_let_the_same_agents_go_never_wait_for_each_other(
    ringing: Ringing, database_urls: DatabaseUrls, state: str
) -> None:
    """One holds the lower agent and asks for the higher one; who frees both must not hold the higher one yet."""
    lower, higher = ringing.agents
    lock = "SELECT FROM renkei_presence WHERE agent_id = %s FOR UPDATE"
    params = {"agents": [higher, lower], "call": ringing.call, "state": state}
    async with (
        await Connection.connect(database_urls.app) as holding,
        await Connection.connect(database_urls.app) as freeing,
        await Connection.connect(database_urls.app, autocommit=True) as watcher,
    ):
        # The table as it lies: what an index would put in order by chance must be in order by promise.
        await freeing.execute("SET LOCAL enable_indexscan = off")
        await freeing.execute("SET LOCAL enable_bitmapscan = off")
        await holding.execute(lock, [lower])
        freed = asyncio.create_task(freeing.execute(calls.FREE_AGENTS, params))
        await until_it_waits(watcher, freeing)
        async with asyncio.timeout(10):
            await holding.execute(lock, [higher])
            await holding.commit()
            rows = await (await freed).fetchall()
        await freeing.commit()
        assert sorted(row[0] for row in rows) == [lower, higher]
        kept = await watcher.execute("SELECT DISTINCT state, call_id FROM renkei_presence")
        assert await kept.fetchall() == [(state, None)]


async def test_an_agent_taken_meanwhile_is_not_let_go(ringing: Ringing, database_urls: DatabaseUrls) -> None:
    """Who waited for the row looks at it again."""
    lower, higher = ringing.agents
    async with (
        await Connection.connect(database_urls.app) as talking,
        await Connection.connect(database_urls.app) as freeing,
        await Connection.connect(database_urls.app, autocommit=True) as watcher,
    ):
        await talking.execute(calls.AGENT_TALKS, {"agent": lower, "call": ringing.call})
        params = {"agents": [lower, higher], "call": ringing.call, "state": "available"}
        freed = asyncio.create_task(freeing.execute(calls.FREE_AGENTS, params))
        await until_it_waits(watcher, freeing)
        await talking.commit()
        assert await (await freed).fetchall() == [(higher,)]


async def test_an_attempt_just_being_stored_is_not_stored_a_second_time(
    ringing: Ringing, database_urls: DatabaseUrls
) -> None:
    """Who waited for the one that stores it sees what that one stored."""
    asking = Asking(
        call_id=ringing.call,
        ivr_id=None,
        connector="standard",
        look_up_id="look-up-1",
        attempt=Attempt(
            caller=Telephone("+819000001111"), channel_id="c", project_id="p", arrived_at=clock.now(),
            window=timedelta(hours=24),
        ),
    )  # fmt: skip
    failed = LookedUp(Outcome.REQUEST_ERROR)
    async with (
        await Connection.connect(database_urls.app) as first,
        await Connection.connect(database_urls.app) as second,
        await Connection.connect(database_urls.app, autocommit=True) as watcher,
    ):
        await first.execute("SELECT 1")  # a transaction of ours around its own
        assert await link_once(first, asking, looked_up=failed) is not None
        again = asyncio.create_task(link_once(second, asking, looked_up=failed))
        await until_it_waits(watcher, second)
        await first.commit()
        assert await again is None
        await second.commit()
        count = await (await watcher.execute("SELECT count(*) FROM renkei_chatlink")).fetchone()
        assert count == (1,)
