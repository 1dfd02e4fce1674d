"""Exported files, byte by byte."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from renkei.domain.chat import Kind, Message, Speaker
from renkei.domain.csv_format import (
    CONTRACT_WORDS,
    GETA,
    Encoding,
    attach_as,
    copy_all,
    copy_one,
    format_time,
    gather,
    list_losses,
    list_transcript_losses,
    neutralise,
    write_rows,
    write_transcript_csv,
)
from renkei.domain.transcript import write_transcript

GOLDEN = Path(__file__).parent / "golden"
TOKYO = ZoneInfo("Asia/Tokyo")
CUSTOMER, BOT, OPERATOR, SYSTEM = Speaker.CUSTOMER, Speaker.BOT, Speaker.OPERATOR, Speaker.SYSTEM

SAID = [
    (CUSTOMER, Kind.TEXT, "こんにちは", None),
    (BOT, Kind.TEXT, 'ご用件を選んでください\r\n1. 返品, 交換\r\n2. "その他"', None),
    (CUSTOMER, Kind.TEXT, "絵文字😀と©と—ダッシュと〜と髙﨑①", None),
    (CUSTOMER, Kind.TEXT, "=1+1", None),
    (CUSTOMER, Kind.TEXT, "+81312345678", None),
    (CUSTOMER, Kind.IMAGE, "", "https://files.example/1.png"),
    (OPERATOR, Kind.TEXT, "＝HYPERLINK(é)", None),
    (SYSTEM, Kind.TEXT, "表示ソース\\能", None),
]
LINES = write_transcript(
    Message(speaker, kind, text, datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC) + timedelta(seconds=number), url)
    for number, (speaker, kind, text, url) in enumerate(SAID)
)

# What cp932 lets survive a round trip; six characters are written as a near relative (〜 as ～).
RELATIVES = str.maketrans("〜−‖¢£¬\u2014", "～－∥￠￡￢\u2015")


def read_csv(written: Iterator[bytes], codec: str) -> list[list[str]]:
    """A file as a spreadsheet reads it: the standard library's reader on the decoded bytes."""
    return list(csv.reader(io.StringIO(b"".join(written).decode(codec), newline=""), strict=True))


@pytest.mark.parametrize("encoding", list(Encoding))
def test_the_transcript_is_written_byte_for_byte(encoding: Encoding) -> None:
    """The files were made by other hands: typed, and turned into CP932 by iconv.

    Proves R112, R113, R114, R115, R116, R119, D9.
    """
    written = b"".join(write_transcript_csv(LINES, zone=TOKYO, encoding=encoding))
    assert written == (GOLDEN / f"transcript.{encoding}.csv").read_bytes()


def test_the_clipboard_has_one_line_a_message_and_no_times() -> None:
    """Proves R117, R118, D9."""
    assert copy_all(LINES) + "\n" == (GOLDEN / "clipboard.txt").read_text(encoding="utf-8")


def test_one_message_is_copied_alone_with_its_line_breaks() -> None:
    """Proves D9."""
    assert copy_one(LINES[1]) == 'ご用件を選んでください\n1. 返品, 交換\n2. "その他"'


@given(st.lists(st.text(st.characters(exclude_categories=[])), max_size=5))
def test_no_message_forges_a_line_on_the_clipboard(texts: list[str]) -> None:
    """As many lines as messages, whatever line breaks were typed.

    Proves R117.
    """
    at = datetime(2025, 1, 31, tzinfo=UTC)
    copied = copy_all(write_transcript(Message(CUSTOMER, Kind.TEXT, text, at) for text in texts))
    lines = copied.splitlines() if texts else []
    assert len(lines) == len(texts)
    assert all(line.startswith("お客様: ") for line in lines)


