"""Lists of histories: narrowed to one call, in the centre's time zone."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from renkei.models import Call, CallRing, ExternalApiCall, Installation, IvrStep, Presence
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from tests.sample_centre import make_call, make_person, sign_in

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC)  # the evening before in New York
THERE = "2025/01/30 19:05:07"
NEW_YORK = "America/New_York"


def step(call: Call) -> IvrStep:
    return IvrStep.objects.create(call=call, position=0, kind="entered", ivr_name="解約", at=AT)


def request(call: Call) -> ExternalApiCall:
    return ExternalApiCall.objects.create(
        call=call, connector="standard", method="GET", url="https://bot.example.jp/", outcome="ok", status=200, at=AT
    )


@pytest.mark.parametrize(("path", "make"), [("ivr-history", step), ("external-api", request)])
def test_a_history_is_narrowed_to_one_call(path: str, make: Callable[[Call], IvrStep | ExternalApiCall]) -> None:
    """``?call=`` shows this call's rows and no others; what is no number narrows nothing and is said."""
    client = sign_in(make_person(ADMINISTRATOR))
    wanted, other = make_call(), make_call()
    row, _other_row = make(wanted), make(other)
    shown = client.get(f"/console/{path}/?call={wanted.pk}").content.decode()
    assert shown.count('class="row-link"') == 1
    assert _address(path, row) in shown
    for hostile in ("0", "x", "1' OR 1=1", str(2**70)):
        answer = client.get(f"/console/{path}/", {"call": hostile})
        assert answer.status_code == 200
        assert answer.content.decode().count('class="row-link"') == 2
        assert 'class="field-error"' in answer.content.decode()


def _address(path: str, row: IvrStep | ExternalApiCall) -> str:
    return f"/{path}/{row.call_id}/#step-{row.pk}" if isinstance(row, IvrStep) else f"/{path}/{row.pk}/"


def test_every_screen_tells_times_in_the_zone_of_the_centre() -> None:
    """Proves D19."""
    Installation.objects.update(zone=NEW_YORK)
    person = make_person(SUPERVISOR, group="受付")
    Presence.objects.get_or_create(agent=person.agent)
    client = sign_in(person)
    call = make_call(arrived_at=AT, business_group=person.agent.business_group)
    row, asked = step(call), request(call)
    CallRing.objects.create(call=call, agent=person.agent, ring_id="r", rang_at=AT)
    for path in (
        "console/calls/", f"console/calls/{call.pk}/", "console/ivr-history/", f"console/ivr-history/{call.pk}/",
        "console/external-api/", f"console/external-api/{asked.pk}/", f"desk/calls/{call.pk}/notice/",
    ):  # fmt: skip
        shown = client.get(f"/{path}").content.decode()
        assert THERE in shown, path
        assert "09:05:07" not in shown, path
    assert f'id="step-{row.pk}"><time datetime="2025-01-30T19:05:07-05:00">19:05:07</time>' in _steps(client, call)
    assert "19:05:07" in client.get(f"/desk/calls/{call.pk}/route/").content.decode()


def _steps(client: Client, call: Call) -> str:
    return client.get(f"/console/ivr-history/{call.pk}/").content.decode()


def test_a_day_of_a_filter_is_a_day_of_the_centre() -> None:
    """The list narrowed to 30 January finds what a clock in the centre calls 30 January."""
    Installation.objects.update(zone=NEW_YORK)
    client = sign_in(make_person(ADMINISTRATOR))
    make_call(arrived_at=AT)
    found = {day: client.get(f"/console/calls/?since=2025/01/{day}&until=2025/01/{day}") for day in (29, 30, 31)}
    assert [day for day, answer in found.items() if THERE in answer.content.decode()] == [30]


def test_the_zone_of_one_request_does_not_reach_into_the_next() -> None:
    Installation.objects.update(zone=NEW_YORK)
    before = timezone.get_current_timezone_name()
    sign_in(make_person(ADMINISTRATOR)).get("/console/calls/")
    assert timezone.get_current_timezone_name() == before == "Asia/Tokyo"


def test_a_request_names_its_chat_system_as_people_know_it() -> None:
    """Not by the word the program keeps; one of a system that is gone is still shown."""
    client = sign_in(make_person(ADMINISTRATOR))
    for connector, shown in (("dec_support", "チャットボット連携(DEC Support)"), ("gone_system", "gone_system")):
        asked = ExternalApiCall.objects.create(
            call=make_call(), connector=connector, method="GET", url="https://bot.example.jp/", outcome="ok", at=AT
        )
        html = client.get(f"/console/external-api/{asked.pk}/").content.decode()
        assert shown in html.split("チャットシステム")[1].split("</dd>")[0]
