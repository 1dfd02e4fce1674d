"""renkei doctor warns about an Asterisk that is too old or open to attack."""

import psycopg
import pytest

from renkei.cli.doctor import find_connected, find_in_asterisk
from tests.conftest import DatabaseUrls


@pytest.mark.parametrize(
    ("said", "advice", "is_serious"),
    [
        ("Asterisk 22.5.1\n", "install 22.5.2 or newer", True),
        ("Asterisk 18.26.4\n", "Asterisk 20 or newer", False),
        ("Asterisk 22.10.1~dfsg\n", "", True),
    ],
)
def test_the_doctor_says_what_is_wrong_and_what_to_install(said: str, advice: str, is_serious: bool) -> None:
    finding = find_in_asterisk(said)
    assert advice in finding.advice
    assert bool(finding.advice) == bool(advice)
    assert finding.serious is is_serious


def test_the_doctor_judges_the_asterisk_that_a_living_worker_is_connected_to(emptied_database: DatabaseUrls) -> None:
    """Not one that is gone, and not the simulated line, which has no version."""
    with psycopg.connect(emptied_database.app, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO renkei_worker (name, epoch, line, system, lease_until) VALUES"
            " ('renkei-1', 1, 'asterisk', 'Asterisk 22.5.1', now() + interval '1 hour'),"
            " ('renkei-2', 1, 'asterisk', 'Asterisk 18.1.0', now() - interval '1 hour'),"
            " ('renkei-3', 1, 'simulator', '', now() + interval '1 hour')"
        )
    [finding] = find_connected(emptied_database.app)
    assert finding.what == "Asterisk 22.5.1, which renkei-1 is connected to"
    assert "install 22.5.2 or newer" in finding.advice
    assert finding.serious


def test_a_database_that_cannot_be_asked_says_nothing_of_an_asterisk() -> None:
    assert list(find_connected("postgresql://nobody@127.0.0.1:1/none")) == []
