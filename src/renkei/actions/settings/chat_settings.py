"""チャット設定 (R170 to R180, D17): made with their SNS種別 and their service, changed, taken away."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from renkei import clock
from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refuse_stale, refusing_conflicts
from renkei.actions.services.control import revive_halted, tell_services
from renkei.actions.settings.stored_secrets import hosts_in, is_web_address, open_readable
from renkei.errors import RejectedError
from renkei.models import Agent, BusinessGroup, ChatSetting, ImportService, InboxCount, InteractionTemplate
from renkei.models.secrets import seal_fields
from renkei.permissions import require
from renkei.queries.scope import Viewer
from renkei.queries.settings.installation import require_chat_import

INTERVALS = range(10, 86_401)
"""Seconds between two runs."""
OVERLAPS = range(10_081)
"""Minutes that a run looks back behind the cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettingEntered:
    """The form. ``secrets`` holds only those typed anew; ``cleared`` names those to forget."""

    name: str
    business_group_id: int
    call_url: str
    default_agent_id: int
    template_id: int | None
    is_enabled: bool
    interval_seconds: int
    overlap_minutes: int
    reuses_customers: bool
    connector_settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    cleared: frozenset[str] = frozenset()


def create_chat_setting(actor: Viewer, connector: str, entered: ChatSettingEntered) -> int:
    """A new setting with its stopped service (R183). RejectedError: ``forbidden``, ``feature_off``, ``required``,
    ``already_exists``, ``not_found``, ``bad_address``, ``out_of_range``, ``template_of_other_group``."""
    require(actor, "chat_setting.create")
    require_chat_import()
    if not connector:
        raise RejectedError("required")
    _check(entered)
    with refusing_conflicts():
        setting = ChatSetting(connector=connector)
        changed = _fill(setting, entered)
        setting.save()
        ImportService.objects.create(setting=setting)
        _note(actor, "created", setting, changed)
    return setting.pk


def edit_chat_setting(
    actor: Viewer, setting_id: int, entered: ChatSettingEntered, *, connector: str | None = None, seen: str = ""
) -> None:
    """Change a setting; what changed raises ``version``, and the running service keeps the old one until it is
    restarted (R184, R185); one that had stopped by itself goes on with the new one. ``seen`` is the version the editor
    was shown. RejectedError: as create_chat_setting, and ``chat_system_fixed`` for another SNS種別 (D17),
    ``changed_meanwhile``, ``secrets_for_other_host`` where stored secrets would go to another host."""
    require(actor, "chat_setting.edit")
    require_chat_import()
    _check(entered)
    with refusing_conflicts():
        setting = _lock(setting_id)
        if connector is not None and connector != setting.connector:
            raise RejectedError("chat_system_fixed")
        refuse_stale(seen, str(setting.version))
        before = _hosts_of(setting)
        changed = _fill(setting, entered)
        if _hosts_of(setting) - before and _has_kept_secrets(setting, entered):
            raise RejectedError("secrets_for_other_host")
        if changed:
            setting.version += 1
            setting.updated_at = clock.now()
            setting.save()
            _note(actor, "edited", setting, changed)
            revive_halted(actor, setting_id)
            tell_services(setting_id)


def delete_chat_setting(actor: Viewer, setting_id: int) -> None:
    """Take a setting away with its service. RejectedError: also ``service_still_wanted`` while it is started,
    ``in_use`` while an SNS entry or an interaction names it."""
    require(actor, "chat_setting.delete")
    require_chat_import()
    with refusing_conflicts():
        setting = _lock(setting_id)
        if ImportService.objects.filter(setting=setting, is_wanted=True).exists():
            raise RejectedError("service_still_wanted")
        setting.delete()
        InboxCount.objects.filter(setting_id=setting_id).delete()
        write_audit(actor, "chat_setting.deleted", resource="chat_setting", object_id=setting_id)
        tell_services(setting_id)


def _check(entered: ChatSettingEntered) -> None:
    if not entered.name.strip():
        raise RejectedError("required")
    if entered.interval_seconds not in INTERVALS or entered.overlap_minutes not in OVERLAPS:
        raise RejectedError("out_of_range")
    if entered.call_url.strip() and not is_web_address(entered.call_url.strip()):
        raise RejectedError("bad_address")
    groups = BusinessGroup.objects.filter(pk=entered.business_group_id)
    if not groups.exists() or not Agent.objects.filter(pk=entered.default_agent_id).exists():
        raise RejectedError("not_found")
    if entered.template_id is None:
        return
    template = InteractionTemplate.objects.filter(pk=entered.template_id).first()
    if template is None or template.business_group_id != entered.business_group_id:
        raise RejectedError("template_of_other_group")


def _hosts_of(setting: ChatSetting) -> frozenset[str]:
    """Where requests with the secrets go; an empty 呼び出しURL means the connector's own."""
    own = frozenset() if is_web_address(setting.call_url) else frozenset({"://"})
    return own | hosts_in([setting.call_url, *setting.connector_settings.values()])


def _has_kept_secrets(setting: ChatSetting, entered: ChatSettingEntered) -> bool:
    """Whether a secret stored before would go on being used."""
    return bool(open_readable(setting.secrets).keys() - entered.secrets.keys() - entered.cleared)


def _fill(setting: ChatSetting, entered: ChatSettingEntered) -> list[str]:
    """Put what was entered into the row; the names of the fields that are different now."""
    before = {each.attname: getattr(setting, each.attname) for each in ChatSetting._meta.concrete_fields}
    setting.name = entered.name.strip()
    setting.business_group_id = entered.business_group_id
    setting.call_url = entered.call_url.strip()
    setting.default_agent_id = entered.default_agent_id
    setting.template_id = entered.template_id
    setting.is_enabled = entered.is_enabled
    setting.interval_seconds = entered.interval_seconds
    setting.overlap_minutes = entered.overlap_minutes
    setting.reuses_customers = entered.reuses_customers
    setting.connector_settings = dict(entered.connector_settings)
    changed = [name for name, value in before.items() if getattr(setting, name) != value]
    if entered.secrets or entered.cleared:
        kept = open_readable(setting.secrets)
        kept = {name: value for name, value in {**kept, **entered.secrets}.items() if name not in entered.cleared}
        setting.secrets = seal_fields(kept) if kept else None
        changed += sorted({*entered.secrets, *entered.cleared})
    return changed


def _lock(setting_id: int) -> ChatSetting:
    setting = ChatSetting.objects.select_for_update().filter(pk=setting_id).first()
    if setting is None:
        raise RejectedError("not_found")
    return setting


def _note(actor: Viewer, done: str, setting: ChatSetting, changed: list[str]) -> None:
    write_audit(
        actor, f"chat_setting.{done}", resource="chat_setting", object_id=setting.pk, detail={"fields": changed}
    )
