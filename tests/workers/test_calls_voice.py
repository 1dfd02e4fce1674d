"""Guidance gets its sound beside the calls, and the plan learns how long each really lasts."""

from pathlib import Path

import pytest

from renkei.domain.line import speech_key
from renkei.domain.matching import Branch
from renkei.domain.plan import BranchPlan, GuidancePlan, IvrPlan, LinePlan
from renkei.speech.media import read_seconds, write_sound
from renkei.workers.calls_voice import Voice

PLAN = LinePlan(
    guidances={
        1: GuidancePlan(1, "案内", "お電話ありがとうございます。", "guidance/1", 99.0),
        2: GuidancePlan(2, "録音", "", "guidance/2", 7.0),
    },
    ivrs={1: IvrPlan(1, "連携", branches={Branch.SUCCESS: BranchPlan(speech="担当者におつなぎします。")})},
)


async def test_words_are_spoken_and_their_true_length_is_known(tmp_path: Path) -> None:
    """Synthesised words (R49) lie under their own key before anybody calls."""
    pytest.importorskip("pyopenjtalk")
    voice = Voice(tmp_path)
    assert voice.fit(PLAN).guidances == PLAN.guidances
    await voice.prepare(PLAN)
    fitted = voice.fit(PLAN)
    key = speech_key("担当者におつなぎします。")
    assert fitted.guidances[1].seconds == read_seconds(tmp_path, "guidance/1")
    assert 1 < fitted.guidances[1].seconds < 5
    assert fitted.guidances[2].seconds == 7.0
    assert fitted.speech_seconds[key] == read_seconds(tmp_path, key)


async def test_a_recording_of_a_person_keeps_its_sound_and_tells_its_length(tmp_path: Path) -> None:
    write_sound(tmp_path, "guidance/1", b"\x00\x00" * 16000)
    voice = Voice(tmp_path)
    await voice.prepare(LinePlan(guidances={1: PLAN.guidances[1]}))
    assert voice.fit(PLAN).guidances[1].seconds == 2.0
