"""What search looks at keeps the items apart from what was said."""

from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.letter_pairs import MOST_PAIRS, fold, pairs_to_find
from renkei.domain.marks import mark_of
from renkei.domain.searched import pairs_in, renew_searched, write_searched

texts = st.lists(st.text(max_size=12), max_size=4)
values = st.one_of(st.none(), st.booleans(), st.text(max_size=5), st.integers(), st.lists(st.text(max_size=3)))


@given(said=texts, before=texts, now=texts)
def test_other_items_are_found_at_once_and_former_ones_no_more(
    said: list[str], before: list[str], now: list[str]
) -> None:
    """As if the conversation had come with them."""
    assert renew_searched(write_searched(said, before), now) == write_searched(said, now)


@given(said=texts, items=texts)
def test_every_word_of_what_was_said_and_of_the_items_can_be_looked_for(said: list[str], items: list[str]) -> None:
    searched = write_searched(said, items)
    pairs = set(pairs_in(searched))
    for each in (*said, *items):
        for word in fold(each).split():
            assert word in searched
            assert set(pairs_to_find(word)) <= pairs


def test_a_conversation_of_every_letter_does_not_crowd_the_items_out() -> None:
    """Only so many pairs are kept of one interaction."""
    said = "".join(chr(0x4E00 + place) for place in range(MOST_PAIRS))
    pairs = pairs_in(write_searched([said], ["解約"]))
    assert len(pairs) == MOST_PAIRS
    assert {"解", "約", "解約"} <= set(pairs)


@given(one=values, other=values)
def test_a_mark_differs_when_and_only_when_the_value_does(one: object, other: object) -> None:
    """Whatever is stored in a form; of a choice of several the order says nothing."""
    same = sorted(one) == sorted(other) if isinstance(one, list) and isinstance(other, list) else one == other
    is_text_of = type(one) is not type(other) and str(one) == str(other)  # a form sends texts for numbers
    if not is_text_of and not isinstance(one, bool) and not isinstance(other, bool):
        assert (mark_of(one) == mark_of(other)) is same
