"""One response condition's settings."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.branch import Action, BranchSettings, Destination, Form, count_characters, settle_branch
from renkei.errors import RejectedError

ids = st.none() | st.integers(1, 9)
entered = st.builds(
    BranchSettings,
    label_id=ids,
    guidance_form=st.sampled_from(Form),
    guidance_id=ids,
    speech_text=st.text(max_size=5),
    action=st.sampled_from(Action),
    destination=st.none() | st.sampled_from(Destination),
    agent_id=ids,
    ivr_id=ids,
    outside_number=st.sampled_from(["", "+81312345678"]),
    rule_id=ids,
    memo=st.text(max_size=20),
)


@given(entered, st.booleans())
def test_what_the_screen_hides_is_never_stored(settings: BranchSettings, has_speech: bool) -> None:
    """Proves R49, R65."""
    try:
        settled = settle_branch(settings, has_speech=has_speech)
    except RejectedError:
        return  # nothing was chosen where the call should go
    assert (settled.guidance_form is Form.SPEECH) == (has_speech and settings.guidance_form is Form.SPEECH)
    assert settled.guidance_id is None if settled.guidance_form is Form.SPEECH else settled.speech_text == ""
    ways = [settled.rule_id, settled.agent_id, settled.ivr_id, settled.outside_number or None]
    assert sum(way is not None for way in ways) == 1
    assert (settled.rule_id is not None) == (settled.action is Action.RULE)
    assert settle_branch(settled, has_speech=has_speech) == settled


@pytest.mark.parametrize("memo", ["あ" * 500, "𠮷" * 500, "\r\n" * 500, "a" * 498 + "\r\n" + "b", "👨‍👩‍👧" * 100])
def test_500_characters_are_a_memo_and_one_more_is_not(memo: str) -> None:
    """Proves R62, R63, D18."""
    assert count_characters(memo) == 500
    settled = settle_branch(BranchSettings(rule_id=1, memo=memo), has_speech=True)
    assert "\r" not in settled.memo
    with pytest.raises(RejectedError) as refused:
        settle_branch(BranchSettings(rule_id=1, memo=memo + "x"), has_speech=True)
    assert refused.value.params == {"limit": 500, "length": 501}


@pytest.mark.parametrize("text", ["𠮷" * 1000, "\r\n" * 1000])
def test_a_text_that_is_read_out_is_counted_in_the_same_way_and_only_where_it_is_used(text: str) -> None:
    """Proves R65, D18."""
    entered = BranchSettings(rule_id=1, guidance_form=Form.SPEECH, speech_text=text)
    assert len(settle_branch(entered, has_speech=True).speech_text) == 1000
    with pytest.raises(RejectedError) as refused:
        settle_branch(replace(entered, speech_text=text + "x"), has_speech=True)
    assert refused.value.params == {"limit": 1000, "length": 1001}
    assert settle_branch(replace(entered, speech_text=text + "x"), has_speech=False).speech_text == ""
