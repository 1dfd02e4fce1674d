"""Answers read by rules: paths, error maps."""

import pytest

from renkei.domain.extraction import (
    ErrorRule,
    FailureKind,
    RuleError,
    claim,
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
