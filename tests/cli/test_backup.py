"""A backup brings an installation back as it was, elsewhere; what cannot be is refused and leaves nothing."""

import json
from pathlib import Path

import psycopg
import pytest

from renkei.cli import backup, restore
from renkei.cli.home import Secrets
from renkei.cli.kept import keep_once
from renkei.cli.postgres import FAST_AND_FORGETFUL, Postgres
from renkei.cli.refusal import RefusalError
from tests.cli.test_run import files_below, get, running


def server_of(data: Path) -> Postgres:
    """The database's server of an installation."""
    return Postgres(data / "postgres", settings=FAST_AND_FORGETFUL)


def installation(folder: Path) -> Path:
    """An installation with one row and secrets; not running."""
    data = folder / "data"
    data.mkdir(parents=True)
    keep_once(data / "secrets.json", Secrets, Secrets.make, needed_for="the test")
    with server_of(data) as server, psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT '大阪' AS word")
    return data


@pytest.mark.timeout(300)  # two starts: a dozen seconds, much more on a machine that has other work
def test_a_running_office_is_backed_up_and_lives_on_elsewhere(open_folder: Path) -> None:
    """Its settings, its sign-in of today and its secrets; visitors are served meanwhile."""
    to, again = open_folder / "backup", open_folder / "again"
    with running(open_folder, "--empty") as office:
        invitation = office.wait_for("First sign-in").split("/accounts/")[1].strip()
        with psycopg.connect(server_of(open_folder / "data").owner_url) as connection:
            connection.execute("UPDATE renkei_installation SET centre_name = '大阪'")
        assert backup.main([str(to), "--data", str(open_folder / "data")]) == 0
        assert get(office.port, "/healthz") == 200
    assert {path.name: path.stat().st_mode & 0o077 for path in to.iterdir() if path.name != "backup.json"} == {
        "renkei.dump": 0, "secrets.json": 0,
    }  # fmt: skip
    assert restore.main([str(to), "--data", str(again / "data")]) == 0
    assert (again / "data" / "secrets.json").read_bytes() == (open_folder / "data" / "secrets.json").read_bytes()
    with running(again, "--empty") as office:
        assert get(office.port, "/accounts/login/") == 200
        newer = office.wait_for("First sign-in").split("/accounts/")[1].strip()
        assert get(office.port, f"/accounts/{invitation}") != 200  # as after any start
        assert get(office.port, f"/accounts/{newer}") == 200
        with psycopg.connect(server_of(again / "data").app_url) as connection:
            assert connection.execute("SELECT centre_name FROM renkei_installation").fetchone() == ("大阪",)


def test_an_office_that_is_stopped_is_backed_up_too(open_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = installation(open_folder)
    assert backup.main([str(open_folder / "backup"), "--data", str(data)]) == 0
    assert restore.main([str(open_folder / "backup"), "--data", str(open_folder / "again")]) == 0
    assert f"./renkei run --empty --data {open_folder / 'again'}" in capsys.readouterr().out
    with server_of(open_folder / "again") as server, psycopg.connect(server.owner_url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("大阪",)


def test_a_damaged_backup_is_one_sentence_and_leaves_nothing(open_folder: Path) -> None:
    to = open_folder / "backup"
    to.mkdir()
    (to / "renkei.dump").write_bytes(b"PGDMP but no more")
    (to / "secrets.json").write_text("{}", encoding="utf-8")
    (to / "backup.json").write_text(json.dumps({"mode": "empty"}), encoding="utf-8")
    before = files_below(open_folder)
    with pytest.raises(RefusalError, match=r"^pg_restore failed: ") as refused:
        restore.main([str(to), "--data", str(open_folder / "a" / "b")])
    assert "\n" not in str(refused.value)
    assert files_below(open_folder) == before


def test_nothing_that_is_there_is_written_over(open_folder: Path) -> None:
    (open_folder / "data" / "postgres" / "data").mkdir(parents=True)
    to = open_folder / "backup"
    to.mkdir()
    with pytest.raises(RefusalError, match="is there already"):
        backup.main([str(to), "--data", str(open_folder / "data")])
    for name in ("renkei.dump", "secrets.json"):
        (to / name).touch()
    (to / "backup.json").write_text('{"mode": "demo"}', encoding="utf-8")
    with pytest.raises(RefusalError, match="holds an installation: move it aside"):
        restore.main([str(to), "--data", str(open_folder / "data")])
    assert list((open_folder / "data").rglob("*")) == [
        open_folder / "data" / "postgres", open_folder / "data" / "postgres" / "data",
    ]  # fmt: skip


@pytest.mark.parametrize("about", ["", "[]", '{"mode": "../../etc"}', '{"mode": "empty"}'])
def test_what_is_no_backup_is_refused(open_folder: Path, about: str) -> None:
    (open_folder / "backup.json").write_text(about, encoding="utf-8")
    with pytest.raises(RefusalError, match="is no backup: name the folder"):
        restore.main([str(open_folder), "--data", str(open_folder / "data")])
    assert not (open_folder / "data").exists()


def test_a_folder_without_our_database_says_what_to_do(open_folder: Path) -> None:
    with pytest.raises(RefusalError, match=r"no database of our own in .* with --data\. .* own pg_dump"):
        backup.main([str(open_folder / "backup"), "--data", str(open_folder)])
    assert list(open_folder.iterdir()) == []
