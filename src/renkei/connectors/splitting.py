"""Cuts a page of JSON into its records without reading them, so that one broken record does not hide the others.

Works on bytes and knows only strings, brackets, commas and colons: a record may hold anything between them. Every step
is linear, whatever a stranger sent: a string without an end reaches to the end of the page.
"""

import re
from collections.abc import Iterator

from renkei.errors import MalformedPayloadError

_STRING = rb'"(?:[^"\\]++|\\.?)*+(?:"|\Z)'
_MARK = re.compile(_STRING + rb"|[\[\]{},:]", re.DOTALL)
# Inside the list a bracket with nothing but plain values in it is passed over in one step: most messages are.
_STEP = re.compile(rb'[\[{](?:[^"{}\[\]]++|' + _STRING + rb")*+[\]}]|" + _STRING + rb"|[\[\]{},]", re.DOTALL)
MOST_STEPS = 1_500_000


def split_records(body: bytes, path: str) -> tuple[bytes, list[bytes]]:
    """The page with an empty list at ``path`` (names joined by dots), and the records that stood in it.

    Raises MalformedPayloadError: ``not_json`` where there is no whole list, ``too_many_values`` beyond all measure.
    """
    begin = _find_list(body, [part.encode("utf-8") for part in path.split(".")])
    cuts = list(_find_cuts(body, begin))
    pieces = [body[start:end].strip() for start, end in zip([begin, *(cut + 1 for cut in cuts)], cuts, strict=False)]
    if pieces == [b""]:
        pieces = []
    return body[:begin] + body[cuts[-1] :], pieces


def _find_cuts(body: bytes, begin: int) -> Iterator[int]:
    """Where the list's own commas stand, and its end."""
    depth = 0
    for count, step in enumerate(_STEP.finditer(body, begin)):
        if count > MOST_STEPS:
            raise MalformedPayloadError("too_many_values")
        mark = step[0]
        if len(mark) > 1:
            continue
        if mark in b"[{":
            depth += 1
        elif mark == b"," and depth == 0:
            yield step.start()
        elif mark in b"]}":
            depth -= 1
            if depth < 0:
                yield step.start()
                return
    raise MalformedPayloadError("not_json")


def _find_list(body: bytes, wanted: list[bytes]) -> int:
    """Where the list at this path begins, behind its bracket."""
    names: list[bytes | None] = []
    name: bytes | None = None
    last = b""
    for count, found in enumerate(_MARK.finditer(body)):
        mark = found[0]
        if count > MOST_STEPS:
            raise MalformedPayloadError("too_many_values")
        if mark[:1] == b'"':
            last = mark[1:-1]
        elif mark == b":":
            name = last
        elif mark == b",":
            name = None
        elif mark in b"[{":
            names.append(name)
            name = None
            if mark == b"[" and len(names) == len(wanted) + 1 and names[1:] == wanted:
                return found.end()
        elif names:
            names.pop()
    raise MalformedPayloadError("not_json")
