"""The one writer of exported files: CSV in Shift_JIS or UTF-8, and the clipboard (R112 to R119, D9).

Bytes come in pieces, so an export of any length costs the memory of one row. Every text cell passes ``neutralise``.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from urllib.parse import quote

from renkei.domain.transcript import Label, Line

Cell = str | int | None

GETA = "〓"
"""The printer's mark for a missing type; stands for every character Shift_JIS does not have."""


class Encoding(StrEnum):
    """How a file is encoded."""

    SHIFT_JIS = "shift_jis"
    """Windows' Shift_JIS, cp932."""
    UTF_8 = "utf_8"
    """UTF-8 with a byte order mark, by which Excel knows it."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words a transcript's file and clipboard are written with (R112 to R117)."""

    spoken_at: str = "会話日時"
    speaker: str = "会話者"
    content: str = "会話内容"
    customer: str = "お客様"
    chat_service: str = "チャットサービス"

    def name(self, label: Label) -> str:
        """The word for a speaker."""
        return self.customer if label is Label.CUSTOMER else self.chat_service


CONTRACT_WORDS = Words()
"""The exact words of R112 to R117: other programs read these files, so the words follow no language setting."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What Shift_JIS cannot say: how many characters, and which with their counts, commonest first."""

    count: int
    characters: tuple[tuple[str, int], ...]


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def write_rows(rows: Iterable[Sequence[Cell]], *, columns: Sequence[str], encoding: Encoding) -> Iterator[bytes]:
    """A CSV file by RFC 4180, lines ended by CRLF, one piece of bytes a row.

    Text cells are neutralised; numbers given as int are written plainly; None is an empty cell.
    """
    encode = _encode_as_windows if encoding is Encoding.SHIFT_JIS else str.encode
    if encoding is Encoding.UTF_8:
        yield b"\xef\xbb\xbf"
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")
    for row in _with_header(rows, columns):
        writer.writerow([_write_cell(cell, encoding) for cell in row])
        yield encode(line.getvalue())
        line.seek(0)
        line.truncate()


def gather(pieces: Iterable[bytes], *, size: int = 65_536) -> Iterator[bytes]:
    """The same bytes in pieces of about ``size``: a long file sent row by row spends its time on the sending."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= size:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def neutralise(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would run as a formula.

    A telephone number in E.164 notation (``+81312345678``) stays as it is.
    """
    if _E164.match(cell) or not _FORMULA.match(cell):
        return cell
    return f"'{cell}"


def list_losses(texts: Iterable[str]) -> Losses:
    """What would become GETA if these texts were written in Shift_JIS; shown before the download (D9)."""
    lost: Counter[str] = Counter()
    for text in texts:
        lost.update(character for character in _prepare(text) if not _is_in_shift_jis(character))
    return Losses(lost.total(), tuple(lost.most_common()))


def format_time(at: datetime, zone: tzinfo) -> str:
    """``2025/01/31 09:05:07`` in the centre's zone (D9, D19)."""
    return f"{at.astimezone(zone):%Y/%m/%d %H:%M:%S}"


def attach_as(file_name: str) -> str:
    """The Content-Disposition that saves a download under ``file_name`` in every browser (RFC 6266, RFC 5987)."""
    safe = re.sub(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u202a-\u202e\u2066-\u2069\ud800-\udfff]', "_", file_name).strip(". ")
    safe = safe or "download"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", safe)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


# ── a transcript ──────────────────────────────────────────────────────────────────────────────────────────────


def write_transcript_csv(
    lines: Iterable[Line], *, zone: tzinfo, encoding: Encoding, words: Words = CONTRACT_WORDS
) -> Iterator[bytes]:
    """The transcript as CSV: when, who, what (R112 to R116)."""
    rows = ((format_time(line.sent_at, zone), words.name(line.label), line.content) for line in lines)
    return write_rows(rows, columns=(words.spoken_at, words.speaker, words.content), encoding=encoding)


def list_transcript_losses(lines: Iterable[Line]) -> Losses:
    """list_losses for a transcript's CSV."""
    return list_losses(line.content for line in lines)


def copy_all(lines: Iterable[Line], *, words: Words = CONTRACT_WORDS) -> str:
    """The whole transcript for the clipboard: one line a message, the speaker first, no times (R117, R118)."""
    return "\n".join(f"{words.name(line.label)}: {_flatten(line.content)}" for line in lines)


def copy_one(line: Line) -> str:
    """One message for the clipboard: the text alone, as it was written."""
    return line.content


# A spreadsheet runs a cell that begins with one of these; some fold full-width and small forms and the minus sign,
# some skip white space and invisible characters first.
_FORMULA = re.compile(r"[\s\u00ad\u180e\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−]|[\t\r\n]")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_BREAKS = re.compile(r"[\r\n]+")


def _list_moved_letters() -> dict[str, bytes]:
    """Letters such as 髙 and 﨑 stand twice in cp932. Python writes NEC's place, Windows IBM's, and systems that are
    not Windows often know only the latter."""
    moved = {}
    for place in range(0xFA40, 0xFC4C):
        letter = place.to_bytes(2, "big").decode("cp932", "ignore")
        if len(letter) == 1 and letter.encode("cp932")[0] in (0xED, 0xEE):
            moved[letter] = place.to_bytes(2, "big")
    return moved


_MOVED = _list_moved_letters()
_MOVED_LETTER = re.compile(f"([{''.join(_MOVED)}])")


def _encode_as_windows(text: str) -> bytes:
    return b"".join(_MOVED.get(piece) or piece.encode("cp932") for piece in _MOVED_LETTER.split(text))


def _with_header(rows: Iterable[Sequence[Cell]], columns: Sequence[str]) -> Iterator[Sequence[Cell]]:
    yield columns
    yield from rows


def _write_cell(cell: Cell, encoding: Encoding) -> str | int:
    if cell is None or isinstance(cell, int):
        return "" if cell is None else cell
    if encoding is Encoding.UTF_8:
        return neutralise(cell.encode("utf-8", "replace").decode("utf-8"))
    prepared = _prepare(cell)
    if not _fits(prepared):
        prepared = "".join(character if _is_in_shift_jis(character) else GETA for character in prepared)
    return neutralise(prepared)


def _prepare(text: str) -> str:
    # Windows knows the dash only as U+2015 (0x815C); U+2014 has no place in cp932.
    return unicodedata.normalize("NFC", text).replace("\u2014", "\u2015")


def _fits(text: str) -> bool:
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _is_in_shift_jis(character: str) -> bool:
    return _fits(character)


def _flatten(text: str) -> str:
    return _BREAKS.sub(" ", text.strip("\r\n"))
