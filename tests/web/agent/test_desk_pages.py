"""The desk's fragments: whose call, which conditions, what never leaves the server."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils.html import escape

from renkei import clock
from renkei.models import (
    Agent,
    AuditEntry,
    BusinessGroup,
    Call,
    CallRing,
    ChatConversation,
    ChatLink,
    ChatMessage,
    CtiPreference,
    ExternalApiCall,
    IncomingRule,
    Installation,
    IvrStep,
    PhoneNumber,
    Presence,
    User,
)

pytestmark = pytest.mark.django_db

SECRET = "合言葉は山"
HOSTILE = "<script>alert(1)</script>\u202e'; DROP TABLE"


def hire(name: str = "hanako", extension: str = "201", *, role: str = "agent") -> tuple[Client, Agent]:
    """An agent with both ticks, signed in."""
    group, _ = BusinessGroup.objects.get_or_create(name="受付")
    user = User.objects.create_user(name, display_name=name)
    user.groups.add(Group.objects.get(name=role))
    agent = Agent.objects.create(user=user, extension=extension, business_group=group)
    Presence.objects.create(agent=agent, state="available")
    number, _ = PhoneNumber.objects.get_or_create(
        e164="+81312345678", defaults={
            "name": "専用", "business_group": group, "entry_rule": IncomingRule.objects.get(builtin="busy"),
            "fallback_rule": IncomingRule.objects.get(builtin="busy"),
        },
    )  # fmt: skip
    CtiPreference.objects.create(agent=agent, show_chat=True).numbers.add(number)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client, agent


def ring(agent: Agent, *, linked: bool = True, **columns: object) -> Call:
    """A call of the linkage IVR that rings this agent."""
    given = {
        "line_id": "sim-1", "state": "ringing", "number": PhoneNumber.objects.get(), "passed_linkage": True,
        "caller_e164": "+819012345678",
    } | columns  # fmt: skip
    call = Call.objects.create(**given)
    CallRing.objects.create(call=call, agent=agent, ring_id="r")
    if linked:
        chat = ChatConversation.objects.create(connector="standard", project_id="p", channel_id="c", external_id="1")
        ChatMessage.objects.create(
            conversation=chat, position=0, speaker="customer", kind="text", text=SECRET,
            sent_at=clock.now() - timedelta(minutes=5),
        )  # fmt: skip
        ChatLink.objects.create(call=call, conversation=chat, reason="linked", source="stored")
    return call


def test_the_chat_window_opens_when_all_conditions_hold_and_reading_is_written_down() -> None:
    """Proves R84."""
    client, agent = hire()
    call = ring(agent)
    answer = client.get(f"/desk/calls/{call.pk}/chat/")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert SECRET in answer.content.decode()
    assert AuditEntry.objects.get(action="chat.read").detail == {"call": call.pk, "via": "popup"}


@pytest.mark.parametrize(
    "switch",
    ["api_linked_ivr", "chatbot_linkage", "crm_linkage", "tick", "number", "right", "path"],
)
def test_with_any_condition_missing_not_a_word_leaves_the_server(switch: str) -> None:
    """Proves R8, R76, R109."""
    client, agent = hire()
    call = ring(agent)
    match switch:
        case "tick":
            CtiPreference.objects.update(show_chat=False)
        case "number":
            agent.cti.numbers.clear()
        case "right":
            Group.objects.get(name="agent").permissions.filter(codename__startswith="chat_content").delete()
        case "path":
            Call.objects.update(passed_linkage=False)
        case option:
            Installation.objects.update(**{option: False})
    answer = client.get(f"/desk/calls/{call.pk}/chat/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert AuditEntry.objects.filter(action="chat.read").count() == 0
    assert 'data-popup="no"' in client.get(f"/desk/calls/{call.pk}/notice/").content.decode()


def test_while_the_look_up_runs_the_window_waits() -> None:
    """202 without a body: the stream tells when it is done."""
    client, agent = hire()
    answer = client.get(f"/desk/calls/{ring(agent, linked=False).pk}/chat/")
    assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.parametrize("role", ["agent", "supervisor", "administrator"])
def test_anothers_call_is_not_found_whoever_asks(role: str) -> None:
    """The desk shows one's own calls only, and commands no others (P6)."""
    _, agent = hire()
    stranger, _ = hire("taro", "202", role=role)
    call = ring(agent)
    for part in ("notice", "route", "chat"):
        assert stranger.get(f"/desk/calls/{call.pk}/{part}/").status_code == 404
    for deed in ("ask/accept", "ask/hang_up", "finish"):
        assert stranger.post(f"/desk/calls/{call.pk}/{deed}/", headers={"x-requested-with": "fetch"}).status_code == 404
    assert json.loads(stranger.get("/desk/state/").content)["calls"] == []


