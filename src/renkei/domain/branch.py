"""One response condition's settings as a person enters them: what must be there, what must not leak (R45 to R65)."""

from dataclasses import dataclass, replace
from enum import StrEnum

from renkei.errors import RejectedError

LONGEST_MEMO = 500
LONGEST_SPEECH = 1000
"""Characters of a text that is read out, here and in a guidance."""


class Form(StrEnum):
    """ガイダンス形式 (R46)."""

    STANDARD = "standard"
    SPEECH = "speech"


class Action(StrEnum):
    """選択時の動作 (R53)."""

    TRANSFER = "transfer"
    RULE = "rule"


class Destination(StrEnum):
    """転送先 (R58), as far as there are kinds."""

    AGENT = "agent"
    IVR = "ivr"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchSettings:
    """What stands in the form, hidden fields included; ids are of rows, ``outside_number`` is E.164."""

    label_id: int | None = None
    guidance_form: Form = Form.STANDARD
    guidance_id: int | None = None
    speech_text: str = ""
    action: Action = Action.RULE
    destination: Destination | None = None
    agent_id: int | None = None
    ivr_id: int | None = None
    outside_number: str = ""
    rule_id: int | None = None
    memo: str = ""


def count_characters(text: str) -> int:
    """Code points after CRLF → LF (D18); the browser counts the same way."""
    return len(settle_breaks(text))


def settle_breaks(text: str) -> str:
    """The text with every CRLF as LF."""
    return text.replace("\r\n", "\n")


def refuse_too_long(text: str, limit: int) -> str:
    """The text with LF line breaks; RejectedError ``text_too_long`` with more characters than ``limit`` (D18)."""
    settled = settle_breaks(text)
    if len(settled) > limit:
        raise RejectedError("text_too_long", limit=limit, length=len(settled))
    return settled


def settle_branch(entered: BranchSettings, *, has_speech: bool) -> BranchSettings:
    """The settings to store: fields that the chosen form and action hide are cleared (R65), without the
    speech-synthesis option the form is the standard one (R49), the memo has LF line breaks.

    RejectedError: ``text_too_long`` (R62, R63), ``rule_missing`` (R61), ``destination_missing`` (R58).
    """
    memo = refuse_too_long(entered.memo, LONGEST_MEMO)
    settled = replace(entered, memo=memo, guidance_form=entered.guidance_form if has_speech else Form.STANDARD)
    if settled.guidance_form is Form.STANDARD:
        settled = replace(settled, speech_text="")
    else:
        spoken = refuse_too_long(settled.speech_text, LONGEST_SPEECH)
        settled = replace(settled, guidance_id=None, speech_text=spoken)
    return _settle_rule(settled) if settled.action is Action.RULE else _settle_transfer(settled)


def _settle_rule(entered: BranchSettings) -> BranchSettings:
    if entered.rule_id is None:
        raise RejectedError("rule_missing")
    return replace(entered, destination=None, agent_id=None, ivr_id=None, outside_number="")


def _settle_transfer(entered: BranchSettings) -> BranchSettings:
    destination = entered.destination
    settled = replace(
        entered,
        rule_id=None,
        agent_id=entered.agent_id if destination is Destination.AGENT else None,
        ivr_id=entered.ivr_id if destination is Destination.IVR else None,
        outside_number=entered.outside_number if destination is Destination.OUTSIDE else "",
    )
    if settled.agent_id is None and settled.ivr_id is None and not settled.outside_number:
        raise RejectedError("destination_missing")
    return settled
