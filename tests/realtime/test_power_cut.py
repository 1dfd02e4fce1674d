"""Kill −9 of our server and an immediate end of its PostgreSQL under load: acknowledged is a part of stored (P3)."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from renkei.cli.postgres import APP, OWNER, Postgres
from tests import cluster_cache
from tests.environment import TEMPLATE
from tests.postgres_keeper import make_template
from tests.realtime.pushing import Pushers, text_of
from tests.realtime.serving import serve

ENOUGH = 15
"""Acknowledged pushes of each kind between two blows."""

CHATS = """
SELECT chat.external_id, string_agg(message.text, '') FROM renkei_chatconversation chat
JOIN renkei_chatmessage message ON message.conversation_id = chat.id GROUP BY chat.external_id
"""
INBOX = "SELECT external_id, convert_from(payload, 'UTF8') FROM renkei_inboxitem"


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A migrated PostgreSQL of its own, with the settings of the product: what it says is committed must stay."""
    folder = Path(tempfile.mkdtemp(prefix="rk-", dir="/tmp"))
    folder.chmod(0o711)
    (folder / "pg").mkdir()
    cluster_cache.bring_passwords(folder / "pg")
    server = Postgres(folder / "pg")
    is_migrated = cluster_cache.bring(folder / "pg")
    try:
        with server:
            if not is_migrated:
                make_template(server)
            yield server
    finally:
        shutil.rmtree(folder)


def cut_power(server: Postgres) -> None:
    """What ``pg_ctl stop -m immediate`` does: no checkpoint, no farewell; the next start recovers."""
    assert server.child is not None
    server.child.send_signal(signal.SIGQUIT)
    server.child.wait()
    server.stop()


def make_office(environment: dict[str, str]) -> Pushers:
    made = subprocess.run(
        [sys.executable, "-m", "tests.realtime.pushing"], env={**os.environ, **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Pushers(**json.loads(made.stdout))


def read(server: Postgres, statement: str) -> dict[str, str]:
    with psycopg.connect(server.url(OWNER, TEMPLATE)) as connection:
        return dict(connection.execute(statement).fetchall())


def test_what_was_acknowledged_is_on_disk_whatever_is_cut(postgres: Postgres, tmp_path: Path) -> None:
    """The database ends at once, then our server and the database together, then our server, each under load and each
    started again at once: every push that was answered with a 2xx is stored with its words. Proves P3."""
    environment = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "RENKEI_DATABASE_URL": postgres.url(APP, TEMPLATE),
        "RENKEI_OWNER_DATABASE_URL": postgres.url(OWNER, TEMPLATE),
    }
    pushers = make_office(environment)
    with serve(tmp_path, environment=environment) as first:
        pushers.url = first.url
        pushers.begin(senders=3)
        try:
            pushers.wait_for(ENOUGH)
            cut_power(postgres)
            postgres.start()
            pushers.wait_for(ENOUGH)
            first.kill()
            cut_power(postgres)
            postgres.start()
            with serve(tmp_path, environment=environment) as second:
                pushers.url = second.url
                pushers.wait_for(ENOUGH)
                second.kill()
        finally:
            pushers.end()
    chats, inbox = read(postgres, CHATS), read(postgres, INBOX)
    opened, closed = pushers.acknowledged["open"], pushers.acknowledged["closed"]
    assert [name for name in opened if chats.get(name) != text_of(name)] == []
    assert [name for name in closed if text_of(name) not in inbox.get(name, "")] == []
