"""Guessing is slow for all processes together, and no weapon against somebody else."""

import re
from pathlib import Path

import httpx2
import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from renkei.actions.privacy.purging import purge_sign_ins
from renkei.models import User
from renkei.permissions import ADMINISTRATOR
from tests.conftest import DatabaseUrls
from tests.realtime.serving import serve
from tests.sample_centre import PASSWORD, make_person

NAME = "limit-victim"


def attempt(url: str, password: str) -> int:
    """One attempt as a browser makes it, with a new session; the answer's status."""
    with httpx2.Client(base_url=url, timeout=60) as browser:
        form = browser.get("/accounts/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None
        words = {"login": NAME, "password": password, "csrfmiddlewaretoken": token[1]}
        return browser.post("/accounts/login/", data=words, headers={"referer": url}).status_code


def test_two_processes_count_the_same_attempts(
    emptied_database: DatabaseUrls, django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> None:
    """Six wrong at one, five at the other: then the right one is refused at both, and after a restart."""
    with django_db_blocker.unblock():
        User.objects.create_user(NAME, PASSWORD, display_name="制限").groups.add(Group.objects.get(name=ADMINISTRATOR))
    with serve(tmp_path) as one, serve(tmp_path) as other:
        assert attempt(other.url, PASSWORD) == 302
        assert {attempt(one.url, "wrong-passphrase") for _turn in range(6)} == {200}
        for _turn in range(5):
            attempt(other.url, "wrong-passphrase")
        assert attempt(one.url, PASSWORD) != 302
        assert attempt(other.url, PASSWORD) != 302


@pytest.mark.django_db
def test_a_forged_address_buys_no_further_attempts() -> None:
    """Whatever a stranger writes into forwarding headers, their address is that of the connection."""
    cache.clear()
    person = make_person(ADMINISTRATOR)
    for turn in range(12):
        forged = {"x-forwarded-for": f"203.0.113.{turn}", "forwarded": f"for=203.0.113.{turn}", "x-real-ip": "::1"}
        stranger = Client(REMOTE_ADDR="198.51.100.77", headers=forged)
        stranger.post("/accounts/login/", {"login": person.username, "password": "wrong-passphrase"})
    stranger = Client(REMOTE_ADDR="198.51.100.77", headers={"x-forwarded-for": "203.0.113.200"})
    assert stranger.post("/accounts/login/", {"login": person.username, "password": PASSWORD}).status_code != 302
    # The victim, anywhere else, comes in at once: names are not counted.
    victim = Client(REMOTE_ADDR="203.0.113.201")
    assert victim.post("/accounts/login/", {"login": person.username, "password": PASSWORD}).status_code == 302


@pytest.mark.django_db
def test_the_limit_tells_nothing_about_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known, unknown and disabled are answered alike before and at the limit, and cost one hash each."""
    cache.clear()
    known, disabled = make_person(ADMINISTRATOR), make_person(ADMINISTRATOR)
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    made: list[str] = []
    real = hashers.Argon2PasswordHasher.encode

    def encode(self: hashers.Argon2PasswordHasher, password: str, salt: str) -> str:
        made.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "encode", encode)
    checked: list[str] = []
    real_verify = hashers.Argon2PasswordHasher.verify

    def verify(self: hashers.Argon2PasswordHasher, password: str, encoded: str) -> bool:
        checked.append(password)
        return bool(real_verify(self, password, encoded))

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "verify", verify)
    told = []
    for place, name in enumerate((known.username, "nobody-at-all", disabled.username)):
        client = Client(REMOTE_ADDR=f"198.51.100.{100 + place}")
        made.clear()
        checked.clear()
        answers = [client.post("/accounts/login/", {"login": name, "password": "wrong-passphrase"}) for _ in range(12)]
        assert len(made) + len(checked) >= 10, name
        first, last = answers[0].content.decode(), answers[-1].content.decode()
        told.append((answers[0].status_code, answers[-1].status_code, _alert(first), _alert(last)))
    assert told[0] == told[1] == told[2]


@pytest.mark.django_db
def test_counted_attempts_that_have_run_out_are_purged() -> None:
    """The table holds a minute's attempts, not a year's."""
    cache.clear()
    cache.set("gone", 1, -1)
    cache.set("over", 1, 0.000_001)
    cache.set("stands", 1, 600)
    purge_sign_ins()
    assert cache.get("stands") == 1


def _alert(page: str) -> str:
    found = re.search(r'role="alert".*?</div>', page, re.S)
    return found[0] if found else ""
