"""Records that no healthy chat system would list: each is one chat in the middle of good ones."""

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

Record = dict[str, Any]


class Poison(StrEnum):
    """What is wrong with a record. Those of READABLE are odd, and still a chat that must be imported."""

    NOT_A_NUMBER = "not_a_number"
    DEEP_JSON = "deep_json"
    DUPLICATE_KEYS = "duplicate_keys"
    NOT_UTF8 = "not_utf8"
    NOT_AN_OBJECT = "not_an_object"
    NULL_RECORD = "null_record"
    MESSAGES_ARE_TEXT = "messages_are_text"
    MESSAGES_ARE_NULL = "messages_are_null"
    MESSAGE_IS_A_NUMBER = "message_is_a_number"
    MANY_MESSAGES = "many_messages"
    TEN_MEGABYTE_MESSAGE = "ten_megabyte_message"
    ID_IS_AN_OBJECT = "id_is_an_object"
    PHONE_IS_A_NUMBER = "phone_is_a_number"
    TIME_IS_NONSENSE = "time_is_nonsense"
    YEAR_10000 = "year_10000"
    YEAR_1 = "year_1"
    STATUS_UNKNOWN = "status_unknown"
    # odd, but readable
    NUL_AND_SURROGATES = "nul_and_surrogates"
    NUMBER_OF_300_DIGITS = "number_of_300_digits"
    ID_OF_300_DIGITS = "id_of_300_digits"
    ID_OF_300_LETTERS = "id_of_300_letters"
    NO_ID = "no_id"
    NO_AGENT = "no_agent"
    NO_MESSAGES = "no_messages"
    TWO_NUMBERS = "two_numbers"
    HOSTILE_TEXTS = "hostile_texts"
    TEN_THOUSAND_LINES = "ten_thousand_lines"


READABLE = frozenset(list(Poison)[list(Poison).index(Poison.NUL_AND_SURROGATES) :])
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}} %s ${SHELL(id)} ' OR 1=1 --",
    '=HYPERLINK("http://evil.example","x")',
    "＝1+1",
    "\u202egnp.exe \u200f\u2066x",
    "a\u2028b\u2029c",
    "\x1b[31mred\x07",
    "👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈",
    "javascript:alert(1) data:text/html,x //evil.example",
)


def spoil(poison: Poison, record: Record, names: "Names") -> bytes:
    """The record as bytes, spoilt; ``names`` are the keys that this interface uses."""
    if poison in _BODIES:
        return _BODIES[poison](_dump(record))
    _CHANGES[poison](record, names)
    return json.dumps(record).encode()  # escaped: surrogates survive


class Names:
    """The keys of one interface that poison touches. Customer fields stand one level deeper."""

    def __init__(self, *, id: str, operator: str, phone: str, text: str) -> None:
        self.id = id
        self.operator = operator
        self.phone = phone
        self.text = text


def _dump(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


_BODIES: dict[Poison, Callable[[bytes], bytes]] = {
    Poison.NOT_A_NUMBER: lambda body: body[:-1] + b', "score": NaN}',
    Poison.DEEP_JSON: lambda body: body[:-1] + b', "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    Poison.DUPLICATE_KEYS: lambda body: body[:-1] + b', "messages": []}',
    Poison.NOT_UTF8: lambda body: body[:-1] + b', "note": "\xff\xfe\x83e"}',
    Poison.NOT_AN_OBJECT: lambda body: b'"a chat"',
    Poison.NULL_RECORD: lambda body: b"null",
}


def _set(key: str, value: Any) -> Callable[[Record, Names], None]:
    return lambda record, names: record.update({key: value})


def _set_id(value: Any) -> Callable[[Record, Names], None]:
    return lambda record, names: record.update({names.id: value})


def _set_phone(value: Any) -> Callable[[Record, Names], None]:
    return lambda record, names: record.update(customer={**(record.get("customer") or {}), names.phone: value})


def _set_times(value: str) -> Callable[[Record, Names], None]:
    return lambda record, names: record.update(started_at=value, closed_at=value, updated_at=value)


def _say(*texts: str) -> Callable[[Record, Names], None]:
    """Put these texts into copies of the first message."""

    def change(record: Record, names: Names) -> None:
        first = record["messages"][0]
        record["messages"] = [first | {names.text: text} for text in texts] + record["messages"][1:]

    return change


def _repeat(record: Record, names: Names) -> None:
    record["messages"] = [record["messages"][0]] * 20_000


_CHANGES: dict[Poison, Callable[[Record, Names], None]] = {
    Poison.MESSAGES_ARE_TEXT: _set("messages", "none"),
    Poison.MESSAGES_ARE_NULL: _set("messages", None),
    Poison.MESSAGE_IS_A_NUMBER: _set("messages", [1]),
    Poison.MANY_MESSAGES: _repeat,
    Poison.TEN_MEGABYTE_MESSAGE: _say("a" * 10_000_000),
    Poison.ID_IS_AN_OBJECT: _set_id({}),
    Poison.PHONE_IS_A_NUMBER: _set_phone(9012345678),
    Poison.TIME_IS_NONSENSE: _set_times("soon"),
    Poison.YEAR_10000: _set_times("10000-01-01T00:00:00+09:00"),
    Poison.YEAR_1: _set_times("0001-01-01T00:00:00+09:00"),
    Poison.STATUS_UNKNOWN: _set("status", "evaporated"),
    Poison.NUL_AND_SURROGATES: _say("a\x00b\ud83d"),
    Poison.NUMBER_OF_300_DIGITS: _set_phone("9" * 300),
    Poison.ID_OF_300_DIGITS: lambda record, names: record.update({names.id: int("9" * 250 + _digits(record, names))}),
    Poison.ID_OF_300_LETTERS: lambda record, names: record.update({names.id: f"{record[names.id]:x<300}"}),
    Poison.NO_ID: lambda record, names: record.pop(names.id),
    Poison.NO_AGENT: lambda record, names: record.pop(names.operator),
    Poison.NO_MESSAGES: _set("messages", []),
    Poison.TWO_NUMBERS: _set_phone("090-1234-5678 / 03-1234-5678"),
    Poison.HOSTILE_TEXTS: _say(*HOSTILE),
    Poison.TEN_THOUSAND_LINES: _say("\n".join(["行"] * 10_000)),
}


def _digits(record: Record, names: Names) -> str:
    """Fifty digits of its own, so that two such chats stay two."""
    return "".join(f"{ord(each) % 100:02d}" for each in str(record[names.id]))[-50:].rjust(50, "0")
