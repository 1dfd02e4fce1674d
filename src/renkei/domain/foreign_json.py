"""Reads JSON that strangers sent: strictly, and into text a database can hold.

Refused: anything but UTF-8, truncation, duplicate keys, NaN and infinities, endless depth. Repaired: NUL and unpaired
surrogates become U+FFFD, because PostgreSQL can store neither and the rest of the message is still worth reading.
"""

import json
import math
import re
from typing import Any, NoReturn

from renkei.errors import MalformedPayloadError

# What json.loads makes: dict, list, str, int, float, bool or None, nested.
Json = Any

DEEPEST = 64
# Measured: the decoder makes eight million small lists out of 90 kB of compressed text and holds the interpreter, and
# with it every call of the process, for 6.6 s. Counting the separators first takes milliseconds.
MOST_VALUES = 250_000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Replace what no database column can hold (NUL, unpaired surrogates) by U+FFFD; the length stays the same."""
    return _UNSTORABLE.sub("\ufffd", text)


def read_json(body: bytes) -> Json:
    """Read one JSON document; raises MalformedPayloadError with a code that says what is wrong with it.

    Codes: not_utf8, too_many_values, too_deep, duplicate_key, not_a_number, not_json.
    """
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise MalformedPayloadError("too_many_values")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedPayloadError("not_utf8") from error
    try:
        document = json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise MalformedPayloadError("too_deep") from error
    except ValueError as error:  # also a whole number of thousands of digits
        raise MalformedPayloadError("not_json") from error
    _check_depth(document)
    return clean_text(document) if isinstance(document, str) else document


def _pairs(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Build an object and clean the strings that stand right in it; those in lists follow in _check_depth."""
    made: dict[str, Json] = {}
    for key, value in pairs:
        name = clean_text(key)
        if name in made:
            raise MalformedPayloadError("duplicate_key")
        made[name] = clean_text(value) if isinstance(value, str) else value
    return made


def _refuse(constant: str) -> NoReturn:
    raise MalformedPayloadError("not_a_number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedPayloadError("not_a_number")
    return number


def _check_depth(document: Json) -> None:
    """Walk without recursion; cleans the strings that stand in lists on the way."""
    level = [document]
    depth = 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise MalformedPayloadError("too_deep")
        below: list[Json] = []
        for node in level:
            if isinstance(node, dict):
                below.extend(value for value in node.values() if isinstance(value, dict | list))
            elif isinstance(node, list):
                node[:] = [clean_text(item) if isinstance(item, str) else item for item in node]
                below.extend(item for item in node if isinstance(item, dict | list))
        level = below
