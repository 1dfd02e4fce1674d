"""Reads answers by an administrator's rules: JSON paths, patterns, and which error an answer stands for (D2, D13).

JSON paths walk names and indexes only: no recursive descent, no filters, so an answer cannot make them slow. Patterns
are RE2, which has no backtracking.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import jsonpath
import re2

from renkei.domain.foreign_json import Json

MOST_MATCHED_CHARACTERS = 1_000_000
LONGEST_VARIABLE = 2_000


class FailureKind(StrEnum):
    """Why a look-up brought no conversations; D2's reasons follow from these."""

    NOT_FOUND = "not_found"
    BAD_PROJECT = "bad_project"
    BAD_CHANNEL = "bad_channel"
    PROVIDER_ERROR = "provider_error"
    REQUEST_ERROR = "request_error"
    SETTINGS_ERROR = "settings_error"


class RuleError(ValueError):
    """A path or pattern that cannot be used; ``code`` says why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


@lru_cache(maxsize=1_000)
def _path(path: str) -> Any:
    if ".." in path or "?" in path:
        raise RuleError("path_not_simple", path)
    try:
        return jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        raise RuleError("bad_path", path) from error


@lru_cache(maxsize=1_000)
def _pattern(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise RuleError("bad_pattern", pattern) from error


def pick_all(document: Json, path: str) -> list[Json]:
    """Every value at ``path``, such as ``$.sessions[*]``; an empty list where there is none. Raises RuleError."""
    found: list[Json] = _path(path).findall(document)
    return found


def pick(document: Json, path: str) -> Json:
    """The first value at ``path``, or None where there is none. Raises RuleError."""
    return next(iter(pick_all(document, path)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRule:
    """One line of an error map: a status, a code in the body (``code`` at ``path``), or both together."""

    kind: FailureKind
    status: int | None = None
    path: str | None = None
    code: str | None = None

    def claims(self, status: int, document: Json | None) -> bool:
        """Whether this rule knows an answer; ``document`` is None where the body is no JSON."""
        if self.status is not None and self.status != status:
            return False
        if self.path is None:
            return self.status is not None
        if document is None:
            return False
        return any(str(value) == self.code for value in pick_all(document, self.path))


def claim(rules: tuple[ErrorRule, ...], status: int, document: Json | None) -> FailureKind | None:
    """The kind of the first rule that knows this answer, None where no rule does."""
    return next((rule.kind for rule in rules if rule.claims(status, document)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """One variable taken from an answer: by JSON path, or by the first group of a pattern."""

    name: str
    path: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRule:
    """One response condition of the general engine: statuses (both ends count), a pattern, the variables to take."""

    first_status: int = 200
    last_status: int = 299
    pattern: str = ""
    extracts: tuple[Extract, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """Which rule (counted from 0) an answer met, and the variables it gave."""

    position: int
    variables: Mapping[str, str]


def match_response(rules: tuple[ResponseRule, ...], *, status: int, text: str, document: Json | None) -> Matched | None:
    """The first rule that an answer meets, None where it meets none. Raises RuleError for an unusable rule."""
    searched = text[:MOST_MATCHED_CHARACTERS]
    for position, rule in enumerate(rules):
        if not rule.first_status <= status <= rule.last_status:
            continue
        if rule.pattern and _pattern(rule.pattern).search(searched) is None:
            continue
        return Matched(position, {each.name: _extract(each, searched, document) for each in rule.extracts})
    return None


def _extract(extract: Extract, text: str, document: Json | None) -> str:
    if extract.path:
        value = pick(document, extract.path) if document is not None else None
        return "" if value is None or isinstance(value, dict | list) else _as_text(value)[:LONGEST_VARIABLE]
    found = _pattern(extract.pattern).search(text)
    if found is None:
        return ""
    return str(found.group(1 if found.re.groups else 0) or "")[:LONGEST_VARIABLE]


def _as_text(value: Json) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
