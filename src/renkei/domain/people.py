"""How people's names are ordered (D19) and compared."""

from renkei.domain.letter_pairs import fold

_LAST = "\uffff"
"""Sorts behind every letter: names without kana, which nobody knows how to read, come after the others."""


def sort_key(name: str, kana: str) -> str:
    """What a list of people is ordered by: the kana, half-width and katakana as hiragana; without kana the name, behind
    all names that have one. At most 121 characters."""
    read = fold(kana)
    return read[:120] if read else _LAST + fold(name)[:120]
