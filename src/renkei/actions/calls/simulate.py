"""What the customer does on the simulated line: dial, press a key, hang up. The calls worker carries it out."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.db import connection, transaction

from renkei.domain.stream import CALLS_CHANNEL
from renkei.errors import RejectedError
from renkei.models import SimulatedAction, User
from renkei.permissions import require

Deed = Literal["dial", "press", "hang_up"]

LONGEST_NUMBER = 200
KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was asked: the row's id and the line it is for."""

    id: int
    line_id: str


@transaction.atomic
def simulate(actor: User, *, line_id: str | None, kind: Deed, args: Mapping[str, object] | None = None) -> Simulated:
    """Ask one deed of the simulated line.

    ``dial`` takes ``{"number", "name", "withheld", "dialled"}`` and a new line_id (pass None); ``press`` takes
    ``{"digit"}``. Numbers are passed on as they were typed: reading them is the product's job, and hostile text is a
    caller's right. RejectedError: ``forbidden``, ``text_too_long``, ``required``, ``not_found``.
    """
    require(actor, "rehearsal.create")
    match kind:
        case "dial":
            line_id, wanted = f"sim-{secrets.token_urlsafe(12)}", _read_dial(args or {})
        case "press":
            wanted = {"digit": _read_digit(args or {})}
        case "hang_up":
            wanted = {}
    if line_id is None or (kind != "dial" and not _is_dialled(line_id)):
        raise RejectedError("not_found")
    asked = SimulatedAction.objects.create(line_id=line_id, kind=kind, args=wanted)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", (CALLS_CHANNEL, f"simulated:{asked.pk}"))
    return Simulated(asked.pk, line_id)


def _is_dialled(line_id: str) -> bool:
    return SimulatedAction.objects.filter(line_id=line_id, kind="dial").exists()


def _read_dial(args: Mapping[str, object]) -> dict[str, object]:
    dialled = _text(args, "dialled")
    if not dialled.strip():
        raise RejectedError("required")
    return {
        "number": _text(args, "number"),
        "name": _text(args, "name"),
        "withheld": args.get("withheld") is True,
        "dialled": dialled,
    }


def _text(args: Mapping[str, object], name: str) -> str:
    """The text as typed; what no database can hold (NUL, half a surrogate pair) becomes U+FFFD."""
    value = args.get(name)
    text = value if isinstance(value, str) else ""
    if len(text) > LONGEST_NUMBER:
        raise RejectedError("text_too_long", limit=LONGEST_NUMBER, length=len(text))
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def _read_digit(args: Mapping[str, object]) -> str:
    digit = args.get("digit")
    if not isinstance(digit, str) or digit not in KEYS:
        raise RejectedError("required")
    return digit
