"""What is written for Asterisk: nothing hostile gets into a configuration file, a dialplan or a header."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.plan import AgentPlan, GuidancePlan, LinePlan, NumberPlan, RulePlan, RunRule
from renkei.domain.rules import BusyStep, HangUpStep, PlayStep, RingStep
from renkei.telephony.asterisk.configuration import AsteriskSetup, write_configuration
from renkei.telephony.asterisk.names import UnsafeValueError, endpoint_of, rule_context, safe_media
from renkei.telephony.asterisk.phones import caller_id, header_value
from renkei.telephony.asterisk.rules import compile_rules, spellings, write_rules

HOSTILE = (
    "x\nexten => s,1,System(id)", "${SHELL(id)}", "$[1+1]", "a;b", "a,b", "a)b", "a&PJSIP/itsp/900", "../../etc/passwd",
    "a b", "é", "\u202e1", "", "a" * 300, "#include /etc/shadow", "[general]",
)  # fmt: skip
SETUP = AsteriskSetup(ari_password="secret-password", trunk_hosts=("192.0.2.1",))


def test_the_dialplan_names_every_worker_and_nobody_else() -> None:
    text = write_configuration(replace(SETUP, workers=("renkei-1", "renkei-2")))["extensions.conf"]
    assert [line.split("Stasis(")[1] for line in text.splitlines() if "Stasis(" in line] == [
        "renkei-1,inbound,${RENKEI_TRIES})", "renkei-2,inbound,${RENKEI_TRIES})",
    ]  # fmt: skip
    assert "TIMEOUT(absolute)=3" in text
    assert "exten => T,1," in text


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("field", ["ari_password", "ari_user", "http_host", "sip_host", "data_dir", "trunk", "worker"])
def test_a_hostile_setting_is_refused_and_not_written(field: str, hostile: str) -> None:
    changed = {"trunk": {"trunk_hosts": (hostile,)}, "worker": {"workers": (hostile,)}}.get(field, {field: hostile})
    with pytest.raises(UnsafeValueError):
        write_configuration(replace(SETUP, **changed))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_name_of_a_rule_a_sound_or_an_extension_is_refused(hostile: str) -> None:
    for check in (rule_context, safe_media, endpoint_of):
        with pytest.raises(UnsafeValueError):
            check(hostile)


def plan(*steps: object, media: str = "guidance/1", extension: str = "101", e164: str = "+81312345678") -> LinePlan:
    return LinePlan(
        numbers={e164: NumberPlan(1, e164, "代表", 1, RunRule(7), 7)},
        rules={7: RulePlan(7, "規則", tuple(steps))},  # type: ignore[arg-type]
        guidances={1: GuidancePlan(1, "案内", "${SHELL(id)}\nこんにちは", media, 1.0)},
        agents={1: AgentPlan(1, extension, "佐藤"), 2: AgentPlan(2, "102", "鈴木")},
    )


def test_every_step_has_its_dialplan() -> None:
    text = compile_rules(
        plan(PlayStep(1), RingStep((1, 2), 20), BusyStep(), HangUpStep()), media_dir="/var/lib/renkei/media"
    )
    assert text.splitlines()[2:9] == [
        "[renkei-rule-7]", "exten => s,1,Answer()", " same => n,Playback(/var/lib/renkei/media/guidance/1)",
        " same => n,Dial(PJSIP/101-web&PJSIP/102-web,20)", " same => n,Goto(renkei-busy,s,1)",
        " same => n,Hangup(16)", " same => n,Goto(renkei-end,s,1)",
    ]  # fmt: skip


def test_a_number_has_its_own_behaviour_in_every_spelling() -> None:
    text = compile_rules(plan(BusyStep()), media_dir="/m")
    for spelling in ("+81312345678", "81312345678", "0312345678"):
        assert f"exten => {spelling},1,Set(RENKEI_FALLBACK=rule-7)" in text


@pytest.mark.parametrize(
    "unusable",
    [plan(RingStep((99,), 20)), plan(PlayStep(1), media="a/../../b"), plan(RingStep((1,), 5), extension="1&2")],
)
def test_a_rule_that_cannot_be_compiled_is_left_out_so_that_its_name_leads_to_busy(unusable: LinePlan) -> None:
    assert "[renkei-rule-7]" not in compile_rules(unusable, media_dir="/m")


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
def test_no_text_of_a_person_ever_stands_in_a_compiled_rule(media: str, extension: str, e164: str) -> None:
    text = compile_rules(
        plan(PlayStep(1), RingStep((1, 2), 5), media=media, extension=extension, e164=e164), media_dir="/m"
    )
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n[]=>,()/_-+&;.")
    assert set(text) <= allowed
    assert all(line.startswith((";", "[", "exten => ", " same => n,")) or not line for line in text.split("\n"))


def test_rules_are_put_in_place_at_once_and_only_when_they_changed(tmp_path: Path) -> None:
    path = tmp_path / "asterisk" / "rules.conf"
    assert write_rules(path, plan(BusyStep()), media_dir="/m")
    assert not write_rules(path, plan(BusyStep()), media_dir="/m")
    assert write_rules(path, plan(HangUpStep()), media_dir="/m")
    assert [each.name for each in path.parent.iterdir()] == ["rules.conf"]


@pytest.mark.parametrize("hostile", ["", "+", "81+3", "+8131234567x", "０３１２３４", "1,2"])
def test_what_is_no_number_has_no_spelling(hostile: str) -> None:
    with pytest.raises(UnsafeValueError):
        spellings(hostile)


@given(st.text(max_size=200), st.text(max_size=100))
def test_a_display_name_never_leaves_its_quotes(name: str, number: str) -> None:
    shown = caller_id(name, number)
    inside, _, behind = shown[1:].partition('" <')
    assert shown[0] == '"'
    assert behind.endswith(">")
    assert not set(inside) & set('"\\<>\r\n\x00')
    assert set(behind[:-1]) <= set("+0123456789*#")
    assert len(inside) <= 60


@given(st.text(max_size=400))
def test_a_header_value_is_one_printable_line(text: str) -> None:
    value = header_value(text)
    assert value.isascii()
    assert value.isprintable()
    assert not set(value) & set("${}[]\\\"';, ")
    assert len(value) <= 200
