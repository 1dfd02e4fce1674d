"""Every sentence that people read and that carries a code; errors and rules carry only the code (R120 to R135).

The sentences themselves, and how to add one, stand in sentences.py.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils.translation import get_language, gettext, gettext_lazy

from renkei.domain.matching import Reason, Verdict
from renkei.domain.phone import NoNumber
from renkei.errors import RenkeiError
from renkei.sentences import SENTENCES as SENTENCES

_ = gettext_lazy

_ABSENCES = frozenset(absence.value for absence in NoNumber)
_STATUS = re.compile(r"http_(\d{3})")


def sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code, in the reader's language.

    Never raises: an unknown code is shown as such, a value that is missing as ``?``. Values are inserted as text
    and not escaped.
    """
    known = SENTENCES.get(code)
    if known is None:
        return gettext("Something went wrong (%(code)s). Try again; if it goes on, tell an administrator.") % {
            "code": code
        }
    if not params:
        return _say_plainly(code, get_language())
    return str(known) % _Values({name: _write(value) for name, value in params.items()})


@cache
def _say_plainly(code: str, language: str | None) -> str:
    """A sentence without values: looked up once in each language."""
    return str(SENTENCES[code]) % _Values()


def say(error: RenkeiError) -> str:
    """The sentence for an expected failure."""
    return sentence(error.code, error.params)


def name_absence(absence: NoNumber) -> str:
    """What stands in place of a caller's number: 非通知, 公衆電話 …"""
    return sentence(f"number_{absence.value}")


def explain_reason(reason: Reason) -> str:
    """What a link reason means and what to do about it (D2)."""
    return sentence(f"reason_{reason.value}")


def explain_record(record: Mapping[str, Any]) -> list[str]:
    """The decision record (DecisionRecord.to_json) in sentences, the nearest chat first (B2)."""
    limit = show_duration(record["window_seconds"])
    lines = [_explain_candidate(candidate, limit) for candidate in record["candidates"]]
    if record["left_out"]:
        lines.append(sentence("record_left_out", {"count": record["left_out"]}))
    if record["nearest_last_four"]:
        lasts = {"caller": record["caller_last_four"], "nearest": record["nearest_last_four"]}
        differ = lasts["caller"] != lasts["nearest"]
        lines.append(sentence("record_near_number" if differ else "record_near_number_before", lasts))
    if record["status"] is not None:
        lines.append(sentence("record_status", {"status": record["status"]}))
    if record["detail"]:
        lines.append(explain_detail(record["detail"]))
    return lines


def explain_detail(detail: str) -> str:
    """The detail code of a look-up (``timed_out``, ``http_500``, ``project_id_missing``) in a sentence."""
    if detail in _ABSENCES:
        return name_absence(NoNumber(detail))
    if status := _STATUS.fullmatch(detail):
        return sentence("http_status", {"status": status[1]})
    if detail in SENTENCES:
        return sentence(detail)
    if detail.endswith("_missing"):
        return sentence("setting_missing", {"name": detail.removesuffix("_missing")})
    return sentence("record_detail", {"detail": detail})


def explain_error(code: str, params: Mapping[str, Any] | None = None) -> str:
    """Why a chat could not be imported: the sentence of its code with its values, or explain_detail's words."""
    return sentence(code, params) if code in SENTENCES else explain_detail(code)


def show_duration(seconds: float) -> str:
    """A length for people, cut off and never rounded up: ``26 h 10 m``, ``24 h``, ``4 m 59 s``."""
    whole = int(abs(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours and not minutes and whole % 60 == 0:
        return sentence("hours", {"hours": hours})
    if hours:
        return sentence("hours_minutes", {"hours": hours, "minutes": minutes})
    return sentence("minutes_seconds", {"minutes": minutes, "seconds": whole % 60})


class _Values(dict[str, str]):
    """A sentence with a value left out is better than none at night."""

    def __missing__(self, name: str) -> str:
        return "?"


def _write(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _explain_candidate(candidate: Mapping[str, Any], limit: str) -> str:
    number, age = candidate["conversation_id"], candidate["age_seconds"]
    if age is None:
        return sentence("record_no_time", {"number": number})
    params = {"number": number, "age": show_duration(age), "limit": limit}
    is_after = candidate["verdict"] == Verdict.AFTER_ARRIVAL
    return sentence("record_after_arrival" if is_after else "record_age", params)
