"""The door test: every address has a lock, and every lock holds for every role."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from renkei.permissions import BUILT_IN_ROLES, RIGHTS
from renkei.web.locks import OPEN, SIGNED_IN, lock_of
from tests.sample_centre import make_person, sign_in

LIBRARY_PREFIXES = {"accounts/": "allauth: signing in is open, managing one's account asks for a sign-in itself"}
"""Addresses of libraries, which cannot carry our mark, with the reason why they may stand."""

SAMPLES = {"int": "987654321", "str": "x", "slug": "x", "path": "x"}


@dataclass(frozen=True, slots=True)
class Door:
    """One address: how it is written, an example of it, and its view."""

    route: str
    example: str
    view: Any

    @property
    def lock(self) -> str | None:
        return lock_of(self.view)

    @property
    def is_library(self) -> bool:
        module = getattr(self.view, "__module__", "")
        return module.startswith("allauth") and self.route.startswith(tuple(LIBRARY_PREFIXES))


def _walk(patterns: list[URLPattern | URLResolver], before: str = "", filled: str = "") -> Iterator[Door]:
    for pattern in patterns:
        route = before + str(pattern.pattern).removeprefix("^").removesuffix("\\Z")
        example = filled + _fill(pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route, example)
        else:
            yield Door(route, "/" + example, pattern.callback)


def _fill(pattern: URLPattern | URLResolver) -> str:
    written = str(pattern.pattern)
    for name, converter in getattr(pattern.pattern, "converters", {}).items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        sample = SAMPLES.get({"int": "int", "string": "str"}.get(kind, kind), "x")
        for form in (f"<{name}>", f"<int:{name}>", f"<str:{name}>", f"<slug:{name}>", f"<path:{name}>"):
            written = written.replace(form, sample)
    return written


def _is_api(door: Door) -> bool:
    return door.route.startswith("api/")


DOORS = list(_walk(get_resolver().url_patterns))
OURS = [door for door in DOORS if not door.is_library and not _is_api(door)]
LOCKED = [door for door in OURS if door.lock not in (None, OPEN)]


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


def test_every_operation_of_the_api_has_a_lock() -> None:
    from renkei.api.doors import api

    operations = [
        operation
        for _prefix, router in api._routers
        for path in router.path_operations.values()
        for operation in path.operations
    ]
    assert operations
    assert not [operation.view_func for operation in operations if lock_of(operation.view_func) not in RIGHTS]


@pytest.mark.django_db
def test_the_api_opens_for_nobody_without_a_key() -> None:
    for door in DOORS:
        if _is_api(door):
            assert Client().get(door.example).status_code in (401, 404, 405), door.route


@pytest.mark.django_db
def test_nobody_comes_in_without_signing_in() -> None:
    """Every locked address sends somebody who is not signed in to the sign-in page, whatever the method."""
    client = Client()
    for door in LOCKED:
        answers = [client.get(door.example), client.post(door.example)]
        assert {answer.status_code for answer in answers} <= {302, 401, 405}, door.route
        there = [answer["Location"] for answer in answers if answer.status_code == 302]
        assert all(address.startswith("/accounts/login/") for address in there), door.route


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(BUILT_IN_ROLES))
def test_a_role_opens_its_own_doors_and_no_others(role: str) -> None:
    """Each address × GET and POST × role: 403 without the right, something else with it (P6)."""
    client = sign_in(make_person(role))
    for door in LOCKED:
        for answer in (client.get(door.example), client.post(door.example)):
            if answer.status_code == 405:
                continue
            is_refused = answer.status_code == 403
            if door.lock not in BUILT_IN_ROLES[role] | {SIGNED_IN}:
                assert is_refused, (role, door.route)
            assert answer.status_code < 500, (role, door.route)
        client = sign_in(make_person(role)) if "_auth_user_id" not in client.session else client
