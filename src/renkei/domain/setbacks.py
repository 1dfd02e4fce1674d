"""Decides what follows when a service's run fails: it tries again, longer each time, or it stops until a person acts.

What the chat system says of us may pass by itself: a token is renewed there, a gateway refuses for a minute. What we
know of our own setting passes only when somebody mends it.
"""

from dataclasses import dataclass

from renkei.domain.patience import wait_after

BANNER_AFTER = 3
"""Failures in a row after which the service's screen says so loudly; fewer pass by themselves most of the time."""
_REFUSED_BY_THEM = frozenset({"chat_system_refuses", "call_url_unknown"})
_MORE_PATIENT = 4
"""So many doublings further on than other failures: who refuses us is not to be hammered, and may lock accounts."""


@dataclass(frozen=True, slots=True)
class Setback:
    """What follows: ``seconds`` until the next try, or none at all until a person acts."""

    seconds: float
    is_halted: bool


def settle(code: str, failures: int, *, is_settings_fault: bool, asked: float = 0.0) -> Setback:
    """What follows the failure ``code`` after ``failures`` others in a row. ``is_settings_fault``: it was told as a
    MisconfiguredError; ``asked`` are the seconds the other side asked us to wait."""
    if not is_settings_fault:
        return Setback(wait_after(failures, asked=asked), False)
    if is_refusal(code):
        return Setback(wait_after(failures + _MORE_PATIENT, asked=asked), False)
    return Setback(0.0, True)


def is_refusal(code: str) -> bool:
    """Whether the chat system itself answered so (401, 403, 404, or an error answer of its own), today."""
    return code in _REFUSED_BY_THEM or code.endswith("_answer")


def is_loud(failures: int) -> bool:
    """Whether the failures in a row are enough for a banner."""
    return failures >= BANNER_AFTER
