"""What a customer on the simulated line hears, and how far a newcomer has come with trying the whole out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from renkei.domain.matching import Reason
from renkei.domain.phone import Telephone, show_number
from renkei.errors import RejectedError
from renkei.models import AuditEntry, Call, ChatLink, Interaction, IvrStep, PhoneNumber, SimulatedAction, User
from renkei.permissions import require

SIMULATED = "sim-"
_SPOKEN = ("guidance", "speech")


class Stage(StrEnum):
    """Where the customer's telephone is."""

    DIALLING = "dialling"
    SILENT = "silent"
    """Connected, nothing to be heard yet: the look-up runs."""
    SPEAKING = "speaking"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    OVER = "over"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Heard:
    """What the customer hears now. ``words`` are the guidance's; ``said`` all guidance so far, oldest first."""

    line_id: str
    stage: Stage
    words: str = ""
    said: tuple[str, ...] = ()
    agent: str = ""
    call_id: int | None = None
    outcome: str = ""
    error_code: str = ""
    since: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Nothing more will be heard."""
        return self.stage in (Stage.OVER, Stage.FAILED)

    @property
    def mark(self) -> str:
        """Differs when something else is to be heard."""
        return f"{self.stage.value}-{len(self.said)}"


@dataclass(frozen=True, slots=True)
class Dialable:
    """One of the centre's numbers, for the list to choose from."""

    e164: str
    name: str
    has_linkage: bool

    @property
    def shown(self) -> str:
        """The number as people in the country write it."""
        return show_number(Telephone(self.e164))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a newcomer has come since ``began_at``; the newest simulated call and what happened with it."""

    has_chatted: bool = False
    has_dialled: bool = False
    has_rung: bool = False
    has_answered: bool = False
    has_ended: bool = False
    has_read: bool = False
    has_exported: bool = False
    has_imported: bool = False
    has_read_import: bool = False
    reason: Reason | None = None
    call_id: int | None = None


def list_dialable(viewer: User) -> tuple[Dialable, ...]:
    """The centre's numbers, those with a chatbot linkage first."""
    require(viewer, "rehearsal.view")
    numbers = PhoneNumber.objects.select_related("entry_ivr").order_by("id")
    listed = [
        Dialable(number.e164, number.name, number.entry_ivr is not None and number.entry_ivr.use_api)
        for number in numbers
    ]
    return tuple(sorted(listed, key=lambda each: not each.has_linkage))


def hear(viewer: User, line_id: str) -> Heard:
    """What is to be heard on a line now; RejectedError ``not_found`` for a line nobody dialled."""
    require(viewer, "rehearsal.view")
    dialled = SimulatedAction.objects.filter(line_id=line_id, kind="dial").first()
    if dialled is None:
        raise RejectedError("not_found")
    call = Call.objects.select_related("answered_by__user").filter(line_id=line_id).first()
    if call is None:
        stage = Stage.FAILED if dialled.error_code else Stage.DIALLING
        return Heard(line_id, stage, error_code=dialled.error_code, since=dialled.asked_at)
    return _hear_call(call)


def _hear_call(call: Call) -> Heard:
    steps = list(IvrStep.objects.filter(call=call).order_by("position").values_list("kind", "detail", "at"))
    said = tuple(str(detail.get("words", "")) for kind, detail, _ in steps if kind in _SPOKEN)
    last = steps[-1][0] if steps else ""
    stage = _stage(call.state, last)
    return Heard(
        line_id=call.line_id,
        stage=stage,
        words=said[-1] if said and stage is Stage.SPEAKING else "",
        said=said,
        agent=call.answered_by.user.display_name if call.answered_by and stage is Stage.TALKING else "",
        call_id=call.pk,
        outcome=call.outcome,
        since=call.answered_at or call.arrived_at,
    )


def _stage(state: str, last_step: str) -> Stage:
    match state:
        case Call.State.ENDED:
            return Stage.OVER
        case Call.State.TALKING:
            return Stage.TALKING
        case Call.State.HELD:
            return Stage.HELD
        case Call.State.RINGING:
            return Stage.RINGING
    return Stage.SPEAKING if last_step in _SPOKEN else Stage.SILENT


def see_progress(viewer: User, *, began_at: datetime) -> Progress:
    """What has been tried since ``began_at`` on the simulated line, and read by this viewer."""
    require(viewer, "rehearsal.view")
    calls = Call.objects.filter(line_id__startswith=SIMULATED, arrived_at__gte=began_at)
    newest = calls.order_by("-id").first()
    linked = ChatLink.objects.filter(call__in=calls, reason=Reason.LINKED.value)
    link = ChatLink.objects.filter(call=newest).order_by("-id").first() if newest else None
    deeds = AuditEntry.objects.filter(at__gte=began_at, user=viewer)
    reading = Q(action="chat.read", detail__via="history")
    return Progress(
        has_chatted=linked.exists(),
        has_dialled=newest is not None,
        has_rung=calls.filter(rings__isnull=False).exists(),
        has_answered=calls.filter(answered_at__isnull=False).exists(),
        has_ended=calls.filter(answered_at__isnull=False, state=Call.State.ENDED).exists(),
        has_read=deeds.filter(reading).exists(),
        has_exported=deeds.filter(action="chat.exported").exists(),
        has_imported=Interaction.objects.filter(setting__isnull=False, registered_at__gte=began_at).exists(),
        has_read_import=deeds.filter(action="chat.read", detail__via="sns_tab").exists(),
        reason=Reason(link.reason) if link else None,
        call_id=newest.pk if newest else None,
    )