def test_hostile_caller_fields_are_inert_in_the_notice() -> None:
    """Escaped, directions made visible, and a withheld number is never told (P5)."""
    client, agent = hire()
    call = ring(agent, caller_e164=None, caller_unknown="unparsable", caller_raw=HOSTILE, caller_name=HOSTILE)
    body = client.get(f"/desk/calls/{call.pk}/notice/").content.decode()
    assert "<script>" not in body
    assert "\u202e" not in body
    assert escape("<script>alert(1)</script>[U+202E]") in body
    Call.objects.update(caller_unknown="withheld", caller_e164="+819012345678", caller_raw="09012345678")
    body = client.get(f"/desk/calls/{call.pk}/notice/").content.decode()
    assert "非通知" in body
    assert "5678" not in body.replace("03-1234-5678", "")


def test_the_telephones_password_is_given_by_post_to_its_agent_only() -> None:
    """Never by an address a browser keeps."""
    client, agent = hire()
    assert client.get("/desk/phone/").status_code == 405
    answer = client.post("/desk/phone/")
    told = json.loads(answer.content)
    assert (told["user"], answer["Cache-Control"]) == (f"{agent.extension}-web", "no-store")
    assert len(told["password"]) >= 32


def test_the_desk_needs_its_right_and_an_extension() -> None:
    """Signed out: to the sign-in page. Without right or extension: a sentence."""
    assert Client().get("/desk/").status_code == 302
    assert Client().get("/desk/state/", headers={"x-requested-with": "fetch"}).status_code == 401
    client, agent = hire()
    agent.delete()
    assert client.get("/desk/").status_code == 409
    Group.objects.get(name="agent").permissions.clear()
    assert client.get("/desk/").status_code == 403


def test_signed_out_scripts_are_told_and_people_are_led_to_the_sign_in() -> None:
    """A page leads to the sign-in also for whoever names no type; a fragment says so and htmx reloads; JSON is JSON."""
    for accepted in ({}, {"accept": "*/*"}, {"accept": "text/html"}):
        answer = Client().get("/", headers=accepted)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/")
    fragment = Client().get("/console/calls/", headers={"hx-request": "true", "accept": "*/*"})
    assert (fragment.status_code, fragment["HX-Refresh"]) == (401, "true")
    program = Client().get("/desk/state/", headers={"accept": "application/json"})
    assert (program.status_code, program.json()["error"]["code"]) == (401, "sign_in_required")


@pytest.mark.parametrize(
    ("columns", "result"),
    [
        ({"state": "ringing"}, "着信中"),
        ({"state": "talking", "mine": True}, "通話中"),
        ({"state": "held", "mine": True}, "保留中"),
        ({"state": "ended", "mine": True}, "応答"),
        ({"state": "ended", "outcome": "missed"}, "不応答"),
        ({"state": "talking"}, "不応答"),
    ],
)
def test_ones_calls_of_today_say_where_each_stands(columns: dict[str, Any], result: str) -> None:
    """A call that still rings is no missed call; one that a colleague took is."""
    client, agent = hire()
    given = {name: value for name, value in columns.items() if name != "mine"}
    if "mine" in columns:
        given |= {"answered_by": agent, "answered_at": clock.now()}
    call = ring(agent, **given)
    if columns["state"] != "ringing":
        CallRing.objects.update(ended_at=clock.now())
    if columns["state"] == "ended":
        Call.objects.filter(pk=call.pk).update(ended_at=clock.now(), wrapped_up_at=clock.now())
    shown = client.get("/desk/today/").content.decode()
    assert f">{result}</span>" in shown


def test_an_error_leads_to_the_step_and_the_request_of_this_call() -> None:
    """Proves R132."""
    client, agent = hire(role="supervisor")
    call = ring(agent, linked=False)
    ChatLink.objects.create(call=call, reason="provider_error")
    steps = [
        IvrStep.objects.create(call=call, position=place, kind=kind)
        for place, kind in enumerate(("entered", "looked_up", "branch"))
    ]
    requests = [
        ExternalApiCall.objects.create(call=call, connector="c", method="GET", url="u", outcome="http_500")
        for _ in range(2)
    ]
    shown = client.get(f"/desk/calls/{call.pk}/chat/").content.decode()
    there = {f"/console/ivr-history/{call.pk}/#step-{steps[1].pk}", f"/console/external-api/{requests[1].pk}/"}
    assert set(re.findall(r'href="(/console/[^"]+)"', shown)) == there
    assert f'id="step-{steps[1].pk}"' in client.get(f"/console/ivr-history/{call.pk}/").content.decode()
    assert client.get(f"/console/external-api/{requests[1].pk}/").status_code == 200
    ExternalApiCall.objects.all().delete()
    assert (
        f'href="/console/external-api/?call={call.pk}"' in client.get(f"/desk/calls/{call.pk}/chat/").content.decode()
    )
    Group.objects.get(name="supervisor").permissions.filter(codename__contains="_history.view").delete()
    assert "/console/" not in client.get(f"/desk/calls/{call.pk}/chat/").content.decode()
