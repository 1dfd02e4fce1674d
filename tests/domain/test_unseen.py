"""Which characters need their name to be told."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.unseen import is_unseen


@pytest.mark.parametrize("character", ["\u200d", "\ufe0f", "\u200b", "\u00a0", "\u00ad", "\u0301", "\u3164", "\ue000"])
def test_what_leaves_no_glyph_is_unseen(character: str) -> None:
    assert is_unseen(character)


@pytest.mark.parametrize("character", ["😀", "あ", "A", "𠮷", "〓", "🏽", "é", " ", "—", "ー"])
def test_what_is_drawn_is_not(character: str) -> None:
    assert not is_unseen(character)


@given(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u2800\u3164\uffa0"))
def test_letters_digits_and_symbols_are_all_seen(character: str) -> None:
    assert not is_unseen(character), unicodedata.name(character, "?")
