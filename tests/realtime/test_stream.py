"""The stream loses nothing: real PostgreSQL, a real server, concurrent announcing transactions."""

import asyncio
import json
import random
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import LiteralString

import httpx2
import psycopg
from django.contrib.sessions.backends.db import SessionStore

from renkei import clock
from renkei.models import Agent, User
from tests.conftest import DatabaseUrls
from tests.environment import server
from tests.realtime.conftest import Member
from tests.realtime.listening import Listener, listen
from tests.realtime.serving import Serving

Office = tuple[Member, Member]
ANNOUNCE = "SELECT announce(%s::bigint[], %s, %s::jsonb)"


async def _announce(url: str, agents: list[int], count: int, *, seed: int) -> None:
    """``count`` transactions that each announce once; some wait with the lock held, some are rolled back."""
    chance = random.Random(seed)
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for turn in range(count):
            told = chance.sample(agents, chance.randint(1, len(agents)))
            await connection.execute(ANNOUNCE, [told, "call.route", json.dumps({"call": turn})])
            await asyncio.sleep(chance.random() * 0.004)
            if chance.random() < 0.2:
                await connection.rollback()
            else:
                await connection.commit()


async def _head(url: str, agent: int) -> int:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        row = await (
            await connection.execute("SELECT number FROM renkei_streamhead WHERE agent_id = %s", [agent])
        ).fetchone()
        return int(row[0]) if row else 0


async def _hear_with_drops(url: str, member: Member, seen: list[int], done: asyncio.Event, *, seed: int) -> None:
    """A browser whose connection drops again and again, and which resumes where it was."""
    chance = random.Random(seed)
    async with listen(url, member.session_key) as first:
        await first.until(lambda it: it.heard)
        assert first.heard[0].name == "open"
        last = first.heard[0].number or 0
    while not done.is_set():
        async with listen(url, member.session_key, last_event_id=last) as listener:
            await asyncio.sleep(chance.random() * 0.08)
            numbers = listener.numbers
            assert all(heard.name != "reload" for heard in listener.heard)
            seen += numbers
            last = numbers[-1] if numbers else last


async def test_dropped_and_doubled_connections_lose_nothing_while_transactions_race(
    serving: Serving, office: Office, database_urls: DatabaseUrls
) -> None:
    """Numbers arrive without a gap and each once a connection, whatever commits or is rolled back meanwhile.

    Proves B7.
    """
    hanako, taro = office
    agents = [hanako.agent.pk, taro.agent.pk]
    done, dropping = asyncio.Event(), list[int]()
    async with AsyncExitStack() as stack:
        steady = [await stack.enter_async_context(listen(serving.url, hanako.session_key)) for _ in range(2)]
        for listener in steady:
            await listener.until(lambda it: it.heard)
        browser = asyncio.create_task(_hear_with_drops(serving.url, hanako, dropping, done, seed=7))
        await asyncio.gather(*(_announce(database_urls.app, agents, 60, seed=seed) for seed in range(6)))
        head = await _head(database_urls.app, hanako.agent.pk)
        for listener in steady:
            await listener.until(lambda it: it.numbers and it.numbers[-1] == head)
            assert listener.numbers == list(range(1, head + 1))
        done.set()
        await browser
        last = dropping[-1] if dropping else 0
        async with listen(serving.url, hanako.session_key, after=last) as resumed:
            if last < head:
                await resumed.until(lambda it: it.numbers and it.numbers[-1] == head)
            dropping += resumed.numbers
    assert dropping == list(range(dropping[0], head + 1))
    assert head > 100


async def test_an_agent_hears_nothing_of_another(serving: Serving, office: Office, database_urls: DatabaseUrls) -> None:
    """Two agents with open streams each get their own events only."""
    hanako, taro = office
    async with (
        listen(serving.url, hanako.session_key) as hers,
        listen(serving.url, taro.session_key) as his,
        await psycopg.AsyncConnection.connect(database_urls.app, autocommit=True) as connection,
    ):
        await hers.until(lambda it: it.heard)
        await his.until(lambda it: it.heard)
        for call in range(5):
            await connection.execute(ANNOUNCE, [[hanako.agent.pk], "call.ringing", json.dumps({"call": call})])
        await connection.execute(ANNOUNCE, [[taro.agent.pk], "presence", "{}"])
        await hers.until(lambda it: len(it.numbers) == 5)
        await his.until(lambda it: len(it.numbers) == 1)
    assert [heard.refs["call"] for heard in hers.heard[1:]] == [0, 1, 2, 3, 4]
    assert his.heard[1].name == "presence"


