"""``renkei asterisk config`` writes what Asterisk needs, keeps what was there, and refuses with one sentence."""

from pathlib import Path

import pytest

from renkei.cli import asterisk
from renkei.cli.refusal import RefusalError
from renkei.speech.media import read_seconds
from renkei.speech.music import MUSIC_KEY


def test_the_files_are_written_and_what_to_do_next_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "etc"
    to.mkdir()
    (to / "pjsip.conf").write_text("theirs")
    assert asterisk.main(["config", "--data", str(tmp_path), "--to", str(to), "--trunk", "192.0.2.1"]) == 0
    said = capsys.readouterr().out
    password = (tmp_path / "asterisk" / "ari.password").read_text()
    assert "RENKEI_LINE=asterisk" in said
    assert password not in said
    assert f"password={password}" in (to / "ari.conf").read_text()
    assert (to / "pjsip.conf.before-renkei").read_text() == "theirs"
    assert "match=192.0.2.1" in (to / "pjsip.conf").read_text()
    assert read_seconds(tmp_path / "media", MUSIC_KEY)
    assert (to / "ari.conf").stat().st_mode & 0o007 == 0


def test_doing_it_twice_keeps_the_password_and_the_first_files(tmp_path: Path) -> None:
    to = tmp_path / "etc"
    to.mkdir()
    (to / "ari.conf").write_text("theirs")
    written = []
    for _ in range(2):
        asterisk.main(["config", "--data", str(tmp_path), "--to", str(to)])
        written.append((to / "ari.conf").read_text())
    assert written[0] == written[1]
    assert (to / "ari.conf.before-renkei").read_text() == "theirs"


@pytest.mark.parametrize(
    "wrong",
    [["--trunk", "192.0.2.1\nmatch=0.0.0.0/0"], ["--rtp", "20000-10000"], ["--rtp", "x"], ["--wss-port", "8089"],
     ["--sip-host", "${SHELL(id)}"]],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_written(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(RefusalError):
        asterisk.main(["config", "--data", str(tmp_path), "--to", str(tmp_path / "etc"), *wrong])
    assert not (tmp_path / "etc").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("a file")
    with pytest.raises(RefusalError):
        asterisk.main(["config", "--data", str(tmp_path), "--to", str(tmp_path / "etc")])


def test_without_an_installation_nothing_is_made_and_both_ways_out_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RENKEI_DATA_DIR", raising=False)
    monkeypatch.setattr(asterisk, "default_folder", lambda mode: tmp_path / mode)
    with pytest.raises(RefusalError, match=r"no installation at .*empty yet: .*run --empty.* --data\."):
        asterisk.main(["config"])
    assert list(tmp_path.iterdir()) == []


def test_the_usual_installation_is_taken_where_it_stands_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RENKEI_DATA_DIR", raising=False)
    monkeypatch.setattr(asterisk, "default_folder", lambda mode: tmp_path / mode)
    (tmp_path / "empty").mkdir()
    assert asterisk.main(["config"]) == 0
    assert f"for the installation in {tmp_path / 'empty'};" in capsys.readouterr().out
    assert (tmp_path / "empty" / "asterisk" / "etc" / "pjsip.conf").exists()
