"""A call's arrival to the event in its one agent's stream, while many streams are open, at 50 calls a second.

Scale 1 is 2 000 open streams. The calls arrive on the simulated line: the time counts from the commit that places the
call, so it holds the worker, the IVR, the ring, and the stream. Yardstick: a bare LISTEN/NOTIFY round trip in the same
run, at the same rate, while the streams are open.
"""

import asyncio
import json
import resource
import time
from contextlib import aclosing
from dataclasses import dataclass, field

import psycopg

from bench.ground import Ground, free_port, ground, process, run_once
from bench.report import Report, Side, percentile

USUAL = 2_000
CALLS_A_SECOND = 50
CALLED = 200
"""Agents that are called, each by a number of its own; the others' streams are only open."""


async def run(scale: float, seconds: float) -> Report:
    """Measure; ``scale`` times 2 000 streams are open."""
    streams = max(CALLED, int(USUAL * scale))
    _raise_limit(streams + 500)
    report = Report(f"pop-up: {streams:,} open streams, {CALLS_A_SECOND} calls/s for {seconds:.0f} s (simulated line)")
    with ground() as base:
        keys = json.loads(run_once(base.environment, "-c", _MAKE, STREAMS=str(streams), CALLED=str(CALLED)))
        port = free_port()
        ready = f"http://127.0.0.1:{port}/healthz"
        with (
            process(base, "-m", "renkei.cli", "realtime", "--split", ready=ready, RENKEI_PORT=str(port)),
            process(base, "-m", "renkei.cli", "calls"),
        ):
            _wait_for_worker(base)
            crowd = Crowd(port)
            await crowd.open(keys)
            bare = await _notify_round_trips(base, seconds)
            ours = await crowd.call(base, seconds)
            crowd.close()
    report.sides += [bare, ours]
    ratio = percentile(ours.took, 0.5) / percentile(bare.took, 0.5) if bare.took else 0.0
    report.verdicts.append(f"p50 is {ratio:.1f} times the bare round trip's")
    report.judge("p99", percentile(ours.took, 0.99) * 1_000, aim=100, is_upper=True, unit=" ms")
    return report


_MAKE = """
import json, os, django
django.setup()
from datetime import timedelta
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from renkei import clock
from renkei.models import Agent, BusinessGroup, IncomingRule, PhoneNumber, Presence, User
streams, called = int(os.environ["STREAMS"]), int(os.environ["CALLED"])
group = BusinessGroup.objects.create(name="bench")
users = User.objects.bulk_create(
    [User(username=f"u{i}", display_name=f"Agent {i}", password=f"!{i}") for i in range(streams)])
right = Permission.objects.get(codename="desk.view")
User.user_permissions.through.objects.bulk_create(
    [User.user_permissions.through(user_id=u.pk, permission_id=right.pk) for u in users])
agents = Agent.objects.bulk_create(
    [Agent(user=u, extension=str(10000 + i), business_group=group) for i, u in enumerate(users)])
Presence.objects.bulk_create([Presence(agent=a, state="available") for a in agents])
for i, a in enumerate(agents[:called]):
    rule = IncomingRule.objects.create(name=f"ring {i}", steps=[{"do": "ring", "agents": [a.pk], "seconds": 60}])
    PhoneNumber.objects.create(e164=f"+813450{i:05}", name=str(i), business_group=group, entry_rule=rule,
        fallback_rule=rule)
store, end, keys = SessionStore(), clock.now() + timedelta(hours=2), []
rows = []
for u in users:
    key = os.urandom(16).hex()
    data = {"_auth_user_id": str(u.pk), "_auth_user_backend": "allauth.account.auth_backends.AuthenticationBackend",
            "_auth_user_hash": u.get_session_auth_hash()}
    rows.append(Session(session_key=key, session_data=store.encode(data), expire_date=end))
    keys.append(key)
Session.objects.bulk_create(rows)
print(json.dumps(keys))
"""


def _raise_limit(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted * 2, hard)), hard))


def _wait_for_worker(base: Ground) -> None:
    deadline = time.monotonic() + 30
    with psycopg.connect(base.app_url, autocommit=True) as connection:
        while not connection.execute("SELECT 1 FROM renkei_worker WHERE lease_until > now()").fetchone():
            if time.monotonic() > deadline:
                raise RuntimeError((base.folder / "process.log").read_text()[-2000:])
            time.sleep(0.05)


