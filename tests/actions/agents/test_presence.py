"""Presence follows the agent's choice, never out of a contact; telephone passwords follow signing in."""

from datetime import timedelta

import pytest
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import Signal

from renkei import clock
from renkei.actions.agents.browser_phone import read_phone
from renkei.actions.agents.presence import set_presence
from renkei.actions.calls import finish_after_call
from renkei.errors import RejectedError
from renkei.models import Agent, Call, Presence, User
from renkei.queries.desk import read_desk
from tests.actions.calls.test_ask import hire

pytestmark = pytest.mark.django_db


def state_of(agent: Agent) -> tuple[str, str]:
    """The status, and the one chosen for afterwards."""
    presence = Presence.objects.get(agent=agent)
    return presence.state, presence.next_state


@pytest.mark.parametrize("busy", ["ringing", "talking", "after_call"])
def test_a_choice_during_a_contact_waits_for_its_end(busy: str) -> None:
    """The contact goes on; the choice is kept."""
    agent = hire("hanako", "201")
    Presence.objects.update(state=busy)
    set_presence(agent.user, "away")
    assert state_of(agent) == (busy, "away")
    set_presence(agent.user, "available")
    assert state_of(agent) == (busy, "available")


@pytest.mark.parametrize("wish", ["talking", "after_call", "offline", "", "AWAY", "'; --"])
def test_only_two_statuses_can_be_chosen(wish: str) -> None:
    """The others follow from calls and signing in."""
    agent = hire("hanako", "201")
    with pytest.raises(RejectedError) as refused:
        set_presence(agent.user, wish)
    assert refused.value.code == "bad_presence"
    assert state_of(agent) == ("available", "")


def test_signing_in_and_out_moves_who_is_free_and_leaves_a_contact_alone() -> None:
    """In: away. Out: absent. A call in hand stays."""
    agent = hire("hanako", "201")
    for signal, before, after in (
        (user_logged_out, "available", "offline"),
        (user_logged_in, "offline", "away"),
        (user_logged_out, "talking", "talking"),
        (user_logged_in, "talking", "talking"),
    ):
        Presence.objects.update(state=before)
        signal.send(sender=User, request=None, user=User.objects.get(pk=agent.user.pk))
        assert state_of(agent)[0] == after


def test_the_telephones_password_is_new_at_each_sign_in_and_sealed() -> None:
    """What is stored is not what is used, and a sign-in makes the old one useless."""
    agent = hire("hanako", "201")
    first = read_phone(agent.user)
    assert (first.extension, first.user) == ("201", "201-web")
    assert read_phone(agent.user).password == first.password
    stored = bytes(Agent.objects.get().sip_password or b"")
    assert first.password.encode() not in stored
    user_logged_in.send(sender=User, request=None, user=User.objects.get(pk=agent.user.pk))
    assert read_phone(agent.user).password != first.password


def test_who_is_no_agent_has_no_presence_and_no_telephone() -> None:
    """Refused by name."""
    agent = hire("root", "201", role="administrator")
    person = agent.user
    agent.delete()
    person = User.objects.get(pk=person.pk)
    for deed in (lambda: set_presence(person, "away"), lambda: read_phone(person)):
        with pytest.raises(RejectedError) as refused:
            deed()
        assert refused.value.code == "no_agent"


@pytest.mark.parametrize("engaged", ["ringing", "talking", "after_call"])
def test_who_signs_out_during_a_contact_is_rung_no_more_after_it(engaged: str) -> None:
    """The end of a contact makes nobody available who is not there; signing in again takes that back."""
    agent = hire("hanako", "201")
    call = Call.objects.create(line_id="sim-1", state="talking")
    Presence.objects.update(state=engaged, call=call)
    _signal(user_logged_out, agent)
    assert state_of(agent) == (engaged, "offline")
    _signal(user_logged_in, agent)
    assert state_of(agent) == (engaged, "")


def test_after_call_work_of_a_call_that_is_gone_ends_with_the_next_sign_in() -> None:
    """The history's retention took the call: nobody can finish it any more."""
    agent = hire("hanako", "201")
    Presence.objects.update(state="after_call", call=None)
    _signal(user_logged_in, agent)
    assert state_of(agent) == ("away", "")


def test_after_call_work_stays_at_the_desk_however_old_it_is() -> None:
    """Without it there the agent could never be free again."""
    agent = hire("hanako", "201")
    long_ago = clock.now() - timedelta(days=3)
    call = Call.objects.create(line_id="sim-1", state="ended", answered_by=agent, ended_at=long_ago)
    assert read_desk(agent.user).calls == ()
    Presence.objects.update(state="after_call", call=call)
    assert [shown.id for shown in read_desk(agent.user).calls] == [call.pk]
    finish_after_call(agent.user, call.pk)
    assert state_of(agent) == ("available", "")


def _signal(signal: Signal, agent: Agent) -> None:
    signal.send(sender=User, request=None, user=User.objects.get(pk=agent.user.pk))
