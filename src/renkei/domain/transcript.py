"""One transcript of a conversation: pop-up, history, CSV and clipboard are all drawn from it (R79, R80, R92 to R95).

Whatever a customer typed is inert here already: characters that would act on a screen or a terminal instead of
being seen are made visible, and only an address that links.py accepts becomes a link. Escaping for HTML is the page's.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from renkei.domain.chat import Kind, Message, Speaker
from renkei.domain.links import Link, find_only_link, read_link


class Side(StrEnum):
    """Where a line stands: the customer left, everybody else right (R79)."""

    LEFT = "left"
    RIGHT = "right"


class Label(StrEnum):
    """Who spoke, as people see it; the code of a word in messages.py (R113, D9)."""

    CUSTOMER = "speaker_customer"
    CHAT_SERVICE = "speaker_chat_service"


@dataclass(frozen=True, slots=True)
class Line:
    """One message, ready to be shown.

    ``text`` is what is shown as text, ``link`` what 「リンクを開く」 opens; an upload may have both, a message that is
    only an address has an empty ``text``. ``content`` is the whole message as text, addresses included, for files
    and the clipboard.
    """

    number: int
    side: Side
    label: Label
    text: str
    link: Link | None
    content: str
    sent_at: datetime
    kind: Kind


def write_transcript(messages: Iterable[Message]) -> tuple[Line, ...]:
    """The lines of a conversation in time order; of one moment in the order given. Numbers count from 1."""
    ordered: Sequence[Message] = sorted(messages, key=lambda message: message.sent_at)
    return tuple(_write_line(number, message) for number, message in enumerate(ordered, start=1))


def show_inert(text: str) -> str:
    """The text with every line break as LF and every character that would act instead of being seen made visible.

    Control characters become their pictures (``␛``), a change of direction its name (``[U+202E]``), an unpaired
    surrogate U+FFFD. Joiners and variation selectors stay: emoji and many scripts need them.
    """
    text = _LINE_BREAK.sub("\n", text)
    return _ACTING.sub(lambda found: _make_visible(found[0]), text)


_LINE_BREAK = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_ACTING = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _make_visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"[U+{code:04X}]"


def _write_line(number: int, message: Message) -> Line:
    is_customer = message.speaker is Speaker.CUSTOMER
    text, link, content = _draw_text(message) if message.kind is Kind.TEXT else _draw_upload(message)
    return Line(
        number=number,
        side=Side.LEFT if is_customer else Side.RIGHT,
        label=Label.CUSTOMER if is_customer else Label.CHAT_SERVICE,
        text=text,
        link=link,
        content=content,
        sent_at=message.sent_at,
        kind=message.kind,
    )


def _draw_text(message: Message) -> tuple[str, Link | None, str]:
    content = show_inert(message.text)
    link = find_only_link(message.text)
    return ("" if link else content), link, content


def _draw_upload(message: Message) -> tuple[str, Link | None, str]:
    address = message.url or ""
    link = read_link(address)
    caption = "" if message.text.strip() == address.strip() else show_inert(message.text)
    content = "\n".join(part for part in (caption, show_inert(address)) if part)
    return (caption if link else content), link, content
