"""Asterisk's record of calls is read whole, once and whatever stands in it."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.ivr_words import CallOutcome
from renkei.domain.past_calls import PastCall, read_past_calls

AT = "1795269600.226122"


def record(
    line_id: str = "1763733615.12", *, first: str | None = None, caller: str = "09012345678",
    dialled: str = "0312345678",
    began: str = AT, answered: str = "0.000000", ended: str = "1795269609.500000", result: str = "NO ANSWER",
    mark: str = "", hidden: str = "",
) -> bytes:  # fmt: skip
    """One line as Asterisk writes it."""
    fields = (line_id, first or line_id, caller, dialled, began, answered, ended, result, mark, hidden)
    return (",".join('"' + field.replace('"', '""') + '"' for field in fields) + "\n").encode(
        "utf-8", "surrogateescape"
    )


def only(written: bytes) -> PastCall:
    (call,) = read_past_calls(written).calls
    return call


def test_a_call_that_a_rule_took_is_read_with_its_times_in_utc() -> None:
    call = only(record(answered="1795269603.000000", result="ANSWERED", mark="fallback:rule-7"))
    assert (call.line_id, call.caller.number, call.dialled) == ("1763733615.12", "09012345678", "0312345678")
    assert (call.rule, call.outcome) == ("rule-7", CallOutcome.FALLBACK)
    assert call.arrived_at == datetime(2026, 11, 21, 14, 0, 0, 226122, tzinfo=UTC)
    assert call.ended_at == datetime(2026, 11, 21, 14, 0, 9, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"mark": "fallback:busy"}, CallOutcome.FALLBACK),
        ({}, CallOutcome.ABANDONED),
        ({"answered": AT, "result": "ANSWERED"}, CallOutcome.ANSWERED),
        ({"answered": AT, "result": "NO ANSWER"}, CallOutcome.ABANDONED),
        ({"mark": "something else"}, CallOutcome.ABANDONED),
    ],
)
def test_how_a_call_ended_is_what_its_record_says(told: dict[str, str], outcome: CallOutcome) -> None:
    assert only(record(**told)).outcome is outcome


def test_legs_that_we_called_and_calls_from_inside_are_not_calls_from_outside() -> None:
    written = record("1763733615.13", first="1763733615.12") + record("1763733615.14", dialled="")
    assert read_past_calls(written).calls == ()
    assert read_past_calls(written).unreadable == 0


def test_the_records_of_one_call_to_several_telephones_are_one_call() -> None:
    written = record(mark="fallback:rule-7") + record(
        ended="1795269630.000000", answered="1795269605.000000", result="ANSWERED"
    )
    call = only(written)
    assert (call.rule, call.answered_at is not None, call.ended_at.second) == ("rule-7", True, 30)


def test_a_caller_who_hid_is_hidden_here_too() -> None:
    """Proves R78."""
    assert only(record(hidden="yes")).caller.withheld
    assert not only(record()).caller.withheld


@pytest.mark.parametrize("cut", [1, 2, 5, 30, 60])
def test_a_last_line_that_is_half_written_waits_for_its_other_half(cut: int) -> None:
    first, second = record(), record("1763733616.13")
    reading = read_past_calls(first + second[:-cut])
    assert ([call.line_id for call in reading.calls], reading.done) == (["1763733615.12"], len(first))
    assert reading.unreadable == 0
    rest = (first + second)[reading.done :]
    assert [call.line_id for call in read_past_calls(rest).calls] == ["1763733616.13"]


@pytest.mark.parametrize(
    "damaged",
    [
        b'"1763733615.10","1763733615.10","0901\n',
        b'"1763733615.10","1763733615.10"\n',
        b"\x00\x00\x00\n",
        b"no record at all\n",
        record("1763733615.10", ended="soon"),
        record("1763733615.10", ended="1e300"),
        record("1763733615.10", ended="nan"),
        record("1763733615.10").replace(b'"\n', b'","one more"\n'),
    ],
    ids=["torn in a field", "too short", "zeros", "foreign", "no time", "end of times", "no number", "too long"],
)
def test_a_damaged_record_costs_no_other_one(damaged: bytes) -> None:
    reading = read_past_calls(record("1763733614.1") + damaged + record("1763733616.2"))
    assert [call.line_id for call in reading.calls] == ["1763733614.1", "1763733616.2"]
    assert reading.unreadable == 1


HOSTILE = [
    '090"1234', "090,1234", '","","', "090\n1234", '\n"1763733699.9","1763733699.9","', "<script>", "=1+1", "\u202e090",
    "${SHELL(id)}", "'; DROP TABLE renkei_call; --", "9" * 300, "090\r\n",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_caller_sends_stays_in_its_field(text: str) -> None:
    """Proves R78."""
    reading = read_past_calls(record(caller=text) + record("1763733616.13"))
    assert [call.line_id for call in reading.calls] == ["1763733615.12", "1763733616.13"]
    assert reading.calls[0].caller.number == text


@given(caller=st.text(max_size=40), cuts=st.lists(st.integers(0, 400), max_size=4))
def test_reading_piece_by_piece_gives_the_same_calls_as_reading_at_once(caller: str, cuts: list[int]) -> None:
    written = b"".join(
        record(f"176373361{number}.1", caller=caller.encode("utf-8", "ignore").decode()) for number in range(4)
    )
    at_once = read_past_calls(written).calls
    found: list[PastCall] = []
    at = 0
    for end in [*sorted(min(cut, len(written)) for cut in cuts), len(written)]:
        reading = read_past_calls(written[at:end])
        found += reading.calls
        at += reading.done
    assert tuple(found) == at_once
    assert len(at_once) == 4


def test_the_fields_are_those_that_csv_would_read() -> None:
    written = record(caller='a "quoted", text')
    assert next(csv.reader(io.StringIO(written.decode())))[2] == only(written).caller.number
