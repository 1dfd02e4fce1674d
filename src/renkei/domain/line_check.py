"""What is wrong with the IVRs as they are set up, before a customer finds it (R57, D12)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """One kind of fault."""

    STILL_BUSY = "still_busy"
    """A response condition still has the incoming rule it began with, 「ビジー」."""
    OPTION_OFF = "option_off"
    """The IVR needs an option that is switched off: its calls take the request-error branch."""
    CIRCLE = "circle"
    """A response condition leads, perhaps by other IVRs, back to this one."""


@dataclass(frozen=True, slots=True)
class IvrDrawn:
    """One IVR: the conditions that are still busy, and for each condition that leads to an IVR that one's id."""

    id: int
    use_api: bool = False
    busy: tuple[str, ...] = ()
    leads_to: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """One fault; ``condition`` is empty where the whole IVR is meant."""

    fault: Fault
    ivr_id: int
    condition: str = ""


def check_line(ivrs: Iterable[IvrDrawn], *, has_chatbot: bool) -> tuple[Found, ...]:
    """Every fault, by IVR in the order given. ``has_chatbot``: both options of the linkage are on."""
    drawn = {ivr.id: ivr for ivr in ivrs}
    found: list[Found] = []
    for ivr in drawn.values():
        if ivr.use_api and not has_chatbot:
            found.append(Found(Fault.OPTION_OFF, ivr.id))
        found += [Found(Fault.STILL_BUSY, ivr.id, condition) for condition in ivr.busy]
        circles = [condition for condition, there in ivr.leads_to.items() if ivr.id in _reached(drawn, there)]
        found += [Found(Fault.CIRCLE, ivr.id, condition) for condition in circles]
    return tuple(found)


def _reached(drawn: Mapping[int, IvrDrawn], start: int) -> set[int]:
    """Every IVR a call may come to from here, this one included."""
    reached, ahead = set[int](), [start]
    while ahead:
        here = ahead.pop()
        if here not in reached and here in drawn:
            reached.add(here)
            ahead += drawn[here].leads_to.values()
    return reached
