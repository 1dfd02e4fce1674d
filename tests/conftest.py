"""What every test may ask for."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

from renkei.cli.postgres import APP, OWNER
from tests import environment
from tests.database import let_go_of_connections, renew_database, start_server_once

ASTERISK = Path(__file__).resolve().parent.parent / ".cache" / "asterisk" / "usr" / "sbin" / "asterisk"

settings.register_profile("quick", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("quick"), derandomize=True)
settings.register_profile("long", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "quick"))


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """libpq URLs of this worker's database."""

    app: str
    owner: str


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the reason, what this machine cannot run; `./renkei test` installs it where it may."""
    if item.get_closest_marker("asterisk") and not (ASTERISK.exists() and shutil.which("sipp")):
        pytest.skip("no Asterisk or SIPp on this machine")
    if item.get_closest_marker("browser") and not shutil.which("chromium"):
        pytest.skip("no Chromium on this machine")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skipped test is no passed test: say so loudly."""
    if skipped := terminalreporter.stats.get("skipped"):
        terminalreporter.section(f"NOT RUN: {len(skipped)} tests were skipped", sep="!", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    """Take the run's folder away where no database was started; the keeper does it otherwise."""
    if environment.IS_FIRST and not (environment.RUN / "started").exists():
        shutil.rmtree(environment.RUN, ignore_errors=True)


@pytest.fixture(scope="session")
def database_urls() -> DatabaseUrls:
    """The worker's own migrated database, for tests that speak SQL themselves (the hot path)."""
    start_server_once()
    renew_database()
    server = environment.server
    return DatabaseUrls(server.url(APP, environment.DATABASE), server.url(OWNER, environment.DATABASE))


@pytest.fixture(scope="session")
def django_db_setup(database_urls: DatabaseUrls, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django asks for this. A test that commits leaves the database to be copied anew, not to be emptied."""

    def renew(case: TransactionTestCase) -> None:
        let_go_of_connections()
        renew_database()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", renew)
        yield
    with django_db_blocker.unblock():
        let_go_of_connections()


@pytest.fixture
async def connection(database_urls: DatabaseUrls) -> AsyncIterator[psycopg.AsyncConnection]:
    """An open connection of the application role, as the hot path takes it; all its test did is rolled back.

    Code under test that opens ``connection.transaction()`` gets a savepoint inside ours.
    """
    opened = await psycopg.AsyncConnection.connect(database_urls.app)
    async with opened, opened.transaction(force_rollback=True):
        yield opened


@pytest.fixture
def emptied_database(database_urls: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """For tests that commit by themselves (several connections, NOTIFY): afterwards all is as after the migrations."""
    yield database_urls
    let_go_of_connections()
    renew_database()
