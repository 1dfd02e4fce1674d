"""Which calls a person reaches."""

import pytest
from django.urls import reverse

from renkei.models import Agent, BusinessGroup, Call, User
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from renkei.queries.scope import KeyHolder, visible_calls
from tests.sample_centre import make_call, make_person, ring, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, User]:
    return {
        "administrator": make_person(ADMINISTRATOR),
        "supervisor of all": make_person(SUPERVISOR),
        "supervisor east": make_person(SUPERVISOR, group="東"),
        "agent east": make_person(AGENT, group="東"),
        "agent west": make_person(AGENT, group="西"),
        "agent without a desk": make_person(AGENT),
    }


@pytest.fixture
def calls(people: dict[str, User]) -> dict[str, Call]:
    east, west = BusinessGroup.objects.get(name="東"), BusinessGroup.objects.get(name="西")
    calls = {
        "east, answered by east": make_call(
            business_group=east, answered_by=Agent.objects.get(user=people["agent east"])
        ),
        "east, nobody": make_call(business_group=east),
        "west, rung east": make_call(business_group=west),
        "west, nobody": make_call(business_group=west),
        "no group": make_call(),
    }
    ring(calls["west, rung east"], people["agent east"])
    return calls


SEEN = {
    "administrator": {"east, answered by east", "east, nobody", "west, rung east", "west, nobody", "no group"},
    "supervisor of all": {"east, answered by east", "east, nobody", "west, rung east", "west, nobody", "no group"},
    "supervisor east": {"east, answered by east", "east, nobody"},
    "agent east": {"east, answered by east", "west, rung east"},
    "agent west": set(),
    "agent without a desk": set(),
}


@pytest.mark.parametrize("who", SEEN)
def test_a_person_sees_exactly_the_calls_of_their_reach(
    who: str, people: dict[str, User], calls: dict[str, Call]
) -> None:
    seen = set(visible_calls(people[who]).values_list("id", flat=True))
    assert seen == {calls[name].pk for name in SEEN[who]}


def test_an_api_key_reaches_every_call(calls: dict[str, Call]) -> None:
    assert visible_calls(KeyHolder(1, "CRM", frozenset())).count() == len(calls)


def test_a_disabled_person_sees_nothing(people: dict[str, User], calls: dict[str, Call]) -> None:
    people["administrator"].is_active = False
    assert not visible_calls(people["administrator"]).exists()


@pytest.mark.parametrize("who", SEEN)
def test_a_call_outside_is_not_found_and_one_inside_is(
    who: str, people: dict[str, User], calls: dict[str, Call]
) -> None:
    """Outside one's rows it looks exactly like a call that does not exist (P6)."""
    client = sign_in(people[who])
    for name, call in calls.items():
        expected = 200 if name in SEEN[who] else 404
        assert client.get(reverse("console:call", args=[call.pk])).status_code == expected, name
    listed = client.get(reverse("console:calls")).content.decode()
    for name, call in calls.items():
        assert (f'href="/console/calls/{call.pk}/"' in listed) == (name in SEEN[who]), name
