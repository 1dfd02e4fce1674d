"""The door test: every address has a lock, every lock holds for every role, and behind it rows keep to their owners."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client

from renkei.actions.accounts import create_api_key
from renkei.actions.accounts.api_keys import GRANTABLE
from renkei.api.doors import api
from renkei.api.keys import ANY_KEY
from renkei.models import Agent, Call
from renkei.permissions import BUILT_IN_ROLES, RIGHTS
from renkei.settings import config
from renkei.web.locks import OPEN, SIGNED_IN, lock_of
from tests.house.door_office import CENTRE, COLLEAGUE, OF_THE_GROUP, SCOPED, SECRETS, Office, make_office
from tests.house.doors import API, LOCKED, OURS, Door
from tests.sample_centre import make_person, sign_in

REFUSED, GONE, NO_SUCH_METHOD = HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED
METHODS = ("get", "post")


FURTHER = {"console/services/<int:row_id>/inbox/<int:item_id>/file/": "service.view"}
"""What an address asks for besides its lock."""


@pytest.fixture
def office(db: None, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(config, "emulator_url", "http://127.0.0.1:9")  # where the demonstration leads to
    return make_office()


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(client: Client, method: str, address: str) -> HttpResponseBase:
    """The answer of one address; nothing it did remains."""
    with undone():
        return getattr(client, method)(address)  # type: ignore[no-any-return]  # Client's methods by name


def body_of(answer: HttpResponseBase) -> str:
    """All that was answered."""
    pieces = answer.streaming_content if answer.streaming else [answer.content]  # type: ignore[attr-defined]
    return b"".join(pieces).decode("utf-8", "replace")


def test_every_address_has_a_lock() -> None:
    """A view without @may, @signed_in or @open_to_all fails the build."""
    assert len(OURS) > 50
    assert not [door.route for door in OURS if door.lock is None]


def test_every_lock_is_a_right_of_the_table() -> None:
    assert not [door.route for door in LOCKED if door.lock not in RIGHTS | {SIGNED_IN}]


def test_what_is_open_to_all_is_what_we_mean_to_be_open() -> None:
    assert {door.route for door in OURS if door.lock == OPEN} <= {
        "accounts/(signup|email|confirm-email|password/(reset|set)|phone)/",
        "accounts/first/<str:token>/",
        "accounts/language/",
    }


def test_every_parameter_is_somebodys_row_or_the_whole_centres() -> None:
    """A new address with a parameter must be settled: scoped, or written down why it needs no scope."""
    unsettled = [
        door.route
        for door in LOCKED
        if door.parameters and not is_scoped(door) and not door.route.startswith((*CENTRE, *OF_THE_GROUP))
    ]
    assert not unsettled


def is_scoped(door: Door) -> bool:
    return any(name in SCOPED for name in door.parameters)


def test_nobody_comes_in_without_signing_in(office: Office) -> None:
    """Every locked address sends somebody who is not signed in to the sign-in page, whatever the method."""
    client = Client()
    for door in LOCKED:
        answers = [ask(client, method, office.address_of(door)) for method in METHODS]
        assert {answer.status_code for answer in answers} <= {302, 401, 405}, door.route
        there = [answer["Location"] for answer in answers if answer.status_code == 302]
        assert all(address.startswith("/accounts/login/") for address in there), door.route


@pytest.mark.parametrize("role", sorted(BUILT_IN_ROLES))
def test_a_role_opens_its_own_doors_and_no_others(role: str, office: Office) -> None:
    """Each address on a real row × GET and POST × role: refused without the right, and with it neither refused nor
    unknown. Proves P6."""
    rights = BUILT_IN_ROLES[role] | {SIGNED_IN}
    client = sign_in(office.owners[role])
    Call.objects.update(answered_by=Agent.objects.get(user=office.owners[role]))
    wrong = []
    for door in LOCKED:
        statuses = [ask(client, method, office.address_of(door)).status_code for method in METHODS]
        known = [status for status in statuses if status != NO_SUCH_METHOD]
        assert known, f"{door.route} takes neither GET nor POST: ask it what it takes"
        may = {door.lock, FURTHER.get(door.route, door.lock)} <= rights
        if not all(status not in (REFUSED, GONE) and status < 500 if may else status == REFUSED for status in known):
            wrong.append((door.route, statuses))
    assert not wrong


def test_somebody_elses_row_is_not_found_whatever_rights_one_holds(office: Office) -> None:
    """Another group's supervisor, another group's agent, and a colleague who was never rung, each holding every right
    there is: 404 on each address of the row, by GET and by POST. Proves P6."""
    open_doors = []
    scoped = [door for door in LOCKED if is_scoped(door)]
    of_the_group = [door for door in LOCKED if door.route.startswith(OF_THE_GROUP)]
    for who, person in office.strangers.items():
        client = sign_in(person)
        for door in scoped if who == COLLEAGUE else scoped + of_the_group:
            statuses = [ask(client, method, office.address_of(door)).status_code for method in METHODS]
            if not set(statuses) <= {GONE, NO_SUCH_METHOD}:
                open_doors.append((who, door.route, statuses))
    assert len(scoped) > 20
    assert of_the_group
    assert not open_doors


def test_nothing_of_somebody_elses_row_stands_on_any_page(office: Office) -> None:
    """Whatever page or file a stranger with every right opens, no word of the row is in it; the row's own people find
    each of these words. Proves P6."""
    addresses = {door.route: office.address_of(door) for door in LOCKED}
    told = [
        (who, route, secret)
        for who, person in office.strangers.items()
        for route, body in read_all(sign_in(person), addresses)
        for secret in SECRETS
        if secret in body
    ]
    assert not told
    seen = "".join(body for _route, body in read_all(sign_in(office.owners["administrator"]), addresses))
    assert [secret for secret in SECRETS if secret not in seen] == []


def read_all(client: Client, addresses: dict[str, str]) -> Iterator[tuple[str, str]]:
    for route, address in addresses.items():
        with undone():
            yield route, body_of(client.get(address))


def test_the_api_opens_for_keys_that_hold_the_right_and_for_nobody_else(office: Office) -> None:
    """Each operation: 401 without a key, 403 for a key with every other right, 200 for one with the right alone; the
    description opens for any key. Proves P6."""
    person = office.owners["administrator"]
    operations = dict(_operations())
    for route, right in operations.items():
        address = office.address_of(next(door for door in API if door.route == route))
        assert Client().get(address).status_code == 401, route
        if right == ANY_KEY:
            key = create_api_key(person, name="z", rights=["look_up.view"])
            assert _client_with_key(key.secret).get(address).status_code == 200
            continue
        clients = {
            403: _client_with_key(create_api_key(person, name="x", rights=GRANTABLE - {right}).secret),
            200: _client_with_key(create_api_key(person, name="y", rights=[right]).secret),
        }
        for status, client in clients.items():
            assert client.get(address).status_code == status, route
    assert {door.route for door in API} - operations.keys() <= {"api/v1/"}, "ninja's root has no operation behind it"
    assert [route for route, right in operations.items() if right == ANY_KEY] == ["api/v1/openapi.json"]


def _client_with_key(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def _operations() -> Iterator[tuple[str, str]]:
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            locks = {lock_of(operation.view_func) for operation in view.operations}
            assert len(locks) == 1
            lock = locks.pop()
            assert lock in RIGHTS | {ANY_KEY}, path
            yield f"api/v1{prefix}/{path.lstrip('/')}".replace("{", "<").replace("}", ">"), lock


def test_a_person_who_signs_in_without_a_role_opens_only_their_own(office: Office) -> None:
    client = sign_in(make_person(None))
    for door in LOCKED:
        if door.lock != SIGNED_IN:
            statuses = {ask(client, method, office.address_of(door)).status_code for method in METHODS}
            assert statuses <= {REFUSED, NO_SUCH_METHOD}, door.route
