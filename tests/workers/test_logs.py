"""Logs tell happenings with ids, never a person's words or numbers."""

import io
import json
import logging
from collections.abc import Iterator

import psycopg
import pytest
import structlog

from renkei.workers.logs import set_logs_up
from tests.conftest import DatabaseUrls

SECRET = "090-1234-5678"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a worker's log writes; afterwards logging is as it was."""
    root = logging.getLogger()
    before, level, structure = list(root.handlers), root.level, structlog.get_config()
    set_logs_up()
    text = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(text)
    yield text
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**structure)


@pytest.mark.parametrize("through", ["structlog", "logging"])
def test_an_error_of_the_database_is_logged_without_the_values_in_it(
    database_urls: DatabaseUrls, written: io.StringIO, *, through: str
) -> None:
    """PostgreSQL quotes whole rows in its details."""
    with psycopg.connect(database_urls.app) as connection:
        connection.execute("CREATE TEMPORARY TABLE told (words text UNIQUE CHECK (words <> 'x'), number int)")
        connection.execute("INSERT INTO told VALUES (%s, 1)", [SECRET])
        for statement in ("INSERT INTO told VALUES (%s, 2)", "SELECT %s::int"):
            try:
                with connection.transaction():
                    connection.execute(statement, [SECRET])
            except psycopg.Error:
                log = structlog.get_logger() if through == "structlog" else logging.getLogger("somebody")
                log.exception("it failed")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["it failed", "it failed"]
    assert SECRET not in written.getvalue()
    assert "UniqueViolation" in lines[0]["exception"]
    assert "InvalidTextRepresentation" in lines[1]["exception"]
