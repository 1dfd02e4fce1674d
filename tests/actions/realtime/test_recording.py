"""What the IVR machine noted becomes rows and announcements, together and once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection as django_connection
from pytest_django.plugin import DjangoDbBlocker

from renkei import clock
from renkei.actions.realtime.calls import Noted, record, reserve_agents
from renkei.domain.ivr_words import CallOutcome, NoteEnded, NoteLabel, NoteLinkage, NoteRingOver, NoteStep
from renkei.domain.line import EndedBy
from renkei.models import Agent, BusinessGroup, BusinessLabel, Call, CallCommand, Ivr, Presence, User
from tests.conftest import DatabaseUrls

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Office:
    """A call that has just come, an agent who is free, what the agent asked of it, and the settings it passes."""

    call: int
    agent: int
    command: int
    ivr: int
    label: int


@pytest.fixture
def office(
    emptied_database: DatabaseUrls, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Office]:
    with django_db_blocker.unblock():
        user = User.objects.create_user("recording", display_name="記録")
        group = BusinessGroup.objects.create(name="記録")
        agent = Agent.objects.create(user=user, extension="881", business_group=group)
        Presence.objects.create(agent=agent, state="available")
        call = Call.objects.create(line_id="recording-1", state="in_ivr")
        command = CallCommand.objects.create(call=call, agent=agent, kind="hang_up")
        ivr = Ivr.objects.create(name="連携", use_api=True, service_type="chatbot_dec_support")
        label = BusinessLabel.objects.create(name="解約")
        yield Office(call.pk, agent.pk, command.pk, ivr.pk, label.pk)
        django_connection.close()


async def rows(conn: Connection, query: str, **params: Any) -> list[tuple[Any, ...]]:
    return await (await conn.execute(query.encode(), params)).fetchall()


async def told(conn: Connection, agent: int) -> list[tuple[str, dict[str, Any]]]:
    """The events of the agent's stream, in order."""
    query = "SELECT kind, refs FROM renkei_streamevent WHERE agent_id = %(agent)s ORDER BY number"
    return [(kind, refs) for kind, refs in await rows(conn, query, agent=agent)]


async def test_the_way_a_call_went_is_stored_once_and_told_to_who_listens(
    office: Office, connection: Connection
) -> None:
    """Steps, labels and the linkage passed; written again after a doubtful commit they add nothing.

    Proves R133, R45.
    """
    await reserve_agents(connection, office.call, ring_id="r1", agent_ids=[office.agent])
    at = clock.now()
    notes = [
        Noted(at, NoteStep(0, "entered", office.ivr, "連携", {"why": "\x00"})),
        Noted(at, NoteLinkage(office.ivr)),
        Noted(at, NoteLabel(office.label)),
        Noted(at, NoteLabel(office.label)),
        Noted(at + timedelta(microseconds=1), NoteLabel(office.label)),
        Noted(at, NoteStep(1, "left")),
    ]
    before = len(await told(connection, office.agent))
    for _turn in range(2):
        await record(connection, office.call, notes=notes)
    steps = "SELECT position, ivr_id, ivr_name, kind, detail, at FROM renkei_ivrstep WHERE call_id = %(call)s"
    assert sorted(await rows(connection, steps, call=office.call)) == [
        (0, office.ivr, "連携", "entered", {"why": "\ufffd"}, at),
        (1, None, "", "left", {}, at),
    ]
    labels = "SELECT at FROM renkei_calllabel WHERE call_id = %(call)s ORDER BY at"
    assert await rows(connection, labels, call=office.call) == [(at,), (at + timedelta(microseconds=1),)]
    assert await rows(connection, "SELECT passed_linkage FROM renkei_call WHERE id = %(call)s", call=office.call) == [
        (True,)
    ]
    news = (await told(connection, office.agent))[before:]
    assert news == [("call.route", {"call": office.call})] * 2


async def test_nobody_is_told_of_a_way_that_nobody_listens_to(office: Office, connection: Connection) -> None:
    """Proves R45."""
    await record(connection, office.call, notes=[Noted(clock.now(), NoteStep(0, "entered", office.ivr, "連携"))])
    assert await told(connection, office.agent) == []


@pytest.mark.parametrize("is_ring_over_first", [True, False])
async def test_a_call_that_ends_ends_its_rings_and_answers_what_was_asked(
    office: Office, connection: Connection, is_ring_over_first: bool
) -> None:
    """In one transaction, whatever rang on: the agent is free, the command closed, the stream says so, and the way
    the call went comes last.

    Proves R86, R133.
    """
    await reserve_agents(connection, office.call, ring_id="r1", agent_ids=[office.agent])
    before = len(await told(connection, office.agent))
    at = clock.now()
    over = [Noted(at, NoteRingOver("r1", "declined"))] if is_ring_over_first else []
    ended = [Noted(at, NoteStep(0, "left")), Noted(at, NoteEnded(CallOutcome.ABANDONED, EndedBy.CALLER))]
    await record(connection, office.call, notes=[*over, *ended])
    call = "SELECT state, outcome, ended_at FROM renkei_call WHERE id = %(call)s"
    assert await rows(connection, call, call=office.call) == [("ended", "abandoned", at)]
    why = "declined" if is_ring_over_first else "taken_back"
    ring = "SELECT ended_why, ended_at FROM renkei_callring WHERE call_id = %(call)s"
    assert await rows(connection, ring, call=office.call) == [(why, at)]
    presence = "SELECT state, call_id FROM renkei_presence WHERE agent_id = %(agent)s"
    assert await rows(connection, presence, agent=office.agent) == [("available", None)]
    command = "SELECT done_at IS NOT NULL, error_code FROM renkei_callcommand WHERE id = %(command)s"
    assert await rows(connection, command, command=office.command) == [(True, "call_gone")]
    news = (await told(connection, office.agent))[before:]
    assert [kind for kind, _ in news] == ["call.taken_back", "presence", "command.done"]
    assert news[2][1] == {"command": office.command, "call": office.call, "error": "call_gone"}