@given(st.lists(st.tuples(st.text(), st.text(), st.none() | st.integers())), st.sampled_from(Encoding))
def test_any_cell_survives_quoting(rows: list[tuple[str, str, int | None]], encoding: Encoding) -> None:
    """Quotes, commas and line breaks; Shift_JIS up to what it does not have.

    Proves R119.
    """
    codec = "cp932" if encoding is Encoding.SHIFT_JIS else "utf-8-sig"
    read = read_csv(write_rows(rows, columns=("a", "b", "c"), encoding=encoding), codec)
    assert read[0] == ["a", "b", "c"]
    assert len(read) == len(rows) + 1
    for row, cells in zip(rows, read[1:], strict=True):
        assert cells[2] == ("" if row[2] is None else str(row[2]))
        if encoding is Encoding.UTF_8:
            assert cells[:2] == [neutralise(row[0]), neutralise(row[1])]


IN_SHIFT_JIS = st.characters(codec="cp932", exclude_characters="".join(map(chr, RELATIVES)), categories=["L", "N", "S"])


@given(st.text(IN_SHIFT_JIS))
def test_what_shift_jis_has_survives(text: str) -> None:
    """But for letters that NFC composes or replaces.

    Proves D9.
    """
    text = unicodedata.normalize("NFC", text)
    assume(not list_losses([text]).count)
    (_, (cell,)) = read_csv(write_rows([[text]], columns=["a"], encoding=Encoding.SHIFT_JIS), "cp932")
    assert cell == neutralise(text)


def test_near_relatives_are_written_for_letters_that_windows_has_not() -> None:
    """The wave dash of a Mac and the long dash among them; none of them is a loss.

    Proves D9.
    """
    letters = "".join(map(chr, RELATIVES))
    (_, (cell,)) = read_csv(write_rows([[f"x{letters}"]], columns=["a"], encoding=Encoding.SHIFT_JIS), "cp932")
    assert cell == f"x{letters.translate(RELATIVES)}"
    assert list_losses([letters]).count == 0


@given(st.lists(st.text(max_size=10), max_size=4))
def test_as_many_characters_are_counted_as_become_a_mark(texts: list[str]) -> None:
    """Proves D9."""
    marks = sum(text.count(GETA) for text in texts)
    written = b"".join(write_rows([[text] for text in texts], columns=["a"], encoding=Encoding.SHIFT_JIS))
    losses = list_losses(texts)
    assert written.decode("cp932").count(GETA) == marks + losses.count
    assert sum(count for _, count in losses.characters) == losses.count


def test_the_losses_of_a_transcript_are_named_before_the_download() -> None:
    """Proves D9."""
    losses = list_transcript_losses(LINES)
    assert losses.count == 3
    assert dict(losses.characters) == {"😀": 1, "©": 1, "é": 1}
    assert list_losses(["か\u3099", "a\u2014b", "〜", "髙"]).count == 0


FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "+1", "+SUM(A1)", "-1+2", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\tx", "\rx",
    "＝1+1", "＋1", "－1", "＠SUM", "−1", "﹦1", " =1", "\u3000＝1", "\u00a0=1", "\ufeff=1", "\u200b=1",
    "+81-3-1234-5678", "+81312345678=1", "+81312345678\n=1", "+", "-", "=", "@", "+0312345678",
    "+８１３１２３４５６７８",
]  # fmt: skip

HARMLESS = [
    "+81312345678",
    "+12125550123",
    "090-1234-5678",
    "0312345678",
    "a=1",
    "1-1",
    "'=1",
    "",
    "お客様",
    "😀",
    "100%",
]


@pytest.mark.parametrize("cell", FORMULAS, ids=ascii)
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(cell: str) -> None:
    """Proves D9."""
    assert neutralise(cell) == f"'{cell}"
    for encoding in Encoding:
        codec = "cp932" if encoding is Encoding.SHIFT_JIS else "utf-8-sig"
        ((written,),) = read_csv(write_rows([[cell]], columns=["a"], encoding=encoding), codec)[1:]
        assert written.startswith(("'", GETA)), "what Shift_JIS does not have has become a mark, and no formula"


@pytest.mark.parametrize("cell", HARMLESS)
def test_a_telephone_number_and_other_text_survive_unchanged(cell: str) -> None:
    """Proves D9."""
    assert neutralise(cell) == cell


