"""Finding mistyped numbers without reading all numbers: short keys that two near numbers always share.

A number is cut into four pieces. Two slips (domain.phone.digits_are_near) can spoil two of them, so two pieces remain
what they were; each pair of pieces is a key. An index finds the keys, ``digits_are_near`` judges what was found.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
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
    pieces = _cut(len(digits))
    return tuple({_key(len(digits), pair, digits, (0, 0)) for pair in combinations(enumerate(pieces), 2)})


def near_probes(caller: Telephone) -> frozenset[int]:
    """Of these keys every number near the caller's has at least one."""
    return frozenset(key for form in (caller.e164[1:], national_digits(caller)) for key in _probe(form))


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


def _key(length: int, pair: _Pair, digits: str, shifts: tuple[int, int]) -> int:
    (i, (a, b)), (j, (c, d)) = pair
    left, right = shifts
    return crc32(f"{length}:{i}{j}:{digits[a + left : b + left]}|{digits[c + right : d + right]}".encode())


def _probe(digits: str) -> Iterator[int]:
    for length in range(max(1, len(digits) - SLIPS), len(digits) + SLIPS + 1):
        pairs = list(combinations(enumerate(_cut(length)), 2))
        for pair in pairs:
            for shifts in _shifts(len(digits) - length):
                if pair[0][1][0] + shifts[0] >= 0 and pair[1][1][0] + shifts[1] >= 0:
                    yield _key(length, pair, digits, shifts)


def _shifts(missing: int) -> Iterator[tuple[int, int]]:
    """How far the two pieces may lie beside their place when the other number has that many digits fewer (more, when
    negative): by what was left out before them."""
    step = 1 if missing >= 0 else -1
    for left in range(abs(missing) + 1):
        for right in range(left, abs(missing) + 1):
            yield step * left, step * right
