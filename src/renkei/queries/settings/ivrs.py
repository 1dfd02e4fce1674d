"""IVRs as their screens show them. Secrets are never read here, only which of them are set."""

from collections.abc import Mapping
from dataclasses import dataclass

from renkei.domain.line_check import Found, IvrDrawn, check_line
from renkei.errors import MisconfiguredError, RejectedError
from renkei.models import ChatbotLinkage, Ivr, ResponseBranch
from renkei.models.secrets import open_fields
from renkei.permissions import require
from renkei.queries.scope import Viewer

CONDITIONS = ("success", "failure")


@dataclass(frozen=True, slots=True)
class IvrRow:
    """One IVR in the list. ``busy_conditions`` still have the initial incoming rule "busy" (R57)."""

    id: int
    name: str
    use_api: bool
    service_type: str | None
    numbers: tuple[str, ...]
    busy_conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkageShown:
    """チャットボット連携設定. ``secrets_set`` names what is stored; ``secrets_unreadable``: their key is gone."""

    connector: str
    project_id: str
    channel_id: str
    request_error_rule_id: int
    request_error_rule: str
    connector_settings: Mapping[str, str]
    secrets_set: frozenset[str]
    secrets_unreadable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchShown:
    """One response condition."""

    condition: str
    label_id: int | None
    label: str
    guidance_form: str
    guidance_id: int | None
    guidance: str
    speech_text: str
    action: str
    agent_id: int | None
    agent: str
    ivr_id: int | None
    ivr: str
    outside_number: str
    rule_id: int | None
    rule: str
    is_busy: bool
    memo: str


@dataclass(frozen=True, slots=True)
class IvrShown:
    """An IVR with its tabs; ``linkage`` None for a standard one."""

    row: IvrRow
    linkage: LinkageShown | None
    branches: tuple[BranchShown, ...]


def list_ivrs(viewer: Viewer, *, only_chatbot: bool = False) -> tuple[IvrRow, ...]:
    """Every IVR. RejectedError ``forbidden``."""
    require(viewer, "ivr.view")
    rows = Ivr.objects.prefetch_related("numbers", "branches__rule").order_by("id")
    if only_chatbot:
        rows = rows.filter(use_api=True)
    return tuple(_row(ivr) for ivr in rows)


def check_ivrs(viewer: Viewer, *, has_chatbot: bool) -> tuple[Found, ...]:
    """What is wrong with the IVRs as they are now. RejectedError ``forbidden``."""
    require(viewer, "ivr.view")
    rows = Ivr.objects.prefetch_related("branches__rule").order_by("id")
    return check_line([_draw(ivr) for ivr in rows], has_chatbot=has_chatbot)


def read_ivr(viewer: Viewer, ivr_id: int) -> IvrShown:
    """One IVR. RejectedError ``forbidden``, ``not_found``."""
    require(viewer, "ivr.view")
    ivr = Ivr.objects.prefetch_related("numbers", "branches__rule").filter(pk=ivr_id).first()
    if ivr is None:
        raise RejectedError("not_found")
    linkage = ChatbotLinkage.objects.select_related("request_error_rule").filter(ivr=ivr).first()
    branches = ResponseBranch.objects.filter(ivr=ivr).select_related(
        "label", "guidance", "rule", "destination_agent__user", "destination_ivr"
    )
    by_condition = {branch.condition: _branch(branch) for branch in branches}
    return IvrShown(
        row=_row(ivr),
        linkage=None if linkage is None else _linkage(linkage),
        branches=tuple(by_condition[condition] for condition in CONDITIONS if condition in by_condition),
    )


def _draw(ivr: Ivr) -> IvrDrawn:
    ways = {branch.condition: branch.destination_ivr_id for branch in ivr.branches.all()}
    leads_to = {condition: there for condition in CONDITIONS if (there := ways.get(condition)) is not None}
    return IvrDrawn(ivr.pk, ivr.use_api, _busy_conditions(ivr), leads_to)


def _busy_conditions(ivr: Ivr) -> tuple[str, ...]:
    rules = {branch.condition: branch.rule for branch in ivr.branches.all()}
    busy = {condition for condition, rule in rules.items() if rule is not None and rule.builtin == "busy"}
    return tuple(condition for condition in CONDITIONS if condition in busy)


def _row(ivr: Ivr) -> IvrRow:
    return IvrRow(
        id=ivr.pk,
        name=ivr.name,
        use_api=ivr.use_api,
        service_type=ivr.service_type,
        numbers=tuple(number.e164 for number in ivr.numbers.all()),
        busy_conditions=_busy_conditions(ivr),
    )


def _linkage(row: ChatbotLinkage) -> LinkageShown:
    unreadable, names = False, frozenset[str]()
    try:
        names = frozenset(name for name, value in open_fields(row.secrets).items() if value)
    except MisconfiguredError:
        unreadable = True
    return LinkageShown(
        connector=row.connector,
        project_id=row.project_id,
        channel_id=row.channel_id,
        request_error_rule_id=row.request_error_rule_id,
        request_error_rule=row.request_error_rule.name,
        connector_settings={str(name): str(value) for name, value in row.connector_settings.items()},
        secrets_set=names,
        secrets_unreadable=unreadable,
    )


def _branch(row: ResponseBranch) -> BranchShown:
    return BranchShown(
        condition=row.condition,
        label_id=row.label_id,
        label=row.label.name if row.label else "",
        guidance_form=row.guidance_form,
        guidance_id=row.guidance_id,
        guidance=row.guidance.name if row.guidance else "",
        speech_text=row.speech_text,
        action=row.action,
        agent_id=row.destination_agent_id,
        agent=str(row.destination_agent) if row.destination_agent else "",
        ivr_id=row.destination_ivr_id,
        ivr=row.destination_ivr.name if row.destination_ivr else "",
        outside_number=row.outside_number,
        rule_id=row.rule_id,
        rule=row.rule.name if row.rule else "",
        is_busy=row.rule is not None and row.rule.builtin == "busy",
        memo=row.memo,
    )
