"""A key does at most what its maker may do now; both roads to a key agree."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.urls import reverse

from renkei.actions.accounts import create_api_key, revoke_api_key, take_api_key
from renkei.actions.accounts.api_keys import NewKey
from renkei.domain.api_key import KeyState, Maker, judge_key
from renkei.models import Agent, ApiKey, BusinessGroup, User
from renkei.models.statements import look_up as sql
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from renkei.queries.accounts.api_keys import list_api_keys, standing_of
from renkei.queries.scope import KeyHolder
from tests.sample_centre import make_call, make_person, sign_in

pytestmark = pytest.mark.django_db

GIVEN = ("call_history.view", "chat_content.view", "look_up.view")


@pytest.fixture
def maker() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def made(maker: User) -> NewKey:
    return create_api_key(maker, name="基幹CRM", rights=GIVEN)


def move(person: User, role: str) -> None:
    person.groups.set([Group.objects.get(name=role)])


def disable(person: User) -> None:
    person.is_active = False
    person.save()


def join_a_group(person: User) -> None:
    move(person, SUPERVISOR)
    group = BusinessGroup.objects.create(name="鍵の受付")
    Agent.objects.create(user=person, extension="7741", business_group=group)


def rob_the_role(person: User) -> None:
    role = Group.objects.get(name=ADMINISTRATOR)
    role.permissions.remove(*Permission.objects.filter(codename__in=GIVEN))


def rob_and_give_one_back(person: User) -> None:
    rob_the_role(person)
    person.user_permissions.add(Permission.objects.get(codename="call_history.view"))


ALL, NONE = frozenset(GIVEN), frozenset[str]()
FATES: list[tuple[Callable[[User], None], KeyState, frozenset[str]]] = [
    (lambda _: None, KeyState.VALID, ALL),
    (disable, KeyState.MAKER_DISABLED, NONE),
    (lambda person: move(person, SUPERVISOR), KeyState.FEWER_RIGHTS, ALL - {"look_up.view"}),
    (lambda person: move(person, AGENT), KeyState.MAKER_BOUND, NONE),
    (join_a_group, KeyState.MAKER_BOUND, NONE),
    (lambda person: person.groups.clear(), KeyState.MAKER_BOUND, NONE),
    (rob_the_role, KeyState.NO_RIGHTS, NONE),
    (rob_and_give_one_back, KeyState.FEWER_RIGHTS, frozenset({"call_history.view"})),
]


@pytest.mark.parametrize(("fate", "state", "rights"), FATES)
def test_a_key_does_what_its_maker_may_do_now(
    maker: User, made: NewKey, fate: Callable[[User], None], state: KeyState, rights: frozenset[str]
) -> None:
    """Whatever becomes of its maker, and the pages' road and the look-up's road to a key say the same."""
    fate(maker)
    key = ApiKey.objects.get(pk=made.id)
    standing = standing_of(key)
    assert (standing.state, standing.rights) == (state, rights)
    holder = take_api_key(made.secret)
    assert (holder.rights if isinstance(holder, KeyHolder) else None) == (rights if standing.opens else None)
    with connection.cursor() as cursor:
        cursor.execute(sql.KEY, {"prefix": key.prefix})
        row = cursor.fetchone()
    assert row is not None
    _id, _name, _digest, given, is_revoked, is_active, reaches_all, makers, *_used = row
    told = judge_key(
        frozenset(given),
        Maker(is_active=is_active, reaches_all=reaches_all, rights=frozenset(makers)),
        is_revoked=is_revoked,
    )
    assert told == standing


def test_a_disabled_makers_key_is_answered_like_an_unknown_one_and_wakes_with_the_maker(
    maker: User, made: NewKey
) -> None:
    """Nothing in the answer tells that the secret was right."""
    make_call()
    good = Client(headers={"Authorization": f"Bearer {made.secret}"})
    unknown = Client(headers={"Authorization": "Bearer rk_" + "a" * 8 + "_" + "b" * 43})
    assert good.get("/api/v1/calls").status_code == 200
    used = ApiKey.objects.get(pk=made.id).last_used_at
    disable(maker)
    refused, nobody = good.get("/api/v1/calls"), unknown.get("/api/v1/calls")
    assert (refused.status_code, refused.content) == (nobody.status_code, nobody.content) == (401, nobody.content)
    assert ApiKey.objects.get(pk=made.id).last_used_at == used
    maker.is_active = True
    maker.save()
    assert good.get("/api/v1/calls").status_code == 200


def test_a_right_that_its_maker_lost_is_forbidden_to_the_key(maker: User, made: NewKey) -> None:
    """The others go on."""
    move(maker, SUPERVISOR)
    Group.objects.get(name=SUPERVISOR).permissions.remove(Permission.objects.get(codename="call_history.view"))
    client = Client(headers={"Authorization": f"Bearer {made.secret}"})
    call = make_call(passed_linkage=True)
    assert client.get("/api/v1/calls").status_code == 403
    assert client.get(f"/api/v1/calls/{call.pk}/chat").status_code == 200


def test_a_maker_who_gains_rights_gives_the_key_none(maker: User) -> None:
    """A key never has more than it was given."""
    made = create_api_key(maker, name="狭い鍵", rights=["look_up.view"])
    holder = take_api_key(made.secret)
    assert holder is not None
    assert holder.rights == {"look_up.view"}


def test_the_screen_says_what_has_become_of_each_key(maker: User, made: NewKey) -> None:
    """And what to do about it, in both languages."""
    looker = make_person(ADMINISTRATOR)
    fates: list[tuple[Callable[[], object], str, str]] = [
        (lambda: None, "有効", "Valid"),
        (lambda: move(maker, SUPERVISOR), "有効(権限減)", "Valid, with fewer rights"),
        (lambda: disable(maker), "作成したアカウントが無効なため", "The account that made it is disabled"),
        (lambda: revoke_api_key(looker, made.id), "失効", "Revoked"),
    ]
    for fate, japanese, english in fates:
        fate()
        for language, words in (("ja", japanese), ("en", english)):
            page = sign_in(looker, language=language).get(reverse("console:api_keys")).content.decode()
            assert words in page, (language, words)
    assert [key.state for key in list_api_keys(looker) if key.id == made.id] == [KeyState.REVOKED]
