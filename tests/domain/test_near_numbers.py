"""The keys never miss a number that the rule calls near."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.domain.near_numbers import MOST_WEEKS, in_weeks, near_keys, near_probes
from renkei.domain.phone import Telephone, digits_are_near, is_near, national_digits

CALLERS = st.one_of(
    st.from_regex(r"\+81(70|80|90)[1-9][0-9]{7}", fullmatch=True),
    st.from_regex(r"\+813[3-6][0-9]{7}", fullmatch=True),
    st.from_regex(r"\+1212555[0-9]{4}", fullmatch=True),
)


@st.composite
def slipped(draw: st.DrawFn, digits: str) -> str:
    """One or two slips of the same sort."""
    places = draw(st.lists(st.integers(0, len(digits) - 1), min_size=1, max_size=2))
    match draw(st.sampled_from(("change", "leave out", "add", "swap"))):
        case "change":
            for place in places:
                digits = digits[:place] + draw(st.sampled_from("0123456789")) + digits[place + 1 :]
        case "leave out":
            for place in places:
                digits = digits[:place] + digits[place + 1 :]
        case "add":
            for place in places:
                digits = digits[:place] + draw(st.sampled_from("0123456789")) + digits[place:]
        case _:
            place = min(places[0], len(digits) - 2)
            digits = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    return digits


@settings(max_examples=500)
@given(st.data())
def test_a_number_that_is_near_shares_a_key(data: st.DataObject) -> None:
    """Proves D2."""
    caller = Telephone(data.draw(CALLERS))
    other = "+" + data.draw(slipped(caller.e164[1:]))
    if digits_are_near(other, caller.e164):
        assert near_probes(caller).intersection(near_keys(other, other))


@settings(max_examples=300)
@given(st.data())
def test_a_number_that_could_not_be_read_shares_a_key_when_it_was_mistyped(data: st.DataObject) -> None:
    """Proves D2."""
    caller = Telephone(data.draw(st.from_regex(r"\+81(70|80|90)[1-9][0-9]{7}", fullmatch=True)))
    form = data.draw(st.sampled_from((caller.e164[1:], "0" + caller.e164[3:])))
    typed = data.draw(slipped(form))
    if data.draw(st.booleans()):
        typed = typed.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    if is_near(caller, typed):
        assert near_probes(caller).intersection(near_keys(None, typed))


@given(CALLERS, CALLERS)
def test_of_all_numbers_few_share_a_key(one: str, other: str) -> None:
    """Only those with two equal pieces, each at most two digits from its place: what is read grows with them, not with
    the traffic."""
    if near_probes(Telephone(one)).intersection(near_keys(other, other)):
        told = other[1:]
        cuts = (0, len(told) - 6, len(told) - 4, len(told) - 2, len(told))
        pieces = [(begin, told[begin:end]) for begin, end in pairwise(cuts)]
        asked = (one[1:], national_digits(Telephone(one)))
        assert max(sum(_stands_near(text, *piece) for piece in pieces) for text in asked) >= 2


def _stands_near(text: str, place: int, piece: str) -> bool:
    return any(text.startswith(piece, at) for at in range(max(0, place - 2), place + 3))


def test_text_without_digits_and_endless_digits_have_no_key() -> None:
    assert near_keys(None, "") == near_keys(None, "none of your business") == near_keys(None, "9" * 60) == ()


def test_a_key_leads_to_one_week_and_the_window_reaches_over_its_ends() -> None:
    monday = datetime(2026, 11, 19, tzinfo=UTC)  # a Thursday, as weeks of Unix time begin
    assert len(in_weeks(frozenset({1, 2}), since=monday - timedelta(hours=1), until=monday + timedelta(days=1))) == 4
    assert len(in_weeks(frozenset({1}), since=monday, until=monday)) == 1


def test_a_call_of_a_thousand_years_ago_costs_no_more_than_one_of_last_year() -> None:
    long_ago = datetime(1026, 1, 1, tzinfo=UTC)
    assert len(in_weeks(frozenset({1}), since=long_ago, until=datetime(2026, 1, 1, tzinfo=UTC))) == MOST_WEEKS
