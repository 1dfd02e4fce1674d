"""Finding mistyped numbers without reading all numbers: short keys that two near numbers always share.

A number is cut into four pieces. Two slips (domain.phone.digits_are_near) can spoil two of them, so two pieces remain
what they were; each pair of pieces is a key. An index finds the keys, ``digits_are_near`` judges what was found.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations
from zlib import crc32

from renkei.domain.phone import Telephone, digits_of, national_digits

LONGEST = 17
"""Digits: fifteen of E.164 and two slips."""
SLIPS = 2
MOST_WEEKS = 60
"""A call of long ago is asked about rarely, and a chat that was mistyped then came to us then."""
_WEEK = 604_800
_BITS = 32


def near_keys(e164: str | None, typed: str) -> tuple[int, ...]:
    """The keys to keep with a number as it was read or, where it could not be, as it was typed; without their week."""
    digits = e164[1:] if e164 else digits_of(typed).lstrip("+")
    if not 0 < len(digits) <= LONGEST:
        return ()
    places = (place for pair in _pairs(len(digits)) for place in _places(len(digits), pair, missing=0))
    return tuple(_keys(digits.encode(), places))


def near_probes(caller: Telephone) -> frozenset[int]:
    """Of these keys every number near the caller's has at least one."""
    international, national = caller.e164[1:].encode(), national_digits(caller).encode()
    both = _keys(international, _probes(len(international))) | _keys(national, _probes(len(national)))
    return frozenset(both)


def in_weeks(keys: frozenset[int], *, since: datetime, until: datetime) -> list[int]:
    """The keys as they are stored: each with the week, by Unix time in UTC, in which the number came to us. So a key
    leads to the numbers of a week, not to those of all years. Of a time further back MOST_WEEKS are looked through."""
    first, last = (int(at.astimezone(UTC).timestamp()) // _WEEK for at in (since, until + timedelta(days=1)))
    return [week << _BITS | key for week in range(first, min(last, first + MOST_WEEKS - 1) + 1) for key in keys]


def _cut(length: int) -> tuple[tuple[int, int], ...]:
    """Where the four pieces lie: three of two digits at the end, where numbers differ most, and the rest before."""
    cuts = [length - 6, length - 4, length - 2] if length >= 8 else [length * part // 4 for part in (1, 2, 3)]
    return tuple(zip((0, *cuts), (*cuts, length), strict=True))


_Pair = tuple[tuple[int, tuple[int, int]], tuple[int, tuple[int, int]]]
_Place = tuple[int, int, int, int, int]
"""Where a key's two pieces lie in the digits, behind the checksum of what is said before them."""


def _keys(digits: bytes, places: Iterator[_Place] | tuple[_Place, ...]) -> set[int]:
    return {crc32(b"%b|%b" % (digits[a:b], digits[c:d]), said) for said, a, b, c, d in places}


def _pairs(length: int) -> Iterator[_Pair]:
    return combinations(enumerate(_cut(length)), 2)


@cache
def _probes(length: int) -> tuple[_Place, ...]:
    """Every place a number of this length is asked by: it is the same for all of them."""
    return tuple(
        place
        for other in range(max(1, length - SLIPS), length + SLIPS + 1)
        for pair in _pairs(other)
        for place in _places(other, pair, missing=length - other)
    )


def _places(length: int, pair: _Pair, *, missing: int) -> Iterator[_Place]:
    """The two pieces of a number of ``length`` digits, and beside their place when it has ``missing`` digits fewer
    (more, when negative): by what was left out before them."""
    (i, (a, b)), (j, (c, d)) = pair
    said = crc32(f"{length}:{i}{j}:".encode())
    step = 1 if missing >= 0 else -1
    for left in range(abs(missing) + 1):
        for right in range(left, abs(missing) + 1):
            x, y = step * left, step * right
            if a + x >= 0 and c + y >= 0:
                yield said, a + x, b + x, c + y, d + y
