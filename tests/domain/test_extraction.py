"""Answers read by rules: paths, patterns, error maps."""

import time

import pytest

from renkei.domain.extraction import (
    ErrorRule,
    Extract,
    FailureKind,
    Matched,
    ResponseRule,
    RuleError,
    claim,
    match_response,
    pick,
    pick_all,
)

DOCUMENT = {"error": {"code": "NO_PROJECT"}, "list": [{"id": 1}, {"id": True}], "vip": True, "n": 3}


def test_paths_pick_what_is_there_and_nothing_where_nothing_is() -> None:
    assert pick(DOCUMENT, "$.error.code") == "NO_PROJECT"
    assert pick_all(DOCUMENT, "$.list[*].id") == [1, True]
    assert pick(DOCUMENT, "$.no.such[3].thing") is None
    assert pick([], "$.a") is None


@pytest.mark.parametrize("path", ["$..code", "$.list[?(@.id)]", "$.list[", "not a path ["])
def test_paths_that_could_run_long_or_are_none_are_refused(path: str) -> None:
    with pytest.raises(RuleError):
        pick(DOCUMENT, path)


def test_the_first_rule_of_the_error_map_that_knows_an_answer_names_it() -> None:
    """Proves D2."""
    rules = (
        ErrorRule(kind=FailureKind.BAD_PROJECT, status=404, path="$.error.code", code="NO_PROJECT"),
        ErrorRule(kind=FailureKind.BAD_CHANNEL, path="$.error.code", code="NO_CHANNEL"),
        ErrorRule(kind=FailureKind.PROVIDER_ERROR, status=418),
    )
    assert claim(rules, 404, DOCUMENT) is FailureKind.BAD_PROJECT
    assert claim(rules, 200, DOCUMENT) is None
    assert claim(rules, 404, None) is None
    assert claim(rules, 200, {"error": {"code": "NO_CHANNEL"}}) is FailureKind.BAD_CHANNEL
    assert claim(rules, 418, None) is FailureKind.PROVIDER_ERROR
    assert claim(rules, 500, ["wrong", "type"]) is None


def test_response_rules_are_tried_in_their_order() -> None:
    rules = (
        ResponseRule(pattern='"vip": *true', extracts=(Extract(name="rank", path="$.n"),)),
        ResponseRule(first_status=200, last_status=299),
        ResponseRule(first_status=400, last_status=499, extracts=(Extract(name="word", pattern=r"no (\w+)"),)),
    )
    assert match_response(rules, status=200, text='{"vip": true}', document=DOCUMENT) == Matched(0, {"rank": "3"})
    assert match_response(rules, status=204, text="", document=None) == Matched(1, {})
    assert match_response(rules, status=404, text="no luck", document=None) == Matched(2, {"word": "luck"})
    assert match_response(rules, status=500, text="", document=None) is None


def test_extracted_variables_are_texts_of_bounded_length() -> None:
    rules = (
        ResponseRule(
            extracts=(
                Extract(name="yes", path="$.vip"),
                Extract(name="whole", path="$.list"),
                Extract(name="missing", path="$.nothing"),
                Extract(name="long", pattern="a+"),
            )
        ),
    )
    matched = match_response(rules, status=200, text="a" * 100_000, document=DOCUMENT)
    assert matched is not None
    assert matched.variables == {"yes": "true", "whole": "", "missing": "", "long": "a" * 2_000}


def test_a_pattern_that_backtracks_for_ever_elsewhere_ends_at_once() -> None:
    began = time.monotonic()
    match_response((ResponseRule(pattern=r"^(a+)+$"),), status=200, text="a" * 50_000 + "b", document=None)
    assert time.monotonic() - began < 2


def test_a_pattern_that_is_none_says_so() -> None:
    with pytest.raises(RuleError, match="bad_pattern"):
        match_response((ResponseRule(pattern="("),), status=200, text="", document=None)