async def _notify_round_trips(base: Ground, seconds: float) -> Side:
    took: list[float] = []
    began = time.perf_counter()
    listener = await psycopg.AsyncConnection.connect(base.app_url, autocommit=True)
    sender = await psycopg.AsyncConnection.connect(base.app_url, autocommit=True)
    async with listener, sender:
        await listener.execute("LISTEN bench")
        async with aclosing(listener.notifies()) as told:
            while time.perf_counter() - began < seconds:
                sent = time.perf_counter()
                await sender.execute("SELECT pg_notify('bench', 'x')")
                await anext(told)
                took.append(time.perf_counter() - sent)
                await asyncio.sleep(max(0.0, 1 / CALLS_A_SECOND - (time.perf_counter() - sent)))
    return Side("bare LISTEN/NOTIFY round trip", time.perf_counter() - began, took)


@dataclass(slots=True)
class Crowd:
    """Many open streams in one event loop; each tells when a call rings for its agent."""

    port: int
    rang: dict[int, "asyncio.Future[float]"] = field(default_factory=dict)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def open(self, keys: list[str]) -> None:
        """Open all streams, a few at a time, as browsers would after a restart."""
        gate = asyncio.Semaphore(30)
        opened = [asyncio.get_running_loop().create_future() for _ in keys]
        for position, key in enumerate(keys):
            self._tasks.append(asyncio.create_task(self._follow(position, key, gate, opened[position])))
        await asyncio.wait_for(asyncio.gather(*opened), 300)

    async def _follow(self, position: int, key: str, gate: asyncio.Semaphore, opened: "asyncio.Future[None]") -> None:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(f"GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: renkei_session={key}\r\n\r\n".encode())
            status = await reader.readline()
            if b" 200 " not in status:
                opened.set_exception(RuntimeError(status.decode()))
                return
            while (await reader.readline()).strip() != b"event: open":
                pass
            opened.set_result(None)
        while line := await reader.readline():
            if line.strip() == b"event: call.ringing" and (waiting := self.rang.get(position)) and not waiting.done():
                waiting.set_result(time.perf_counter())

    async def call(self, base: Ground, seconds: float) -> Side:
        """Place calls at the rate; each agent's customer hangs up after the ring."""
        took: list[float] = []
        failed = 0
        began = time.perf_counter()
        connection = await psycopg.AsyncConnection.connect(base.app_url, autocommit=True)
        pending: set[asyncio.Task[float]] = set()
        async with connection:
            for number in range(int(seconds * CALLS_A_SECOND)):
                wait = began + number / CALLS_A_SECOND - time.perf_counter()
                await asyncio.sleep(max(0.0, wait))
                pending.add(asyncio.create_task(self._call_one(connection, number)))
            for result in await asyncio.gather(*pending, return_exceptions=True):
                if isinstance(result, float):
                    took.append(result)
                else:
                    failed += 1
        return Side("call placed → event in the stream", time.perf_counter() - began, took, failed)

    async def _call_one(self, connection: "psycopg.AsyncConnection[tuple[object, ...]]", number: int) -> float:
        agent, line = number % CALLED, f"sim-bench-{number}"
        self.rang[agent] = asyncio.get_running_loop().create_future()
        dial = {"number": f"0901{number:07}", "name": "", "withheld": False, "dialled": f"+813450{agent:05}"}
        await connection.execute(_ASK, {"line": line, "kind": "dial", "args": json.dumps(dial)}, prepare=True)
        sent = time.perf_counter()
        rang = await asyncio.wait_for(self.rang[agent], 10)
        await connection.execute(_ASK, {"line": line, "kind": "hang_up", "args": "{}"}, prepare=True)
        return max(0.0, rang - sent)

    def close(self) -> None:
        """Leave all streams."""
        for task in self._tasks:
            task.cancel()


_ASK = """
WITH asked AS (
    INSERT INTO renkei_simulatedaction (line_id, kind, args, asked_at, error_code)
    VALUES (%(line)s, %(kind)s, %(args)s::jsonb, clock_timestamp(), '') RETURNING id
) SELECT pg_notify('renkei_calls', 'simulated:' || id) FROM asked
"""
