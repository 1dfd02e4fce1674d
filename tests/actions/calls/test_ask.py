"""What an agent may ask of a call, and what becomes of the asking."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from renkei import clock
from renkei.actions.calls import ask, finish_after_call
from renkei.errors import RejectedError
from renkei.models import Agent, BusinessGroup, Call, CallCommand, CallRing, Presence, User, Worker

pytestmark = pytest.mark.django_db


def hire(name: str, extension: str, *, role: str = "agent") -> Agent:
    """An agent who is 受付可."""
    group, _ = BusinessGroup.objects.get_or_create(name="受付")
    user = User.objects.create_user(name, display_name=name)
    user.groups.add(Group.objects.get(name=role))
    agent = Agent.objects.create(user=user, extension=extension, business_group=group)
    Presence.objects.create(agent=agent, state="available")
    return agent


def call_for(agent: Agent, *, state: str = "ringing", lease: float = 60) -> Call:
    """A call that rings this agent, or that the agent has answered."""
    Worker.objects.update_or_create(name="w-1", defaults={"lease_until": clock.now() + timedelta(seconds=lease)})
    call = Call.objects.create(line_id=f"sim-{agent.pk}-{state}", state=state, owner="w-1")
    answered = state != "ringing"
    CallRing.objects.create(
        call=call, agent=agent, ring_id="r", ended_at=clock.now() if answered else None,
        ended_why="answered" if answered else "",
    )  # fmt: skip
    if answered:
        call.answered_by = agent
        call.ended_at = clock.now() if state == "ended" else None
        call.save()
        Presence.objects.filter(agent=agent).update(state="after_call" if state == "ended" else "talking", call=call)
    return call


def refusal(agent: Agent, call_id: int, kind: str) -> str:
    """The code with which it is refused."""
    with pytest.raises(RejectedError) as refused:
        ask(agent.user, call_id, kind=kind)
    return refused.value.code


def test_asking_twice_is_one_command_and_wakes_the_worker() -> None:
    """An impatient double click changes nothing."""
    agent = hire("hanako", "201")
    call = call_for(agent)
    first, second = ask(agent.user, call.pk, kind="accept"), ask(agent.user, call.pk, kind="accept")
    assert first == second
    assert CallCommand.objects.get().kind == "accept"
    CallCommand.objects.update(done_at=clock.now(), error_code="line_lost")
    assert ask(agent.user, call.pk, kind="accept") != first


def test_a_dead_worker_is_said_instead_of_a_button_that_does_nothing() -> None:
    """The lease is the database's word on who lives."""
    agent = hire("hanako", "201")
    call = call_for(agent, lease=-1)
    assert refusal(agent, call.pk, "accept") == "worker_gone"
    Call.objects.update(owner="")
    assert refusal(agent, call.pk, "accept") == "worker_gone"
    assert CallCommand.objects.count() == 0


@pytest.mark.parametrize("role", ["agent", "supervisor", "administrator"])
def test_nobody_commands_anothers_call(role: str) -> None:
    """Not even who may see it."""
    agent, other = hire("hanako", "201"), hire("taro", "202", role=role)
    call = call_for(agent, state="talking")
    for kind in ("accept", "decline", "hang_up", "hold", "unhold"):
        assert refusal(other, call.pk, kind) == "not_found"
    assert refusal(other, 10**9, "hang_up") == "not_found"


@pytest.mark.parametrize(
    ("state", "kind", "code"),
    [
        ("ringing", "hang_up", "call_gone"),
        ("ringing", "hold", "call_gone"),
        ("talking", "accept", "call_gone"),
        ("ended", "hang_up", "call_gone"),
        ("ended", "unhold", "call_gone"),
        ("talking", "dance", "bad_command"),
        ("talking", "", "bad_command"),
    ],
)
def test_what_does_not_fit_the_stage_is_refused(state: str, kind: str, code: str) -> None:
    """With a code that has a sentence."""
    agent = hire("hanako", "201")
    assert refusal(agent, call_for(agent, state=state).pk, kind) == code


def test_after_call_work_ends_once_and_the_chosen_status_follows() -> None:
    """完了 twice is harmless; what was chosen during the contact counts."""
    agent = hire("hanako", "201")
    call = call_for(agent, state="ended")
    Presence.objects.filter(agent=agent).update(next_state="away")
    finish_after_call(agent.user, call.pk)
    first = Call.objects.get().wrapped_up_at
    finish_after_call(agent.user, call.pk)
    assert Call.objects.get().wrapped_up_at == first is not None
    assert Presence.objects.values_list("state", "next_state", "call").get() == ("away", "", None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM renkei_streamevent WHERE agent_id = %s", [agent.pk])
        assert cursor.fetchall() == [("presence",)]


def test_after_call_work_cannot_end_while_the_call_goes_on_nor_for_others() -> None:
    """Each with its code."""
    agent, other = hire("hanako", "201"), hire("taro", "202")
    call = call_for(agent, state="talking")
    for who, code in ((agent, "call_not_over"), (other, "not_found")):
        with pytest.raises(RejectedError) as refused:
            finish_after_call(who.user, call.pk)
        assert refused.value.code == code
