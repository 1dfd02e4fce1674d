"""Signing in and out, the first administrator, and when a session ends."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from renkei import clock
from renkei.actions.accounts import AgentSettings, issue_first_sign_in, save_agent
from renkei.errors import RejectedError
from renkei.models import Agent, AuditEntry, BusinessGroup, OneTimeSignIn, Presence, User
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from tests.sample_centre import PASSWORD, make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def enter(client: Client, name: str, password: str) -> Any:
    return client.post("/accounts/login/", {"login": name, "password": password})


def test_a_person_signs_in_with_name_and_password_and_out_again() -> None:
    person = make_person(ADMINISTRATOR)
    client = Client()
    assert enter(client, person.username, PASSWORD).status_code == 302
    assert client.get("/console/ivrs/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/console/ivrs/").status_code == 302


def test_an_unknown_name_and_a_wrong_password_are_answered_alike() -> None:
    """No user-exists oracle."""
    person = make_person(ADMINISTRATOR)
    answers = [enter(Client(), name, "wrong-passphrase") for name in (person.username, "nobody")]
    assert [answer.status_code for answer in answers] == [200, 200]
    shown = [answer.content.decode().split("<main")[1] for answer in answers]
    problems = [html.split('role="alert"')[1].split("</div>")[0] for html in shown]
    assert problems[0] == problems[1]


def test_guessing_is_slowed_by_address_and_locks_no_victim_out() -> None:
    person = make_person(ADMINISTRATOR)
    attacker = Client(REMOTE_ADDR="198.51.100.7")
    for _ in range(12):
        enter(attacker, person.username, "wrong-passphrase")
    assert enter(attacker, person.username, PASSWORD).status_code != 302
    assert enter(Client(REMOTE_ADDR="203.0.113.9"), person.username, PASSWORD).status_code == 302


def test_a_disabled_person_does_not_come_in() -> None:
    person = make_person(AGENT)
    User.objects.filter(pk=person.pk).update(is_active=False)
    client = Client()
    enter(client, person.username, PASSWORD)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("path", ["signup/", "password/reset/", "email/", "password/set/"])
def test_nobody_signs_up_and_nothing_waits_for_a_mail_server(path: str) -> None:
    assert Client().get(f"/accounts/{path}").status_code == 404


def test_the_next_page_is_one_of_ours() -> None:
    client = sign_in(make_person(ADMINISTRATOR))
    for there in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        answer = client.post("/accounts/language/", {"language": "en", "next": there})
        assert answer["Location"] == "/"


# ── the first administrator ──


def test_the_first_sign_in_works_once_and_makes_an_administrator() -> None:
    issued = issue_first_sign_in()
    assert issued is not None
    assert issued.token not in str(OneTimeSignIn.objects.values_list())
    sent = {"username": "hanako", "display_name": "管理 花子", "password": PASSWORD, "again": PASSWORD}
    client = Client()
    assert client.get(issued.path).status_code == 200
    assert client.post(issued.path, sent)["Location"] == "/"
    assert client.get("/console/settings/").status_code == 200
    person = User.objects.get(username="hanako")
    assert person.groups.get().name == ADMINISTRATOR
    assert Client().get(issued.path).status_code == 409
    assert Client().post(issued.path, {**sent, "username": "second"}).status_code == 409
    assert issue_first_sign_in() is None
    assert enter(Client(), "hanako", PASSWORD).status_code == 302
    assert AuditEntry.objects.filter(action="sign_in.first", user=person).count() == 1


def test_an_older_first_sign_in_stops_working_when_a_newer_is_issued() -> None:
    older, newer = issue_first_sign_in(), issue_first_sign_in()
    assert older is not None
    assert newer is not None
    assert Client().get(older.path).status_code == 409
    assert Client().get(newer.path).status_code == 200


def test_the_first_sign_in_runs_out() -> None:
    issued = issue_first_sign_in()
    assert issued is not None
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1), tick=False):
        assert Client().get(issued.path).status_code == 409


@pytest.mark.parametrize("password", ["short", "password123", "1234567890"])
def test_a_weak_first_password_is_refused_and_the_token_lives(password: str) -> None:
    issued = issue_first_sign_in()
    assert issued is not None
    sent = {"username": "hanako", "display_name": "花子", "password": password, "again": password}
    assert Client().post(issued.path, sent).status_code == 200
    assert Client().get(issued.path).status_code == 200


# ── when a session ends ──


@pytest.mark.parametrize(("minutes", "lives"), [(29, True), (31, False)])
def test_an_idle_session_ends_after_half_an_hour(minutes: int, lives: bool) -> None:
    client = sign_in(make_person(ADMINISTRATOR))
    begin = clock.now()
    with time_machine.travel(begin, tick=False):
        client.get("/console/ivrs/")
    with time_machine.travel(begin + timedelta(minutes=minutes), tick=False):
        assert (client.get("/console/ivrs/").status_code == 200) == lives


def test_a_page_that_asks_for_news_by_itself_keeps_no_session() -> None:
    """Nobody is at work at a screen left open."""
    client = sign_in(make_person(ADMINISTRATOR))
    begin = clock.now()
    with time_machine.travel(begin, tick=False):
        page = client.get("/console/services/").content.decode()
    assert "Renkei-By-Itself" in page
    for minutes in (10, 20, 29):
        with time_machine.travel(begin + timedelta(minutes=minutes), tick=False):
            assert client.get("/console/services/", headers={"renkei-by-itself": "1"}).status_code == 200
    with time_machine.travel(begin + timedelta(minutes=31), tick=False):
        assert client.get("/console/services/", headers={"renkei-by-itself": "1"}).status_code == 302


@pytest.mark.parametrize(
    ("state", "desk_was_open", "lives"),
    [
        (Presence.State.AWAY, timedelta(seconds=40), True),
        (Presence.State.AWAY, timedelta(minutes=5), False),
        (Presence.State.AVAILABLE, None, False),
        (Presence.State.TALKING, None, True),
        (Presence.State.OFFLINE, timedelta(seconds=40), False),
    ],
)
def test_an_open_desk_keeps_a_session_and_a_status_left_standing_does_not(
    state: str, desk_was_open: timedelta | None, lives: bool
) -> None:
    person = make_person(AGENT, group="受付")
    client = sign_in(person)
    begin = clock.now()
    with time_machine.travel(begin, tick=False):
        client.get("/accounts/sessions/")
    later = begin + timedelta(minutes=31)
    Presence.objects.update_or_create(
        agent=person.agent, defaults={"state": state, "stream_at": later - desk_was_open if desk_was_open else None}
    )
    with time_machine.travel(later, tick=False):
        assert ("login" not in client.get("/accounts/sessions/").headers.get("location", "")) == lives


def test_a_script_of_an_ended_session_is_told_and_gets_no_page() -> None:
    """It would fill the sign-in page into a part of the page."""
    client = sign_in(make_person(ADMINISTRATOR))
    begin = clock.now()
    with time_machine.travel(begin, tick=False):
        client.get("/console/ivrs/")
    with time_machine.travel(begin + timedelta(minutes=31), tick=False):
        answer = client.get("/console/ivrs/", headers={"hx-request": "true"})
        assert (answer.status_code, answer["HX-Refresh"]) == (401, "true")
        assert "<" not in answer.content.decode()


def test_a_session_ends_after_twelve_hours_however_busy() -> None:
    client = sign_in(make_person(ADMINISTRATOR))
    begin = clock.now()
    for quarter in range(48):
        with time_machine.travel(begin + timedelta(minutes=15 * quarter), tick=False):
            assert client.get("/console/ivrs/").status_code == 200
    with time_machine.travel(begin + timedelta(hours=12, seconds=1), tick=False):
        assert client.get("/console/ivrs/").status_code == 302


def test_no_limit_ends_a_session_during_a_call() -> None:
    person = make_person(SUPERVISOR, group="東")
    client = sign_in(person)
    client.get("/console/ivrs/")
    Presence.objects.update_or_create(agent=Agent.objects.get(user=person), defaults={"state": Presence.State.TALKING})
    with time_machine.travel(clock.now() + timedelta(hours=13), tick=False):
        assert client.get("/console/ivrs/").status_code == 200
        Presence.objects.update(state=Presence.State.OFFLINE)
        assert client.get("/console/ivrs/").status_code == 302


def settings_of(person: User, **changes: Any) -> AgentSettings:
    given: dict[str, Any] = {
        "username": person.username, "display_name": "人", "display_name_kana": "", "role": AGENT, "extension": "",
        "group": "", "is_enabled": True,
    }  # fmt: skip
    return AgentSettings(**{**given, **changes})


@pytest.mark.parametrize("change", [{"is_enabled": False}, {"role": SUPERVISOR}, {"password": "another-passphrase-7"}])
def test_disabling_or_another_role_or_password_ends_every_session(change: dict[str, Any]) -> None:
    person = make_person(AGENT)
    client = Client()
    enter(client, person.username, PASSWORD)
    assert Session.objects.count() == 1
    save_agent(make_person(ADMINISTRATOR), person.pk, settings_of(person, **change))
    assert client.get("/desk/").status_code == 302
    assert Session.objects.count() == 0


def test_a_changed_name_ends_no_session() -> None:
    person = make_person(AGENT)
    client = Client()
    enter(client, person.username, PASSWORD)
    save_agent(make_person(ADMINISTRATOR), person.pk, settings_of(person, display_name="新しい名前"))
    assert Session.objects.count() == 1


def test_nobody_reaches_up_to_the_administrators() -> None:
    editor = make_person(SUPERVISOR, rights=["agent.edit", "agent.create"])
    victim = make_person(ADMINISTRATOR)
    for person, role in ((victim, ADMINISTRATOR), (victim, AGENT), (editor, ADMINISTRATOR)):
        with pytest.raises(RejectedError, match="forbidden"):
            save_agent(editor, person.pk, settings_of(person, role=role, password=PASSWORD))
    assert Group.objects.get(name=ADMINISTRATOR).user_set.count() == 1


def test_the_last_administrator_stays() -> None:
    last = make_person(ADMINISTRATOR)
    for change in ({"role": AGENT}, {"role": ADMINISTRATOR, "is_enabled": False}):
        with pytest.raises(RejectedError, match="last_administrator"):
            save_agent(last, last.pk, settings_of(last, **change))
    assert User.objects.get(pk=last.pk).is_active


def test_an_agent_gets_an_extension_and_a_desk() -> None:
    BusinessGroup.objects.create(name="東")
    made = save_agent(
        make_person(ADMINISTRATOR),
        None,
        AgentSettings(
            username="sato", display_name="佐藤", display_name_kana="サトウ", role=AGENT, extension="201", group="東",
            is_enabled=True, password=PASSWORD,
        ),
    )  # fmt: skip
    agent = Agent.objects.get(user_id=made)
    assert (agent.extension, agent.business_group.name, agent.presence.state) == ("201", "東", "offline")


@pytest.mark.django_db(transaction=True)
def test_ended_sessions_are_told_to_the_open_streams(database_urls: Any) -> None:
    person = make_person(AGENT)
    with psycopg.connect(database_urls.app, autocommit=True) as listening:
        listening.execute("LISTEN renkei_sessions")
        save_agent(make_person(ADMINISTRATOR), person.pk, settings_of(person, is_enabled=False))
        told = next(listening.notifies(timeout=5, stop_after=1))
    assert told.payload == f"user:{person.pk}"
