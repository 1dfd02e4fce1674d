"""Calls through Asterisk: an IVR with look-up (60 % find a chat, 30 % none, 10 % fail), histories written, and
an agent's pop-up announced; beside the barest ARI application. Which rate is sustained without one failed call?

Each call is looked up, labelled, played half a second of guidance, and rings an agent whose telephone is away: the ring
is announced and over at once, and the call is ended. ``decision`` places 50 calls a second at a number without look-up
and compares INVITE to 200 OK.
"""

import asyncio
import contextlib
import json
import threading
import urllib.request
from collections.abc import Iterator, Sequence

import psycopg

from bench.ground import Ground, free_port, ground, process, run_once
from bench.report import Report, Side, percentile
from bench.telephone import SOUND, SOUND_SECONDS, Load, asterisk, bare_application, our_worker, place_calls
from tests.asterisk_rig import AsteriskRig

Callers = Sequence[tuple[str, str]]

RATES = (5, 10, 15, 20, 30, 40, 55, 70, 90, 120, 150)
CHATS = 60
NUMBERS = 20
DECISIONS_A_SECOND = 50


async def run(scale: float, seconds: float) -> Report:
    """Raise the rate step by step on both sides; ``scale`` stretches the steps' rates."""
    return await asyncio.to_thread(_run, scale, seconds)


def _run(scale: float, seconds: float) -> Report:
    rates = [rate * scale for rate in RATES]
    report = Report(f"calls: rates up to the first failed call, {seconds:.0f} s each (Asterisk, SIPp)")
    with ground(RENKEI_EMULATOR_URL=f"http://127.0.0.1:{free_port()}") as base, asterisk() as rig:
        url = base.environment["RENKEI_EMULATOR_URL"]
        callers = _prepare(base)
        with process(base, "-m", "renkei.cli", "emulate", "--url", url, ready=url):
            _seed(url)
            with bare_application(base, rig):
                bare = _climb(rig, callers, rates, seconds)
            with our_worker(base, rig), _agents_come_back(base):
                ours = _climb(rig, callers, rates, seconds)
    report.sides += [_side("bare application", bare), _side("calls worker", ours)]
    report.judge("ratio of sustained rates", ours.rate / bare.rate if bare.rate else 0.0, aim=0.5, is_upper=False)
    return report


async def decide(scale: float, seconds: float) -> Report:
    """INVITE to 200 OK at 50 calls a second (times ``scale``), for a number that plays guidance at once."""
    return await asyncio.to_thread(_decide, scale, seconds)


def _decide(scale: float, seconds: float) -> Report:
    rate = DECISIONS_A_SECOND * scale
    report = Report(f"decision: {rate:.0f} calls/s for {seconds:.0f} s, INVITE to 200 OK (Asterisk, SIPp)")
    with ground(RENKEI_EMULATOR_URL=f"http://127.0.0.1:{free_port()}") as base, asterisk() as rig:
        _prepare(base)
        callers = [("09011110000", "0345099999")]
        with bare_application(base, rig):
            place_calls(rig, callers, rate=5, seconds=1)  # connections, prepared statements
            bare = place_calls(rig, callers, rate=rate, seconds=seconds)
        with our_worker(base, rig):
            place_calls(rig, callers, rate=5, seconds=1)
            ours = place_calls(rig, callers, rate=rate, seconds=seconds)
    report.sides += [_side("bare application", bare), _side("calls worker", ours)]
    more = (percentile(ours.took, 0.99) - percentile(bare.took, 0.99)) * 1_000
    report.judge("p99 beyond the bare application's", more, aim=20, is_upper=True, unit=" ms")
    return report


@contextlib.contextmanager
def _agents_come_back(base: Ground) -> Iterator[None]:
    """An agent who missed a ring is away until they say otherwise; here they say so five times a second."""
    over = threading.Event()

    def bring_back() -> None:
        with psycopg.connect(base.app_url, autocommit=True) as connection:
            while not over.wait(0.2):
                connection.execute(_AVAILABLE)

    thread = threading.Thread(target=bring_back)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


