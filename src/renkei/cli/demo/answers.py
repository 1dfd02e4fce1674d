"""What the sample calls' look-ups brought: each reason of D2, as often as a plausible centre meets it."""

from dataclasses import dataclass
from random import Random

from renkei.domain.matching import LookedUp, Outcome, Reason

HOW_OFTEN = {
    Reason.LINKED: 640,
    Reason.NO_CHAT: 110,
    Reason.CALLER_WITHHELD: 55,
    Reason.EXPIRED: 50,
    Reason.NUMBER_MISMATCH: 45,
    Reason.REQUEST_ERROR: 40,
    Reason.NOT_OBTAINED: 25,
    Reason.PROVIDER_ERROR: 14,
    Reason.SETTINGS_ERROR: 6,
    Reason.BAD_CHANNEL: 6,
    Reason.BAD_PROJECT: 5,
    Reason.SWITCHED_OFF: 4,
}


@dataclass(frozen=True, slots=True)
class Answered:
    """One look-up: what the provider's answer means, the attempt's ``outcome`` for 外部API連携履歴 (empty: nothing was
    sent), the answer's beginning, and how long it took."""

    looked_up: LookedUp
    outcome: str
    excerpt: str
    seconds: float


def shuffle_reasons(chance: Random) -> list[Reason]:
    """Some 250 reasons, as often as HOW_OFTEN says and each at least once: dealt, not drawn, so that none is missing."""
    deck = [reason for reason, often in HOW_OFTEN.items() for _ in range(max(1, often // 4))]
    chance.shuffle(deck)
    return deck


CIRCUIT_OPEN = Answered(LookedUp(Outcome.REQUEST_ERROR, detail="circuit_open"), "circuit_open", "", 0.001)
"""Nobody was asked, because too many requests before had failed."""


def answer(chance: Random, reason: Reason, *, fetched: frozenset[int], absence: str) -> Answered:
    """The provider's part of a look-up that ends with ``reason``; ``fetched`` are stored conversations' ids."""
    quick = chance.uniform(0.06, 0.45)
    match reason:
        case Reason.CALLER_WITHHELD:
            return Answered(LookedUp(Outcome.NO_CALLER, detail=absence), "", "", 0.0)
        case Reason.SETTINGS_ERROR:
            return Answered(LookedUp(Outcome.SETTINGS_ERROR, detail="channel_id_missing"), "", "", 0.0)
        case Reason.SWITCHED_OFF:
            return Answered(LookedUp(Outcome.SWITCHED_OFF), "", "", 0.0)
        case Reason.LINKED | Reason.NO_CHAT | Reason.EXPIRED | Reason.NUMBER_MISMATCH:
            return Answered(LookedUp(Outcome.ANSWERED, fetched, 200), "ok", "", quick)
    outcome, status, detail, excerpt, seconds = chance.choice(_FAILURES[reason])
    return Answered(LookedUp(outcome, status=status, detail=detail), detail, excerpt, seconds or quick)


def _coded(code: str) -> str:
    return f'{{"result":"error","error":{{"code":"{code}","message":"{code.lower()}"}}}}'


_FAILURES = {
    Reason.REQUEST_ERROR: (
        (Outcome.REQUEST_ERROR, None, "timed_out", "", 3.0),
        (Outcome.REQUEST_ERROR, None, "timed_out", "", 3.0),
        (Outcome.REQUEST_ERROR, 500, "http_500", "Internal Server Error", 0.0),
        (Outcome.REQUEST_ERROR, 503, "http_503", "<html>ただいまメンテナンス中です</html>", 0.0),
        (Outcome.REQUEST_ERROR, None, "connect_failed", "", 0.012),
    ),
    Reason.NOT_OBTAINED: ((Outcome.NOT_OBTAINED, 404, "not_found_answer", _coded("SESSION_NOT_FOUND"), 0.0),),
    Reason.BAD_CHANNEL: ((Outcome.BAD_CHANNEL, 404, "bad_channel_answer", _coded("CHANNEL_NOT_FOUND"), 0.0),),
    Reason.BAD_PROJECT: ((Outcome.BAD_PROJECT, 404, "bad_project_answer", _coded("PROJECT_NOT_FOUND"), 0.0),),
    Reason.PROVIDER_ERROR: (
        (Outcome.PROVIDER_ERROR, 200, "provider_error_answer", _coded("INTERNAL_ERROR"), 0.0),
        (Outcome.PROVIDER_ERROR, 200, "not_json", "<!doctype html><title>ログイン</title>", 0.0),
    ),
}
