"""IVRs: made once with their kind, then set up on their tabs (R16 to R65)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refusing_conflicts
from renkei.actions.settings.stored_secrets import hosts_in, open_readable
from renkei.domain.branch import BranchSettings, settle_branch
from renkei.errors import RejectedError
from renkei.models import ChatbotLinkage, Guidance, IncomingRule, Ivr, ResponseBranch
from renkei.models.secrets import seal_fields
from renkei.permissions import require
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import Feature, read_installation, require_chatbot

BUSY = "busy"
CONNECTORS: Mapping[str, str] = {
    Ivr.ServiceType.CHATBOT_DEC_SUPPORT: "dec_support",
    Ivr.ServiceType.CHATBOT_STANDARD: "standard",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageSettings:
    """チャットボット連携設定 as entered. ``secrets`` holds only those typed anew; ``cleared`` names those to forget."""

    project_id: str
    channel_id: str
    request_error_rule_id: int
    connector_settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()


def create_ivr(actor: Viewer, *, name: str, use_api: bool, service_type: str | None) -> int:
    """A new IVR with its fixed kind; a chatbot-linkage IVR gets its two response conditions, both with the incoming
    rule "busy" (R38, R56). RejectedError: ``forbidden``, ``feature_off``, ``required``, ``already_exists``."""
    require(actor, "ivr.create")
    if use_api:
        require_chatbot()
        if service_type not in CONNECTORS:
            raise RejectedError("required")
    with refusing_conflicts():
        ivr = Ivr.objects.create(name=name, use_api=use_api, service_type=service_type if use_api else None)
        if use_api and service_type is not None:
            _add_linkage(ivr, CONNECTORS[service_type])
        write_audit(actor, "ivr.created", resource="ivr", object_id=ivr.pk)
    return ivr.pk


def edit_ivr(
    actor: Viewer, ivr_id: int, *, name: str, use_api: bool | None = None, service_type: str | None = None
) -> None:
    """Rename an IVR. A kind other than the stored one is refused, not ignored: ``service_type_fixed`` (R21, R23)."""
    require(actor, "ivr.edit")
    with refusing_conflicts():
        ivr = _lock_ivr(ivr_id)
        if use_api is not None and (use_api, service_type) != (ivr.use_api, ivr.service_type):
            raise RejectedError("service_type_fixed")
        ivr.name = name
        ivr.save()
        write_audit(actor, "ivr.edited", resource="ivr", object_id=ivr_id, detail={"fields": ["name"]})


def delete_ivr(actor: Viewer, ivr_id: int) -> None:
    """Take an IVR away; ``in_use`` while a number or a branch leads to it."""
    require(actor, "ivr.delete")
    with refusing_conflicts():
        _lock_ivr(ivr_id).delete()
        write_audit(actor, "ivr.deleted", resource="ivr", object_id=ivr_id)


def edit_linkage(actor: Viewer, ivr_id: int, entered: LinkageSettings) -> None:
    """Store the linkage tab. Secrets not typed anew stay as they are; the audit names the fields, never a value.
    RejectedError: ``not_found``, ``secrets_for_other_host`` where stored secrets would go to another host."""
    require(actor, "ivr.edit")
    require_chatbot()
    with refusing_conflicts():
        linkage = ChatbotLinkage.objects.select_for_update().filter(ivr_id=ivr_id).first()
        if linkage is None or not IncomingRule.objects.filter(pk=entered.request_error_rule_id).exists():
            raise RejectedError("not_found")
        linkage.project_id = entered.project_id.strip()
        linkage.channel_id = entered.channel_id.strip()
        linkage.request_error_rule_id = entered.request_error_rule_id
        # An address left empty is the connector's own, and so another one, too.
        is_elsewhere = hosts_in(entered.connector_settings.values()) != hosts_in(linkage.connector_settings.values())
        linkage.connector_settings = dict(entered.connector_settings)
        kept = open_readable(linkage.secrets)
        if is_elsewhere and kept.keys() - entered.secrets.keys() - entered.cleared:
            raise RejectedError("secrets_for_other_host")
        if entered.secrets or entered.cleared:
            kept = {name: value for name, value in {**kept, **entered.secrets}.items() if name not in entered.cleared}
            linkage.secrets = seal_fields(kept) if kept else None
        linkage.save()
        changed = ["project_id", "channel_id", "request_error_rule", *entered.connector_settings]
        changed += [*entered.secrets, *entered.cleared]
        write_audit(actor, "ivr.linkage_edited", resource="ivr", object_id=ivr_id, detail={"fields": changed})


def edit_branch(actor: Viewer, ivr_id: int, condition: str, entered: BranchSettings) -> None:
    """Store one response condition; conditions are neither added nor taken away (R44). RejectedErrors of
    settle_branch, ``not_found``."""
    require(actor, "ivr.edit")
    require_chatbot()
    settled = settle_branch(entered, has_speech=read_installation().has(Feature.REALTIME_SPEECH))
    with refusing_conflicts():
        branch = ResponseBranch.objects.select_for_update().filter(ivr_id=ivr_id, condition=condition).first()
        if branch is None or not _may_hear(ivr_id, settled.guidance_id):
            raise RejectedError("not_found")
        branch.label_id = settled.label_id
        branch.guidance_form = settled.guidance_form
        branch.guidance_id = settled.guidance_id
        branch.speech_text = settled.speech_text
        branch.action = settled.action
        branch.destination_agent_id = settled.agent_id
        branch.destination_ivr_id = settled.ivr_id
        branch.outside_number = settled.outside_number
        branch.rule_id = settled.rule_id
        branch.memo = settled.memo
        branch.save()
        detail = {"condition": condition}
        write_audit(actor, "ivr.branch_edited", resource="ivr", object_id=ivr_id, detail=detail)


def _add_linkage(ivr: Ivr, connector: str) -> None:
    busy = IncomingRule.objects.get(builtin=BUSY)
    ChatbotLinkage.objects.create(ivr=ivr, connector=connector, request_error_rule=busy)
    for condition in ResponseBranch.Condition:
        ResponseBranch.objects.create(ivr=ivr, condition=condition, rule=busy)


def _lock_ivr(ivr_id: int) -> Ivr:
    ivr = Ivr.objects.select_for_update().filter(pk=ivr_id).first()
    if ivr is None:
        raise RejectedError("not_found")
    return ivr


def _may_hear(ivr_id: int, guidance_id: int | None) -> bool:
    """Common guidance, or this IVR's own (R48)."""
    if guidance_id is None:
        return True
    guidance = Guidance.objects.filter(pk=guidance_id).first()
    return guidance is not None and guidance.ivr_id in (None, ivr_id)