@given(st.text())
def test_neutralising_twice_is_neutralising_once(cell: str) -> None:
    """So that a cell may pass more than one writer."""
    assert neutralise(neutralise(cell)) == neutralise(cell)


def test_header_cells_are_written_like_all_others() -> None:
    """A column may be named by an administrator."""
    assert b"".join(write_rows([], columns=["=1", "b"], encoding=Encoding.SHIFT_JIS)) == b"'=1,b\r\n"


def test_an_export_of_any_length_is_written_row_by_row() -> None:
    """The rows are asked for one at a time, so a million of them never stand in memory."""
    asked: list[int] = []

    def rows() -> Iterator[list[int]]:
        for number in range(1_000_000):
            asked.append(number)
            yield [number]

    written = write_rows(rows(), columns=["n"], encoding=Encoding.UTF_8)
    assert [next(written) for _ in range(4)] == [b"\xef\xbb\xbf", b"n\r\n", b"0\r\n", b"1\r\n"]
    assert asked == [0, 1]


@pytest.mark.parametrize(
    ("at", "zone", "written"),
    [
        (datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC), "Asia/Tokyo", "2025/01/31 09:05:07"),
        (datetime(2024, 12, 31, 15, 0, 0, tzinfo=UTC), "Asia/Tokyo", "2025/01/01 00:00:00"),
        (datetime(2025, 3, 9, 7, 0, 0, tzinfo=UTC), "America/New_York", "2025/03/09 03:00:00"),
        (datetime(2025, 1, 31, 23, 59, 59, 999999, tzinfo=UTC), "UTC", "2025/01/31 23:59:59"),
    ],
)
def test_times_are_the_centres_own(at: datetime, zone: str, written: str) -> None:
    """Proves D9."""
    assert format_time(at, ZoneInfo(zone)) == written


def test_the_words_of_the_file_are_exact() -> None:
    """Proves R112, R113, R114, R116."""
    header = next(write_rows([], columns=("会話日時", "会話者", "会話内容"), encoding=Encoding.SHIFT_JIS))
    assert next(write_transcript_csv([], zone=UTC, encoding=Encoding.SHIFT_JIS)) == header
    assert (CONTRACT_WORDS.customer, CONTRACT_WORDS.chat_service) == ("お客様", "チャットサービス")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("chat-12.csv", "attachment; filename=\"chat-12.csv\"; filename*=UTF-8''chat-12.csv"),
        ("発着信.csv", "attachment; filename=\"___.csv\"; filename*=UTF-8''%E7%99%BA%E7%9D%80%E4%BF%A1.csv"),
        ('a"b\r\nX: y.csv', "attachment; filename=\"a_b__X_ y.csv\"; filename*=UTF-8''a_b__X_%20y.csv"),
        ("../../etc/passwd", "attachment; filename=\"_.._etc_passwd\"; filename*=UTF-8''_.._etc_passwd"),
        ("", "attachment; filename=\"download\"; filename*=UTF-8''download"),
        ("\ud800\u202e", "attachment; filename=\"__\"; filename*=UTF-8''__"),
    ],
)
def test_a_file_name_reaches_every_browser_and_no_header_beyond(name: str, header: str) -> None:
    """RFC 6266 and RFC 5987."""
    assert attach_as(name) == header


@given(st.text(st.characters(exclude_categories=[])))
def test_no_file_name_leaves_its_header(name: str) -> None:
    """One line of ASCII, one pair of quotes, and the name comes back."""
    header = attach_as(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "/" not in unquote(header.partition("filename*=UTF-8''")[2])


@given(pieces=st.lists(st.binary(max_size=40)), size=st.integers(1, 60))
def test_gathered_pieces_are_the_same_bytes_and_not_small(pieces: list[bytes], size: int) -> None:
    gathered = list(gather(pieces, size=size))
    assert b"".join(gathered) == b"".join(pieces)
    assert all(len(piece) >= size for piece in gathered[:-1])
