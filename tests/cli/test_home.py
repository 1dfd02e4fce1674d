"""What a refused start takes away from an installation's folder, and what it never does."""

from pathlib import Path

from renkei.cli.home import Home


def test_secrets_stay_once_there_are_tables_that_need_them(tmp_path: Path) -> None:
    """The tables may be in a database elsewhere: without its secrets a later start could not read them."""
    home = Home(tmp_path / "office", "empty")
    home.open()
    secrets = home.secrets()
    home.remember(migrated="this version")
    home.leave_as_found()
    again = Home(tmp_path / "office", "empty")
    again.open()
    assert again.secrets() == secrets
    again.close()


def test_before_that_nothing_stays_and_the_next_start_may_come(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "office", "empty")
    home.open()
    home.secrets()
    home.leave_as_found()
    assert list(tmp_path.iterdir()) == []
    again = Home(tmp_path / "a" / "office", "demo")
    again.open()
    again.close()


def test_a_log_with_something_to_read_stays(tmp_path: Path) -> None:
    home = Home(tmp_path / "office", "empty")
    home.open()
    home.log_of("realtime").write_text("why", encoding="utf-8")
    home.leave_as_found()
    assert (tmp_path / "office" / "log" / "realtime.log").read_text(encoding="utf-8") == "why"
