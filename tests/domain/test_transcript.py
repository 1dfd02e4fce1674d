"""One transcript, drawn from hostile messages."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.chat import Kind, Message, Speaker
from renkei.domain.links import Link
from renkei.domain.transcript import Label, Side, show_inert, write_transcript

NOON = datetime(2025, 1, 31, 12, 0, 0, tzinfo=UTC)


def said(
    text: str, *, speaker: Speaker = Speaker.CUSTOMER, kind: Kind = Kind.TEXT, url: str | None = None, at: int = 0
) -> Message:
    """A message ``at`` seconds after noon."""
    return Message(speaker, kind, text, NOON + timedelta(seconds=at), url)


@pytest.mark.parametrize(
    ("speaker", "side", "label"),
    [
        (Speaker.CUSTOMER, Side.LEFT, Label.CUSTOMER),
        (Speaker.BOT, Side.RIGHT, Label.CHAT_SERVICE),
        (Speaker.OPERATOR, Side.RIGHT, Label.CHAT_SERVICE),
        (Speaker.SYSTEM, Side.RIGHT, Label.CHAT_SERVICE),
    ],
)
def test_the_customer_stands_left_and_everybody_else_right(speaker: Speaker, side: Side, label: Label) -> None:
    """Proves R79, R113."""
    (line,) = write_transcript([said("はい", speaker=speaker)])
    assert (line.side, line.label) == (side, label)


@given(st.lists(st.integers(0, 5), max_size=12))
def test_messages_stand_in_time_order_and_of_one_moment_in_the_order_given(moments: list[int]) -> None:
    """Proves R80."""
    lines = write_transcript(said(str(given), at=at) for given, at in enumerate(moments))
    placed = [(line.sent_at, int(line.content)) for line in lines]
    assert placed == sorted(placed)
    assert [line.number for line in lines] == list(range(1, len(moments) + 1))


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.AUDIO, Kind.VIDEO, Kind.FILE, Kind.LOCATION])
def test_every_upload_is_a_link_and_the_file_stays_where_it_is(kind: Kind) -> None:
    """Proves R92, R96."""
    url = "https://files.example/1"
    (line,) = write_transcript([said("", kind=kind, url=url)])
    assert (line.text, line.link, line.content) == ("", Link(url, "files.example"), url)
    (line,) = write_transcript([said(url, kind=kind, url=url)])
    assert (line.text, line.content) == ("", url)
    (line,) = write_transcript([said("割れた箇所", kind=kind, url=url)])
    assert (line.text, line.content) == ("割れた箇所", f"割れた箇所\n{url}")
    assert line.link is not None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//files.example/1", "data:image/png;base64,AA==", None])
def test_an_upload_with_an_unsafe_address_is_shown_as_text(url: str | None) -> None:
    """Nothing is lost: the address can be read and copied, not clicked."""
    (line,) = write_transcript([said("地図", kind=Kind.LOCATION, url=url)])
    assert line.link is None
    assert line.text == line.content == ("地図" if url is None else f"地図\n{url}")


@pytest.mark.parametrize(
    ("text", "is_link"),
    [
        ("https://example.com/a", True),
        ("\n https://example.com/a \n", True),
        ("https://example.com/a をご覧ください", False),
        ("参考:https://example.com/a", False),
        ("https://a.example\nhttps://b.example", False),
        ("https://example.com/\u202egnp.exe", False),
        ("javascript:alert(1)", False),
        ("こんにちは", False),
    ],
)
def test_only_a_message_that_is_one_address_becomes_a_link(text: str, is_link: bool) -> None:
    """Proves R93, R95."""
    (line,) = write_transcript([said(text)])
    assert (line.link is not None) == is_link
    assert (line.text == "") == is_link
    assert line.content == show_inert(text)


@pytest.mark.parametrize(
    "text",
    [
        "😀",
        "👨\u200d👩\u200d👧\u200d👦",
        "🏳\ufe0f\u200d🌈",
        "🇯🇵",
        "👍🏽",
        "1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "葛\U000e0100城市",
        "か\u3099",
        "שלום\u200f",
        "{{7*7}} %s ${SHELL(id)} <script>alert(1)</script> =1+1 'x' \"y\" \\",
    ],
    ids=ascii,
)
def test_emoji_scripts_and_mere_letters_stay_as_they_are(text: str) -> None:
    """Joiners, selectors and tags are what makes them whole."""
    assert show_inert(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\u2028b\u2029c\x85d\x0be\x0cf", "a\nb\nc\nd\ne\nf"),
        ("\x1b[31mred", "␛[31mred"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("\x9b31m", "[U+009B]31m"),
        ("photo\u202egnp.exe", "photo[U+202E]gnp.exe"),
        ("\u2066a\u2069", "[U+2066]a[U+2069]"),
        ("\ud800", "\ufffd"),
        ("a\tb", "a\tb"),
    ],
    ids=ascii,
)
def test_characters_that_act_are_made_visible(text: str, shown: str) -> None:
    """Line breaks of every kind become LF."""
    assert show_inert(text) == shown


@given(st.text(st.characters(exclude_categories=[])))
def test_no_text_keeps_a_character_that_acts(text: str) -> None:
    """And what is inert already is not changed again; it can always be written in UTF-8."""
    shown = show_inert(text)
    assert show_inert(shown) == shown
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t"]
    assert not [c for c in shown if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI")]
    shown.encode("utf-8")
