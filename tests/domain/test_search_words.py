"""Pieces of words find what holds the word."""

from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.search_words import LONGEST_SEARCHED, cut_words


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.integers(1, 3))
def test_what_holds_a_word_holds_all_its_pieces(before: str, word: str, after: str, size: int) -> None:
    """Whatever stands around it; so the pieces never lose a call."""
    # Letters whose small form depends on what stands beside them are searched by their plain small form.
    whole = before.lower() + word.lower() + after.lower()
    pieces = {whole[place : place + size] for place in range(len(whole))}
    assert set(cut_words(word.lower()[:LONGEST_SEARCHED], size)) <= pieces


def test_a_shorter_word_has_no_pieces_and_an_endless_one_few() -> None:
    """Nobody makes the database look for a million pieces."""
    assert cut_words("09", 3) == []
    assert cut_words("", 2) == []
    assert len(cut_words("0123456789" * 10_000, 3)) <= LONGEST_SEARCHED
