"""Reading the body of a look-up: what is wrong is named field by field."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from renkei.domain.foreign_json import Json, read_json
from renkei.domain.phone import NoNumber, Telephone, read_caller
from renkei.errors import MalformedPayloadError

LONGEST_TEXT = 200
LONGEST_CALL_ID = 48
_KNOWN = ("ivr", "caller", "caller_name", "withheld", "arrived_at", "dialled", "call_id", "mode")

Mode = Literal["full", "stored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whose chat: the caller as the other system's line delivered it, the linkage IVR the call passed, the arrival.

    ``arrived_at`` None means now. ``call_id`` is the other system's own, so that a repeated question is one call.
    ``mode`` ``stored`` asks no provider and records no call: what we hold already, at once.
    """

    ivr: int
    caller: Telephone | NoNumber
    caller_raw: str
    caller_name: str
    dialled: str
    arrived_at: datetime | None
    call_id: str
    mode: Mode


def read_question(body: bytes) -> Question:
    """The question, or MalformedPayloadError with the field's name."""
    document = read_json(body)
    if not isinstance(document, dict):
        raise MalformedPayloadError("wrong_type")
    unknown = next((name for name in document if name not in _KNOWN), None)
    if unknown is not None:
        raise MalformedPayloadError("bad_field", field=unknown[:LONGEST_TEXT])
    number, name = _text(document, "caller", needed=True), _text(document, "caller_name")
    withheld = document.get("withheld", False)
    if not isinstance(withheld, bool):
        raise MalformedPayloadError("bad_field", field="withheld")
    return Question(
        ivr=_ivr(document),
        caller=read_caller(number, name, withheld),
        caller_raw=number,
        caller_name=name,
        dialled=_text(document, "dialled"),
        arrived_at=_moment(document),
        call_id=_text(document, "call_id", most=LONGEST_CALL_ID),
        mode=_mode(document),
    )


def _text(document: dict[str, Json], name: str, *, needed: bool = False, most: int = LONGEST_TEXT) -> str:
    value = document.get(name)
    if value is None:
        if needed and name not in document:
            raise MalformedPayloadError("field_missing", field=name)
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise MalformedPayloadError("bad_field", field=name)
    return value


def _ivr(document: dict[str, Json]) -> int:
    value = document.get("ivr")
    if value is None:
        raise MalformedPayloadError("field_missing", field="ivr")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise MalformedPayloadError("bad_field", field="ivr")
    return value


def _moment(document: dict[str, Json]) -> datetime | None:
    text = _text(document, "arrived_at")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise MalformedPayloadError("bad_field", field="arrived_at")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedPayloadError("bad_field", field="arrived_at") from None


def _mode(document: dict[str, Json]) -> Mode:
    match document.get("mode", "full"):
        case "full":
            return "full"
        case "stored":
            return "stored"
        case _:
            raise MalformedPayloadError("bad_field", field="mode")
