"""What ケース検索 looks at: what was said, and the items as people see them now (R142).

The two stand in one text with a line break between them, which a folded text never holds: what people change in the
items later replaces that part alone.
"""

from collections.abc import Iterable

from renkei.domain.letter_pairs import MOST_PAIRS, fold, pairs_of

MOST_SEARCHED = 100_000
"""Characters of a conversation that search looks at."""


def write_searched(said: Iterable[str], items: Iterable[str]) -> str:
    """The text for a new conversation."""
    return _join(fold("\n".join(said)[:MOST_SEARCHED]), items)


def renew_searched(searched: str, items: Iterable[str]) -> str:
    """The text with other items; what was said stays."""
    return _join(searched.partition("\n")[0], items)


def pairs_in(searched: str) -> list[str]:
    """The letters and pairs of the text, sorted, at most as many as are kept: those of the items come first."""
    said, _line, items = searched.partition("\n")
    found = set(pairs_of(items))
    return sorted(found.union([pair for pair in pairs_of(said) if pair not in found][: MOST_PAIRS - len(found)]))


def _join(said: str, items: Iterable[str]) -> str:
    return f"{said}\n{fold(chr(10).join(items))}"
