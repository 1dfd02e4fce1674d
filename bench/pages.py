"""発着信履歴 over many stored calls, page by page and filter by filter, beside an empty signed-in page.

Scale 1 is a million calls of three years. Each address is read as a browser reads it: signed in, over HTTP, its count
included. The yardstick is a list without a row in the same process: what is left is what the calls cost.
"""

import json
import time
from dataclasses import dataclass

import psycopg

from bench.ground import Caller, free_port, ground, process, run_once
from bench.report import Report, Side, percentile

USUAL = 1_000_000
BATCH = 100_000
AIM_MS = 300
MOST_READS, FEWEST_READS = 40, 3


@dataclass(frozen=True, slots=True)
class Visit:
    """One address, and the cookie of who reads it."""

    name: str
    path: str
    cookie: str


async def run(scale: float, seconds: float) -> Report:
    """Measure each page; ``scale`` times a million calls are stored. ``seconds`` bounds each page's reading."""
    stored = max(2_000, int(USUAL * scale))
    report = Report(f"pages: {stored:,} stored calls, one reader, {seconds:.0f} s a page at most")
    with ground() as base:
        run_once(base.environment, "-c", _FURNISH)
        store_calls(base.owner_url, stored)
        visits = [Visit(**each) for each in json.loads(run_once(base.environment, "-c", _ADDRESSES))]
        port = free_port()
        with process(
            base, "-m", "renkei.cli", "realtime", ready=f"http://127.0.0.1:{port}/healthz", RENKEI_PORT=str(port)
        ):
            for visit in visits:
                report.sides.append(await _read(port, visit, seconds))
    yardstick, *pages = report.sides
    slowest = max(pages, key=lambda side: percentile(side.took, 0.5))
    report.judge(
        f"slowest page ({slowest.name}), p50", percentile(slowest.took, 0.5) * 1_000, aim=AIM_MS, is_upper=True,
        unit=" ms",
    )  # fmt: skip
    first = next(side for side in pages if side.name == "first page")
    ratio = percentile(first.took, 0.5) / max(percentile(yardstick.took, 0.5), 0.000_001)
    report.judge("first page / empty page, p50", ratio, aim=3, is_upper=True)
    return report


async def _read(port: int, visit: Visit, seconds: float) -> Side:
    caller = Caller(port)
    request = (
        f"GET {visit.path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncookie: {visit.cookie}\r\naccept-language: ja\r\n\r\n"
    ).encode()
    await caller.send(request)  # the first one builds templates and plans
    took: list[float] = []
    failed, began = 0, time.perf_counter()
    while len(took) < MOST_READS and (time.perf_counter() - began < seconds or len(took) < FEWEST_READS):
        sent = time.perf_counter()
        if await caller.send(request) == 200:
            took.append(time.perf_counter() - sent)
        else:
            failed += 1
            if failed > MOST_READS:
                break
    caller.close()
    return Side(visit.name, time.perf_counter() - began, took, failed)


_FURNISH = """
import django
django.setup()
from django.contrib.auth.models import Group
from renkei.models import Agent, BusinessGroup, PhoneNumber, IncomingRule, User
groups = [BusinessGroup.objects.create(name=f"bench {number}") for number in range(5)]
rule = IncomingRule.objects.first()
for number in range(10):
    PhoneNumber.objects.create(e164=f"+8134500{number:04}", name=f"bench {number}", business_group=groups[number % 5],
        entry_rule=rule, fallback_rule=rule)
for number in range(50):
    user = User.objects.create_user(f"bench-{number}", display_name=f"bench {number}")
    user.groups.add(Group.objects.get(name=("supervisor", "agent")[number > 4]))
    Agent.objects.create(user=user, extension=str(1000 + number), business_group=groups[number % 5])
root = User.objects.create_user("bench-root", display_name="bench")
root.groups.add(Group.objects.get(name="administrator"))
"""

_CALLS = """
INSERT INTO renkei_call (line_id, direction, state, outcome, caller_raw, caller_name, caller_e164, caller_unknown,
    dialled_raw, number_id, business_group_id, answered_by_id, owner, passed_linkage, arrived_at, answered_at, ended_at,
    during_outage)
SELECT 'bench-' || place, CASE WHEN chance < 0.02 THEN 'out' ELSE 'in' END, 'ended', outcome,
    CASE WHEN is_withheld THEN 'anonymous' ELSE '0' || number END,
    CASE WHEN place %% 50 = 0 THEN '山田 ' || place ELSE '' END,
    CASE WHEN is_withheld THEN NULL ELSE '+81' || number END, CASE WHEN is_withheld THEN 'withheld' ELSE '' END,
    '0345000' || (place %% 10), told.id, told.business_group_id,
    CASE WHEN outcome = 'answered' THEN (SELECT min(id) FROM renkei_agent) + place %% 50 END, '', chance < 0.6,
    arrived_at, CASE WHEN outcome = 'answered' THEN arrived_at + interval '12 seconds' END,
    arrived_at + interval '3 minutes', false
FROM (
    SELECT place, chance, is_withheld,
        clock_timestamp() - (%(count)s - place) * (interval '1095 days' / %(count)s) AS arrived_at,
        (ARRAY['70', '80', '90'])[1 + place %% 3] || lpad((spread * 100000000)::bigint::text, 8, '0') AS number,
        CASE WHEN kind < 0.8 THEN 'answered' WHEN kind < 0.9 THEN 'abandoned' WHEN kind < 0.95 THEN 'missed'
            WHEN kind < 0.98 THEN 'busy' WHEN kind < 0.995 THEN 'guidance' WHEN kind < 0.999 THEN 'forwarded'
            ELSE 'fallback' END AS outcome
    FROM (
        SELECT place, random() AS chance, random() AS kind, random() * 0.99999999 AS spread,
            random() < 0.05 AS is_withheld
        FROM generate_series(%(first)s::int, %(last)s::int) place
    ) AS thrown
) AS made
JOIN (SELECT id, business_group_id, row_number() OVER (ORDER BY id) - 1 AS rank FROM renkei_phonenumber) AS told
    ON told.rank = place %% 10
"""

