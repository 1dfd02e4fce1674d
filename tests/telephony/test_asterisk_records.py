"""Asterisk's file of calls is read on across its rotation, each record once."""

from pathlib import Path

import pytest

from renkei.telephony.asterisk.records import read_on
from tests.domain.test_past_calls import record

FIRST, SECOND, THIRD = "1763733611.1", "1763733612.2", "1763733613.3"


class Reader:
    """Reads on in a file, as a worker does."""

    def __init__(self, path: Path) -> None:
        self.path, self.bookmark = path, read_on(path, "").bookmark

    def read(self) -> list[str]:
        """The ids of what is new."""
        found: list[str] = []
        while True:
            read = read_on(self.path, self.bookmark)
            self.bookmark = read.bookmark
            found += [call.line_id for call in read.calls]
            if not read.has_more:
                return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "renkei.csv"


def append(path: Path, written: bytes) -> None:
    with path.open("ab") as file:
        file.write(written)


def test_what_was_recorded_before_us_is_not_our_history(path: Path) -> None:
    append(path, record(FIRST))
    reader = Reader(path)
    assert reader.read() == []
    append(path, record(SECOND))
    assert reader.read() == [SECOND]
    assert reader.read() == []


def test_a_file_that_is_not_there_yet_is_read_from_its_start_when_it_is(path: Path) -> None:
    reader = Reader(path)
    assert reader.read() == []
    append(path, record(FIRST))
    assert reader.read() == [FIRST]


def test_a_line_that_is_being_written_is_read_when_it_is_whole(path: Path) -> None:
    reader = Reader(path)
    append(path, record(FIRST) + record(SECOND)[:40])
    assert reader.read() == [FIRST]
    append(path, record(SECOND)[40:])
    assert reader.read() == [SECOND]


def test_a_renamed_file_is_read_to_its_end_before_the_new_one(path: Path) -> None:
    """As logrotate does without copytruncate."""
    reader = Reader(path)
    append(path, record(FIRST))
    assert reader.read() == [FIRST]
    append(path, record(SECOND))
    path.rename(path.with_name("renkei.csv.1"))
    append(path, record(THIRD))
    assert reader.read() + reader.read() == [SECOND, THIRD]


def test_a_file_that_was_begun_anew_is_read_from_its_start(path: Path) -> None:
    """As logrotate does with copytruncate, whatever the new file's size."""
    reader = Reader(path)
    append(path, record(FIRST))
    assert reader.read() == [FIRST]
    path.write_bytes(record(SECOND) + record(THIRD))
    assert reader.read() == [SECOND, THIRD]


def test_a_rotated_file_that_nobody_kept_costs_the_new_one_nothing(path: Path) -> None:
    reader = Reader(path)
    append(path, record(FIRST))
    assert reader.read() == [FIRST]
    path.unlink()
    assert reader.read() == []
    append(path, record(SECOND))
    assert reader.read() == [SECOND]


def test_a_large_file_is_read_in_pieces(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renkei.telephony.asterisk.records._MOST_BYTES", 500)
    reader = Reader(path)
    ids = [f"17637336{number}.1" for number in range(10, 40)]
    append(path, b"".join(record(each) for each in ids))
    assert reader.read() == ids


def test_what_is_no_record_however_long_does_not_stop_the_reading(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renkei.telephony.asterisk.records._MOST_BYTES", 500)
    reader = Reader(path)
    append(path, b"\x00" * 2000 + b"\n" + record(FIRST))
    assert reader.read() == [FIRST]


def test_no_part_of_a_callers_number_stands_in_the_bookmark(path: Path) -> None:
    reader = Reader(path)
    append(path, record(FIRST, caller="09099998888"))
    reader.read()
    assert bytes.fromhex(reader.bookmark.split(" ")[1]).decode() == f'"{FIRST}"'