_AVAILABLE = (
    "UPDATE renkei_presence SET state = 'available', call_id = NULL WHERE state NOT IN ('available', 'ringing')"
)


def _side(name: str, load: Load) -> Side:
    return Side(f"{name}, {load.rate:.0f} calls/s", load.seconds, load.took, load.failed)


def _climb(rig: AsteriskRig, callers: Callers, rates: Sequence[float], seconds: float) -> Load:
    best = Load(0.0, (), 0, seconds)
    for rate in rates:
        load = place_calls(rig, callers, rate=rate, seconds=seconds)
        if not load.is_sustained:
            break
        best = load
    return best


def _prepare(base: Ground) -> list[tuple[str, str]]:
    run_once(base.environment, "-c", _MAKE, NUMBERS=str(NUMBERS), SOUND=SOUND, SECONDS=str(SOUND_SECONDS))
    callers = []
    for turn in range(CHATS * 10):
        # Of ten calls six find a chat, three find none, one asks a provider that fails.
        kind = turn % 10
        caller = f"0901234{turn % CHATS:04}" if kind < 6 else f"0805678{turn % 1000:04}"
        callers.append((caller, f"034509{turn % 2 if kind == 9 else 2 + turn % (NUMBERS - 2):04}"))
    return callers


_MAKE = """
import os, django
django.setup()
from renkei.models import *
from renkei.models.secrets import seal_fields
group = BusinessGroup.objects.create(name="bench")
guidance = Guidance.objects.create(name="bench", words="bench", media=os.environ["SOUND"],
    seconds=float(os.environ["SECONDS"]))
label = BusinessLabel.objects.create(name="bench")
plain = IncomingRule.objects.create(name="plain",
    steps=[{"do": "guidance", "guidance": guidance.pk}, {"do": "hang_up"}])
PhoneNumber.objects.create(e164="+81345099999", name="plain", business_group=group, entry_rule=plain,
    fallback_rule=plain)
for i in range(int(os.environ["NUMBERS"])):
    user = User.objects.create_user(f"u{i}", display_name=f"Agent {i}")
    agent = Agent.objects.create(user=user, extension=str(1000 + i), business_group=group)
    Presence.objects.create(agent=agent, state="available")
    rule = IncomingRule.objects.create(name=f"ring {i}", steps=[{"do": "guidance", "guidance": guidance.pk},
        {"do": "ring", "agents": [agent.pk], "seconds": 5}, {"do": "hang_up"}])
    ivr = Ivr.objects.create(name=f"ivr {i}", use_api=True, service_type="chatbot_dec_support")
    ChatbotLinkage.objects.create(ivr=ivr, connector="dec_support", channel_id="demo-web",
        project_id="failing" if i < 2 else "demo-project", request_error_rule=rule,
        connector_settings={"base_url": os.environ["RENKEI_EMULATOR_URL"]},
        secrets=seal_fields({"api_key": "demo-api-key"}))
    for condition in ("success", "failure"):
        ResponseBranch.objects.create(ivr=ivr, condition=condition, label=label, action="rule", rule=rule)
    PhoneNumber.objects.create(e164=f"+8134509{i:04}", name=str(i), business_group=group, entry_ivr=ivr,
        fallback_rule=plain)
"""


def _seed(url: str) -> None:
    for position in range(CHATS):
        body = {"number": f"0901234{position:04}", "texts": ["解約したい", "オペレーター"], "minutes_ago": 5}
        _post(f"{url}/control/chats", "POST", body)
    _post(f"{url}/control/failures", "PUT", {"failure": "status_500", "project_id": "failing"})


def _post(url: str, method: str, body: object) -> None:
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, method=method, data=json.dumps(body).encode(), headers=headers)
    urllib.request.urlopen(request, timeout=10).close()
