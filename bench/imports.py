"""The import: completed chats over HTTP pages into cases, interactions, customers and search, beside a plain COPY.

Scale 1 is 100 000 chats of ten messages from the emulated chat system (the standard chat API, 500 a page), read by the
jobs process as it runs for a centre. The yardstick is a COPY of the same rows into the same tables: nothing is decided.
The service's memory is looked at throughout: it must not grow with the number of chats.
"""

import json
import time
import urllib.request
from pathlib import Path

import psycopg

from bench.ground import Ground, free_port, ground, process, processor_seconds, run_once
from bench.report import Report

USUAL = 100_000
MESSAGES = 10
AIM = 0.05
_TABLES = ("customer", "snscustomer", "case", "interaction", "interactionmessage")


async def run(scale: float, seconds: float) -> Report:
    """Import ``scale`` times 100 000 chats, then COPY what came of them; ``seconds`` has no meaning here."""
    count = max(500, int(USUAL * scale))
    report = Report(f"import: {count:,} completed chats x {MESSAGES} messages")
    port = free_port()
    with ground(RENKEI_EMULATOR_URL=f"http://127.0.0.1:{port}") as base:
        setting = int(run_once(base.environment, "-c", _FURNISH))
        with process(base, "-m", "renkei.cli", "emulate", ready=f"http://127.0.0.1:{port}/control/closed"):
            _order(port, count)
            began = time.perf_counter()
            with process(base, "-m", "renkei.cli", "jobs") as jobs:
                least, most = _watch(base, setting, count, jobs.pid)
                imported, spent = time.perf_counter() - began, processor_seconds(jobs.pid)
        copied = _copy(base)
    ours = f"{spent:.1f} s of the jobs process's processor time, {spent / count * 1_000:.2f} ms a chat"
    report.verdicts.append(f"imported  {count / imported:>9.1f} chats/s   {imported:>8.1f} s, {ours}")
    report.verdicts.append(f"COPY      {count / copied:>9.1f} chats/s   {copied:>8.1f} s")
    report.judge("ratio", copied / imported, aim=AIM, is_upper=False)
    report.judge("memory at its most / after the first tenth", most / least, aim=1.25, is_upper=True)
    return report


def _order(port: int, count: int) -> None:
    body = json.dumps({"system": "standard", "name": "bench", "count": count, "messages": MESSAGES}).encode()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/control/closed/bulk", data=body, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.status == 201


def _watch(base: Ground, setting: int, count: int, pid: int) -> tuple[int, int]:
    """Wait until all is done; the process's memory after the first tenth, and at its most (kB)."""
    least = most = 0
    with psycopg.connect(base.owner_url, autocommit=True) as connection:
        while True:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'quarantined')"
                " FROM renkei_inboxitem WHERE setting_id = %s",
                [setting],
            ).fetchone()
            assert row is not None
            done, aside = row
            if aside:
                raise RuntimeError("the bench's chats are set aside")
            memory = _memory(pid)
            if done >= count / 10:
                least = least or memory
                most = max(most, memory)
            if done >= count:
                return least or memory, most or memory
            time.sleep(0.5)


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def _copy(base: Ground) -> float:
    """Take the rows out, empty the tables, and put the same rows in by COPY, triggers and indexes as they are."""
    kept: dict[str, bytes] = {}
    with psycopg.connect(base.owner_url, autocommit=True) as connection:
        with connection.cursor() as cursor:
            for table in _TABLES:
                with cursor.copy(f"COPY renkei_{table} TO STDOUT (FORMAT binary)") as out:
                    kept[table] = b"".join(out)
            cursor.execute("UPDATE renkei_inboxitem SET interaction_id = NULL")
            names = ", ".join(f"renkei_{table}" for table in _TABLES)
            cursor.execute(f"TRUNCATE {names}, renkei_interactionrevision CASCADE")
        began = time.perf_counter()
        with connection.transaction(), connection.cursor() as cursor:
            for table, rows in kept.items():
                with cursor.copy(f"COPY renkei_{table} FROM STDIN (FORMAT binary)") as into:
                    into.write(rows)
        return time.perf_counter() - began


_FURNISH = """
import django
django.setup()
from renkei import clock
from renkei.actions.services.snapshot import take_snapshot
from renkei.cli.emulate.closed.desk import DEMO_TOKEN, STANDARD_PATH
from renkei.models import Agent, BusinessGroup, ChatSetting, ImportService, User
from renkei.models.secrets import seal_fields
from renkei.settings import config
group = BusinessGroup.objects.create(name="bench")
agent = Agent.objects.create(user=User.objects.create_user("bench"), extension="200", business_group=group)
setting = ChatSetting.objects.create(
    connector="standard", name="bench", business_group=group, default_agent=agent, is_enabled=True,
    call_url=config.emulator_url + STANDARD_PATH, secrets=seal_fields({"token": DEMO_TOKEN}),
)
ImportService.objects.create(
    setting=setting, is_wanted=True, snapshot=take_snapshot(setting), snapshot_at=clock.now()
)
print(setting.pk)
"""