_LINKS = """
INSERT INTO renkei_chatlink (call_id, reason, source, record, window_minutes, at)
SELECT id, CASE WHEN kind < 0.6 THEN 'linked' WHEN kind < 0.9 THEN 'no_chat' WHEN kind < 0.95 THEN 'expired'
    WHEN kind < 0.98 THEN 'request_error' WHEN kind < 0.999 THEN 'number_mismatch' ELSE 'bad_channel' END,
    '', '{}', 1440, arrived_at
FROM (SELECT id, arrived_at, random() AS kind FROM renkei_call WHERE passed_linkage) AS thrown
"""

_RINGS = """
INSERT INTO renkei_callring (call_id, agent_id, ring_id, rang_at, ended_at, ended_why)
SELECT id, answered_by_id, 'bench', arrived_at, answered_at, 'answered'
FROM renkei_call WHERE answered_by_id IS NOT NULL
"""


def store_calls(url: str, count: int) -> None:
    """Fill the tables with calls, their links and rings, as plain SQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT setseed(0.5)")
        for first in range(1, count + 1, BATCH):
            connection.execute(_CALLS, {"count": count, "first": first, "last": min(first + BATCH - 1, count)})
        connection.execute(_LINKS)
        connection.execute(_RINGS)
        for table in ("call", "chatlink", "callring"):
            connection.execute(f"VACUUM ANALYZE renkei_{table}".encode())


_ADDRESSES = """
import json, django
django.setup()
from datetime import timedelta
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from renkei import clock
from renkei.models import Agent, Call, User
from renkei.queries.calls.history import CallFilter, list_calls
from renkei.queries.settings.installation import read_installation
from renkei.web.console.calls import CallFilterForm

def cookie(name):
    client = Client()
    client.force_login(User.objects.get(username=name), backend="allauth.account.auth_backends.AuthenticationBackend")
    return "; ".join(f"{key}={value.value}" for key, value in client.cookies.items())

zone = read_installation().zone
root, root_cookie = User.objects.get(username="bench-root"), cookie("bench-root")
page = reverse("console:calls")

def deep(user, wanted, rows):
    cursor = None
    while rows:
        size = min(rows, 200)
        cursor = list_calls(user, wanted, cursor=cursor, size=size).next_cursor
        rows -= size
    return cursor

def visit(name, words=None, more="", who=root_cookie, path=page):
    query = CallFilterForm(words, zone=zone).address_words() if words else ""
    visits.append({"name": name, "path": f"{path}?{query}{more}".rstrip("?&"), "cookie": who})

now = timezone.localtime(clock.now())
some = Call.objects.exclude(caller_e164=None).order_by("id")[Call.objects.count() // 3]
visits = []
visit("empty list (yardstick)", path=reverse("console:labels"))
visit("first page")
visit("hundredth page" , more="cursor=" + deep(root, CallFilter(), min(4950, Call.objects.count() - 50)))
visit("whole number", {"who": some.caller_raw})
visit("last four digits", {"who": some.caller_e164[-4:]})
visit("three digits", {"who": some.caller_e164[-3:]})
visit("first seven digits", {"who": some.caller_raw[:7]})
visit("digits of every number (090)", {"who": "090"})
visit("digits of no number", {"who": "0000000000001"})
visit("part of a name", {"who": "山田"})
visit("two letters of a name", {"who": "田 9"})
visit("a name nobody has", {"who": "存在しない名前"})
visit("last seven days", {"since": f"{now - timedelta(days=7):%Y/%m/%d}"})
month = {"since": f"{now - timedelta(days=900):%Y/%m/%d}", "until": f"{now - timedelta(days=870):%Y/%m/%d}"}
visit("a month long ago", month)
visit("one agent", {"agent_id": str(Agent.objects.first().pk)})
for outcome in ("answered", "missed", "fallback"):
    visit(f"outcome {outcome}", {"outcome": outcome})
for reason in ("linked", "expired", "bad_channel"):
    visit(f"chat linkage {reason}", {"reason": reason})
visit("rare outcome, three digits", {"outcome": "fallback", "who": some.caller_e164[-3:]})
visit("agent and rare reason", {"agent_id": str(Agent.objects.first().pk), "reason": "bad_channel"})
visit("a supervisor's first page", who=cookie("bench-0"))
visit("a supervisor's rare outcome", {"outcome": "fallback"}, who=cookie("bench-0"))
visit("a supervisor's four digits", {"who": some.caller_e164[-4:]}, who=cookie("bench-0"))
visit("an agent's first page", who=cookie("bench-9"))
visit("an agent's four digits", {"who": some.caller_e164[-4:]}, who=cookie("bench-9"))
print(json.dumps(visits))
"""
