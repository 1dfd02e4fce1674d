"""A contact centre in a real database, a worker on the simulated line, the emulated provider behind real HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from renkei import clock
from renkei.cli.emulate.app import Provider, make_app
from renkei.cli.emulate.office import DEMO_API_KEY, DEMO_CHANNELS, DEMO_PROJECT
from renkei.cli.emulate.office import Office as EmulatedOffice
from renkei.cli.emulate.server import listen, running
from renkei.domain.line import Caller
from renkei.models.secrets import seal_fields
from renkei.settings import config
from renkei.telephony.simulator import SimulatedLine
from renkei.workers.calls import CallsWorker
from tests.conftest import DatabaseUrls
from tests.virtual_time import VirtualTime

NUMBER = "+81312340001"
MOBILE = "090-1234-5678"
PATIENCE = 25.0


class Centre:
    """Rows of a small contact centre; everything it makes is committed."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self.group = self.insert("businessgroup", name="受付")
        self.busy = int(self.rows("SELECT id FROM renkei_incomingrule WHERE builtin = 'busy'")[0]["id"])

    def insert(self, table: str, **columns: Any) -> int:
        names, holes = ", ".join(columns), ", ".join(f"%({name})s" for name in columns)
        key = "agent_id" if table == "presence" else "ivr_id" if table == "chatbotlinkage" else "id"
        made = self.connection.execute(
            f"INSERT INTO renkei_{table} ({names}) VALUES ({holes}) RETURNING {key} AS key", columns
        ).fetchone()
        assert made is not None
        return int(made["key"])

    def rows(self, statement: str, **params: Any) -> list[dict[str, Any]]:
        return self.connection.execute(statement, params).fetchall()

    def agent(self, extension: str, *, state: str = "available") -> int:
        user = self.insert(
            "user", password="!", is_superuser=False, username=f"agent{extension}", display_name=f"担当{extension}",
            display_name_kana="", language="ja", theme="auto", is_active=True, joined_at=clock.now(),
        )  # fmt: skip
        agent = self.insert("agent", user_id=user, extension=extension, business_group_id=self.group)
        self.insert("presence", agent_id=agent, state=state, since=clock.now(), next_state="")
        return agent

    def rule(self, name: str, steps: list[dict[str, Any]], *, builtin: str | None = None) -> int:
        return self.insert("incomingrule", name=name, builtin=builtin, steps=Jsonb(steps))

    def guidance(self, words: str, *, seconds: float = 4.0) -> int:
        return self.insert("guidance", name=words, words=words, media="guidance/test", seconds=seconds)

    def label(self, name: str) -> int:
        return self.insert("businesslabel", name=name)

    def ivr(self, name: str, url: str, *, error_rule: int, key: str = DEMO_API_KEY, **linkage: Any) -> int:
        ivr = self.insert("ivr", name=name, use_api=True, service_type="chatbot_dec_support", created_at=clock.now())
        given = {"project_id": DEMO_PROJECT, "channel_id": DEMO_CHANNELS[0]} | linkage
        self.insert(
            "chatbotlinkage", ivr_id=ivr, connector="dec_support", connector_settings=Jsonb({"base_url": url}),
            secrets=seal_fields({"api_key": key}), request_error_rule_id=error_rule, **given,
        )  # fmt: skip
        return ivr

    def branch(self, ivr: int, condition: str, **chosen: Any) -> int:
        given = {"guidance_form": "standard", "speech_text": "", "outside_number": "", "memo": "", "action": "rule"}
        return self.insert("responsebranch", ivr_id=ivr, condition=condition, **given | chosen)

    def number(self, e164: str = NUMBER, **entry: Any) -> int:
        given = {"business_group_id": self.group, "fallback_rule_id": self.busy, "name": "代表"}
        return self.insert("phonenumber", e164=e164, **given | entry)

    def presence(self, agent: int) -> str:
        return str(self.rows("SELECT state FROM renkei_presence WHERE agent_id = %(agent)s", agent=agent)[0]["state"])

    def call(self, line_id: str) -> dict[str, Any]:
        found = self.rows("SELECT * FROM renkei_call WHERE line_id = %(line_id)s", line_id=line_id)
        return found[0] if found else {}

    def steps(self, line_id: str) -> list[str]:
        return [str(step["kind"]) for step in self.details(line_id)]

    def details(self, line_id: str) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT step.* FROM renkei_ivrstep step JOIN renkei_call call ON call.id = step.call_id"
            " WHERE call.line_id = %(line_id)s ORDER BY position",
            line_id=line_id,
        )

    def link(self, line_id: str) -> dict[str, Any]:
        found = self.rows(
            "SELECT link.* FROM renkei_chatlink link JOIN renkei_call call ON call.id = link.call_id"
            " WHERE call.line_id = %(line_id)s ORDER BY link.id DESC",
            line_id=line_id,
        )
        return found[0] if found else {}

    def exchanges(self, line_id: str) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT api.* FROM renkei_externalapicall api JOIN renkei_call call ON call.id = api.call_id"
            " WHERE call.line_id = %(line_id)s ORDER BY api.id",
            line_id=line_id,
        )

    def events(self, agent: int) -> list[str]:
        found = self.rows("SELECT kind FROM renkei_streamevent WHERE agent_id = %(agent)s ORDER BY number", agent=agent)
        return [str(each["kind"]) for each in found if each["kind"] != "presence"]


