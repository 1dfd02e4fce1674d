"""The check of the IVRs before they go live."""

from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.line_check import Fault, Found, IvrDrawn, check_line

ids = st.integers(1, 6)
drawn = st.builds(
    IvrDrawn,
    id=ids,
    use_api=st.booleans(),
    busy=st.sampled_from([(), ("success",), ("failure",), ("success", "failure")]),
    leads_to=st.dictionaries(st.sampled_from(["success", "failure"]), ids),
)
lines = st.lists(drawn, unique_by=lambda ivr: ivr.id)


@given(lines, st.booleans())
def test_every_branch_still_busy_is_found_and_no_other(line: list[IvrDrawn], has_chatbot: bool) -> None:
    """Proves R57."""
    found = [each for each in check_line(line, has_chatbot=has_chatbot) if each.fault is Fault.STILL_BUSY]
    assert found == [Found(Fault.STILL_BUSY, ivr.id, condition) for ivr in line for condition in ivr.busy]


@given(lines, st.booleans())
def test_an_ivr_whose_option_is_off_is_found(line: list[IvrDrawn], has_chatbot: bool) -> None:
    """Proves D12."""
    found = {each.ivr_id for each in check_line(line, has_chatbot=has_chatbot) if each.fault is Fault.OPTION_OFF}
    assert found == {ivr.id for ivr in line if ivr.use_api and not has_chatbot}


@given(lines)
def test_a_circle_is_found_exactly_where_a_walk_comes_back(line: list[IvrDrawn]) -> None:
    """Beside it a walk that takes as many steps as there are IVRs."""
    ways = {ivr.id: ivr.leads_to for ivr in line}

    def comes_back(start: int, here: int) -> bool:
        at = {here}
        for _ in line:
            if start in at:
                return True
            at = {there for each in at for there in ways.get(each, {}).values()}
        return start in at

    found = {each for each in check_line(line, has_chatbot=True) if each.fault is Fault.CIRCLE}
    assert found == {
        Found(Fault.CIRCLE, ivr.id, condition)
        for ivr in line
        for condition, there in ivr.leads_to.items()
        if comes_back(ivr.id, there)
    }
