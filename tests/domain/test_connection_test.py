"""What a connection test found becomes codes that say where it stopped and what to do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.connection_test import (
    NOBODYS_NUMBER,
    PATIENCE,
    Advice,
    Finding,
    Mark,
    Stage,
    Verdict,
    is_overdue,
    judge,
    mask_number,
)
from renkei.domain.matching import Branch, LookedUp, Outcome
from renkei.domain.phone import read_number

NOON = datetime(2025, 1, 31, 3, 0, tzinfo=UTC)

SETTINGS, REQUEST, PROVIDER = Outcome.SETTINGS_ERROR, Outcome.REQUEST_ERROR, Outcome.PROVIDER_ERROR
TABLE = [
    (SETTINGS, "empty_project_id", None, Stage.SETTINGS, Advice.COMPLETE_SETTINGS, Branch.FAILURE),
    (SETTINGS, "address_missing", None, Stage.SETTINGS, Advice.COMPLETE_SETTINGS, Branch.FAILURE),
    (SETTINGS, "api_key_missing", None, Stage.SETTINGS, Advice.COMPLETE_SETTINGS, Branch.FAILURE),
    (SETTINGS, "unreadable_secret", None, Stage.SETTINGS, Advice.ENTER_SECRET, Branch.FAILURE),
    (SETTINGS, "bad_address", None, Stage.DESTINATION, Advice.CORRECT_ADDRESS, Branch.FAILURE),
    (SETTINGS, "address_never_allowed", None, Stage.DESTINATION, Advice.CORRECT_ADDRESS, Branch.FAILURE),
    (SETTINGS, "address_not_public", None, Stage.DESTINATION, Advice.ALLOW_DESTINATION, Branch.FAILURE),
    (SETTINGS, "scheme_not_allowed", None, Stage.DESTINATION, Advice.ALLOW_DESTINATION, Branch.FAILURE),
    (REQUEST, "name_not_found", None, Stage.CONNECTION, Advice.CORRECT_ADDRESS, Branch.REQUEST_ERROR),
    (REQUEST, "connect_failed", None, Stage.CONNECTION, Advice.CHECK_NETWORK, Branch.REQUEST_ERROR),
    (REQUEST, "tls_failed", None, Stage.CONNECTION, Advice.CHECK_CERTIFICATE, Branch.REQUEST_ERROR),
    (REQUEST, "timed_out", None, Stage.ANSWER, Advice.ASK_WHY_SLOW, Branch.REQUEST_ERROR),
    (REQUEST, "connection_reset", None, Stage.ANSWER, Advice.ASK_PROVIDER, Branch.REQUEST_ERROR),
    (REQUEST, "not_http", None, Stage.ANSWER, Advice.CHECK_WHO_ANSWERS, Branch.REQUEST_ERROR),
    (REQUEST, "redirect_refused", 302, Stage.ANSWER, Advice.CORRECT_ADDRESS, Branch.REQUEST_ERROR),
    (REQUEST, "http_401", 401, Stage.ANSWER, Advice.CHECK_CREDENTIALS, Branch.REQUEST_ERROR),
    (REQUEST, "http_404", 404, Stage.ANSWER, Advice.CHECK_REQUEST, Branch.REQUEST_ERROR),
    (REQUEST, "http_429", 429, Stage.ANSWER, Advice.WAIT, Branch.REQUEST_ERROR),
    (REQUEST, "http_500", 500, Stage.ANSWER, Advice.ASK_PROVIDER, Branch.REQUEST_ERROR),
    (REQUEST, "http_503", 503, Stage.ANSWER, Advice.WAIT, Branch.REQUEST_ERROR),
    (REQUEST, "something_new", None, Stage.ANSWER, Advice.CHECK_REQUEST, Branch.REQUEST_ERROR),
    (PROVIDER, "not_json", 200, Stage.CONTENT, Advice.CHECK_WHO_ANSWERS, Branch.FAILURE),
    (PROVIDER, "wrong_type", 200, Stage.CONTENT, Advice.CHECK_SPECIFICATION, Branch.FAILURE),
    (PROVIDER, "provider_error_answer", 200, Stage.CONTENT, Advice.ASK_PROVIDER, Branch.FAILURE),
    (Outcome.BAD_PROJECT, "bad_project_answer", 404, Stage.IDS, Advice.CHECK_PROJECT, Branch.FAILURE),
    (Outcome.BAD_CHANNEL, "bad_channel_answer", 404, Stage.IDS, Advice.CHECK_CHANNEL, Branch.FAILURE),
]


@pytest.mark.parametrize(("outcome", "detail", "status", "stage", "advice", "branch"), TABLE)
def test_each_failure_names_its_step_its_advice_and_where_a_call_would_go(
    outcome: Outcome, detail: str, status: int | None, stage: Stage, advice: Advice, branch: Branch
) -> None:
    finding = judge(LookedUp(outcome, status=status, detail=detail))
    assert (finding.verdict, finding.stage, finding.advice) == (Verdict.FAILED, stage, advice)
    assert finding.branch is branch
    marks = dict(finding.marks())
    assert marks[stage] is Mark.FAILED
    assert [mark for mark in marks.values() if mark is Mark.FAILED] == [Mark.FAILED]


@pytest.mark.parametrize(("conversations", "branch"), [(0, Branch.FAILURE), (2, Branch.SUCCESS)])
def test_an_empty_answer_is_as_good_as_a_full_one(conversations: int, branch: Branch) -> None:
    finding = judge(LookedUp(Outcome.ANSWERED, status=200), conversations=conversations)
    assert finding.verdict is Verdict.CONNECTED
    assert finding.branch is branch
    assert {mark for _, mark in finding.marks()} == {Mark.PASSED}


def test_a_bare_not_found_proves_neither_id() -> None:
    """The provider was reached, but project and channel may still be wrong."""
    finding = judge(LookedUp(Outcome.NOT_OBTAINED, status=404, detail="not_found_answer"))
    assert (finding.verdict, finding.advice) == (Verdict.UNSURE, Advice.TRY_KNOWN_NUMBER)
    assert dict(finding.marks())[Stage.IDS] is Mark.UNKNOWN


def test_a_time_out_does_not_claim_that_a_connection_stood() -> None:
    marks = dict(judge(LookedUp(Outcome.REQUEST_ERROR, detail="timed_out")).marks())
    assert marks[Stage.DESTINATION] is Mark.PASSED
    assert marks[Stage.CONNECTION] is Mark.UNKNOWN
    assert marks[Stage.ANSWER] is Mark.FAILED
    assert marks[Stage.IDS] is Mark.NOT_REACHED


@given(
    outcome=st.sampled_from(Outcome),
    detail=st.sampled_from([row[1] for row in TABLE]) | st.text(max_size=30),
    status=st.none() | st.integers(100, 599),
    conversations=st.integers(0, 1000),
    duration_ms=st.integers(-5, 100_000),
)
def test_every_result_is_judged_and_survives_its_storage(
    outcome: Outcome, detail: str, status: int | None, conversations: int, duration_ms: int
) -> None:
    looked_up = LookedUp(outcome, status=status, detail=detail)
    finding = judge(looked_up, conversations=conversations, duration_ms=duration_ms)
    assert Finding.from_json(finding.to_json()) == finding
    assert [stage for stage, _ in finding.marks()] == list(Stage)
    assert (finding.verdict is Verdict.CONNECTED) == (outcome is Outcome.ANSWERED)


def test_a_test_is_given_up_after_its_patience_and_not_before() -> None:
    assert not is_overdue(NOON, now=NOON + PATIENCE)
    assert is_overdue(NOON, now=NOON + PATIENCE + timedelta(microseconds=1))


def test_the_number_of_nobody_is_a_valid_one_and_only_four_digits_of_any_are_kept() -> None:
    assert read_number(NOBODYS_NUMBER.e164) == NOBODYS_NUMBER
    assert mask_number("+819012345678") == "*********5678"
    assert mask_number("110") == "110"