@pytest.fixture
def centre(emptied_database: DatabaseUrls) -> Iterator[Centre]:
    made = Centre(emptied_database.app)
    with contextlib.closing(made.connection):
        yield made


@dataclass
class Bot:
    """The emulated provider, and where it listens."""

    provider: Provider
    url: str

    def chat(self, *texts: str, number: str = MOBILE, at: datetime | None = None) -> None:
        now = at or clock.now()
        chat = self.provider.office.start(DEMO_PROJECT, DEMO_CHANNELS[0], now=now)
        for text in texts:
            chat.say("user", text, now=now)
        self.provider.office.give_number(chat, number, now=now)


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    provider = Provider(EmulatedOffice(), now=lambda: clock.now(), public_url=url)
    async with running(make_app(provider), listening):
        yield Bot(provider, url)


@dataclass
class Desk:
    """A worker on the simulated line, and time in a test's hand."""

    centre: Centre
    line: SimulatedLine
    time: VirtualTime
    make: Callable[[], CallsWorker]
    workers: list[tuple[CallsWorker, "asyncio.Task[int]"]] = field(default_factory=list)

    async def start(self) -> CallsWorker:
        worker = self.make()
        self.workers.append((worker, asyncio.create_task(worker.run())))
        await eventually(lambda: worker.serving.is_up.is_set() and self.line._plan.busy_rule is not None)
        return worker

    async def kill(self) -> None:
        """As SIGKILL would: everything stops at once, nothing is said or written any more."""
        worker, task = self.workers.pop()
        for each in [*worker.serving.tasks, *worker._loops]:
            each.cancel()
        worker._leave = _do_nothing  # type: ignore[method-assign]  # a killed process does not leave cleanly
        task.cancel()
        await asyncio.gather(task, *worker.serving.tasks, *worker._loops, return_exceptions=True)
        await worker.serving.database.close()
        await worker.serving.providers.aclose()

    def dial(self, line_id: str, number: str = MOBILE, *, withheld: bool = False, dialled: str = NUMBER) -> str:
        self.line.dial(line_id, Caller(number, "", withheld), dialled=dialled)
        return line_id

    async def until(self, is_so: Callable[[], object]) -> None:
        await eventually(is_so)

    async def until_rung(self, line_id: str, extension: str) -> None:
        """The notice comes first, the telephone a moment later."""
        call = self.line._calls
        await eventually(lambda: line_id in call and extension in call[line_id].ringing)

    async def until_step(self, line_id: str, kind: str) -> None:
        await eventually(lambda: kind in self.centre.steps(line_id))

    async def until_ended(self, line_id: str) -> dict[str, Any]:
        await eventually(lambda: self.centre.call(line_id).get("state") == "ended")
        return self.centre.call(line_id)


async def _do_nothing() -> None:
    return


async def eventually(is_so: Callable[[], object]) -> None:
    """Wait until it is so, by asking again; fails after PATIENCE seconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while not is_so():
        assert loop.time() < until, "it never came to be"
        await asyncio.sleep(0.005)


@pytest.fixture
async def desk(centre: Centre, bot: Bot) -> AsyncIterator[Desk]:
    time = VirtualTime()
    line = SimulatedLine(time=time)
    settings = config.model_copy(update={"emulator_url": bot.url, "worker_name": "renkei-1"})
    made = Desk(centre, line, time, lambda: CallsWorker(settings, line=line, time=time))
    yield made
    for worker, task in made.workers:
        worker.stop()
        await task
