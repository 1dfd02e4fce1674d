"""Reads answers by a description's rules: JSON paths, and which error an answer stands for (D2).

JSON paths walk names and indexes only: no recursive descent, no filters, so an answer cannot make them slow.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import jsonpath

from renkei.domain.foreign_json import Json


class FailureKind(StrEnum):
    """Why a look-up brought no conversations; D2's reasons follow from these."""

    NOT_FOUND = "not_found"
    BAD_PROJECT = "bad_project"
    BAD_CHANNEL = "bad_channel"
    PROVIDER_ERROR = "provider_error"
    REQUEST_ERROR = "request_error"
    SETTINGS_ERROR = "settings_error"


class RuleError(ValueError):
    """A path that cannot be used; ``code`` says why."""

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