async def test_a_reader_whose_events_are_gone_is_told_to_reload(
    serving: Serving, office: Office, database_urls: DatabaseUrls
) -> None:
    """Purged numbers and a reader from another life of the database both load anew, and go on from the head."""
    hanako, _ = office
    async with await psycopg.AsyncConnection.connect(database_urls.owner, autocommit=True) as connection:
        for _turn in range(4):
            await connection.execute(ANNOUNCE, [[hanako.agent.pk], "presence", "{}"])
        await connection.execute("DELETE FROM renkei_streamevent WHERE number <= 2")
        for after in (0, 1, 900):
            async with listen(serving.url, hanako.session_key, after=after) as listener:
                await listener.until(lambda it: it.heard)
                assert (listener.heard[0].name, listener.heard[0].number) == ("reload", 4)
        async with listen(serving.url, hanako.session_key, after=2) as listener:
            await listener.until(lambda it: len(it.heard) == 2)
            assert listener.numbers == [3, 4]


async def test_the_streams_go_on_when_the_listening_connection_is_cut(
    serving: Serving, office: Office, database_urls: DatabaseUrls
) -> None:
    """What is announced while nobody listens arrives when the hub is back."""
    hanako, _ = office
    async with listen(serving.url, hanako.session_key) as listener:
        await listener.until(lambda it: it.heard)
        async with await psycopg.AsyncConnection.connect(database_urls.owner, autocommit=True) as connection:
            await cut_listeners(database_urls)
            for _turn in range(3):
                await connection.execute(ANNOUNCE, [[hanako.agent.pk], "presence", "{}"])
        await listener.until(lambda it: len(it.numbers) == 3)
    assert listener.numbers == [1, 2, 3]
    assert [heard.name for heard in listener.heard[1:]] == ["presence"] * 3


async def cut_listeners(urls: DatabaseUrls) -> None:
    """End the connections that listen, in this database alone: others of the test run have theirs beside it. Only the
    server's administrator sees what another role's connection last did: LISTEN, or its sign of life."""
    told = psycopg.conninfo.conninfo_to_dict(urls.app)
    administrator = server.url("postgres", str(told["dbname"]))
    async with await psycopg.AsyncConnection.connect(administrator, autocommit=True) as connection:
        cut = await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = %s AND query ~ '^(LISTEN |SELECT 1$)'",
            [told["user"]],
        )
        assert (True,) in await cut.fetchall()


async def commit(urls: DatabaseUrls, statement: LiteralString, *params: object) -> None:
    """One committed statement."""
    async with await psycopg.AsyncConnection.connect(urls.app, autocommit=True) as connection:
        await connection.execute(statement, params)


async def _assert_ends(listener: Listener) -> None:
    await listener.until(lambda it: it.is_closed)
    assert listener.heard[-1].name == "ended"


async def test_the_end_of_a_session_closes_its_stream(
    serving: Serving, office: Office, database_urls: DatabaseUrls
) -> None:
    """Signing out, a new password, a lost role and a disabled account each end the stream at once when told."""
    hanako, taro = office

    async def tell(user: User) -> None:
        await commit(database_urls, "SELECT pg_notify('renkei_sessions', %s)", f"user:{user.pk}")

    async with listen(serving.url, hanako.session_key) as hers, listen(serving.url, taro.session_key) as his:
        await hers.until(lambda it: it.heard)
        await his.until(lambda it: it.heard)
        await commit(database_urls, "DELETE FROM django_session WHERE session_key = %s", hanako.session_key)
        await tell(hanako.user)
        await _assert_ends(hers)
        assert not his.is_closed
        await commit(database_urls, "DELETE FROM renkei_user_groups WHERE user_id = %s", taro.user.pk)
        await tell(taro.user)
        await _assert_ends(his)


async def _engage(urls: DatabaseUrls, member: Member, state: str) -> None:
    """The member's presence changes, and somebody says that this person's sessions should be looked at."""
    await commit(urls, "UPDATE renkei_presence SET state = %s WHERE agent_id = %s", state, member.agent.pk)
    await commit(urls, "SELECT pg_notify('renkei_sessions', %s)", f"user:{member.user.pk}")


def _age(member: Member, **ago: timedelta) -> None:
    """As if the session had begun, or been used, that long ago."""
    session = SessionStore(member.session_key)
    session.update({name: (clock.now() - age).isoformat() for name, age in ago.items()})
    session.save()


async def test_a_call_and_its_after_call_work_keep_an_old_session_and_then_it_ends(
    serving: Serving, office: Office, database_urls: DatabaseUrls
) -> None:
    """Twelve hours are over during the call: the stream goes on until the work is done, presence or not."""
    hanako, taro = office
    old = timedelta(hours=12, seconds=1)
    await asyncio.to_thread(_age, hanako, began=old, seen=timedelta())
    await commit(database_urls, "UPDATE renkei_presence SET state = 'ringing'")
    async with listen(serving.url, hanako.session_key) as hers, listen(serving.url, taro.session_key) as his:
        await hers.until(lambda it: it.heard)
        await his.until(lambda it: it.heard)
        for state in ("talking", "after_call"):
            await _engage(database_urls, hanako, state)
            await _tell_a_presence(database_urls, hanako)
        await hers.until(lambda it: len(it.numbers) == 2)
        assert not hers.is_closed
        await _engage(database_urls, hanako, "available")
        await _assert_ends(hers)
        assert not his.is_closed
    with httpx2.Client(cookies={"renkei_session": hanako.session_key}) as client:
        assert client.get(f"{serving.url}/events").status_code == 401


async def test_presence_counts_as_activity_and_so_does_another_tab(
    serving: Serving, office: Office, database_urls: DatabaseUrls
) -> None:
    """Half an hour without a page: with presence the stream goes on; without, only if the session was used since."""
    hanako, taro = office
    for member in office:
        await asyncio.to_thread(_age, member, began=timedelta(hours=1), seen=timedelta(minutes=31))
    await commit(database_urls, "UPDATE renkei_presence SET state = 'available', stream_at = clock_timestamp()")
    async with listen(serving.url, hanako.session_key) as hers, listen(serving.url, taro.session_key) as his:
        await hers.until(lambda it: it.heard)
        await his.until(lambda it: it.heard)
        await asyncio.to_thread(_age, taro, seen=timedelta())
        for member in office:
            await _engage(database_urls, member, "offline")
        await _assert_ends(hers)
        await _tell_a_presence(database_urls, taro)
        await his.until(lambda it: len(it.numbers) == 1)
        assert not his.is_closed


async def _tell_a_presence(urls: DatabaseUrls, member: Member) -> None:
    await commit(urls, ANNOUNCE, [member.agent.pk], "presence", "{}")


def test_nobody_unknown_gets_a_stream(serving: Serving) -> None:
    """A missing, unknown or hostile session cookie is refused with its sentence."""
    for session in (None, "nobodysessionkey0000000000000000", "\\x00' OR 1=1 --"):
        with httpx2.Client(cookies={} if session is None else {"renkei_session": session}) as client:
            answer = client.get(f"{serving.url}/events")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sign_in_required")


def test_a_person_without_the_right_or_without_an_extension_is_refused(serving: Serving, office: Office) -> None:
    """The stream is the desk's: it needs desk.view and an agent."""
    hanako, taro = office
    hanako.user.groups.clear()
    Agent.objects.filter(pk=taro.agent.pk).delete()
    for member, code in ((hanako, "forbidden"), (taro, "no_agent")):
        with httpx2.Client(cookies={"renkei_session": member.session_key}) as client:
            answer = client.get(f"{serving.url}/events")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)


def test_pages_are_mounted_and_keep_their_own_not_found(serving: Serving) -> None:
    """What is no route of ours reaches the pages."""
    assert httpx2.get(f"{serving.url}/accounts/login/").status_code == 200
    lost = httpx2.get(f"{serving.url}/no/such/page/")
    assert lost.status_code == 404
    assert "text/html" in lost.headers["content-type"]


async def test_stopping_the_server_ends_the_streams_quickly(serving: Serving, office: Office) -> None:
    """A supervisor that stops us does not wait for browsers."""
    hanako, _ = office
    async with listen(serving.url, hanako.session_key) as listener:
        await listener.until(lambda it: it.heard)
        assert await asyncio.to_thread(serving.stop) in (0, -15)
        await listener.until(lambda it: it.is_closed)
