"""SNS担当者詳細 (R150 to R154, R158, R159): who an agent is in a chat system."""

from dataclasses import dataclass

from renkei.actions.audit import write_audit
from renkei.actions.conflicts import refusing_conflicts
from renkei.errors import RejectedError
from renkei.models import Agent, ChatSetting, SnsAgent
from renkei.permissions import require
from renkei.queries.scope import Viewer, visible_people
from renkei.queries.settings.installation import require_chat_import


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsEntered:
    """The form: SNS種別, SNS設定, SNS担当者登録番号, 表示名."""

    connector: str
    setting_id: int
    registration_number: str
    display_name: str


def save_sns_entry(actor: Viewer, user_id: int, entry_id: int | None, entered: SnsEntered) -> int:
    """An entry of a person who is an agent, new when ``entry_id`` is None.

    RejectedError: ``forbidden``, ``feature_off``, ``not_found``, ``required``, ``no_extension``,
    ``setting_of_other_type`` (D17), ``sns_number_taken`` with the other agent's name (R159).
    """
    require(actor, "agent.edit")
    require_chat_import()
    number = entered.registration_number.strip()
    if not number:
        raise RejectedError("required")
    agent = _agent_of(actor, user_id)
    setting = ChatSetting.objects.filter(pk=entered.setting_id).first()
    if setting is None:
        raise RejectedError("not_found")
    if setting.connector != entered.connector:
        raise RejectedError("setting_of_other_type")
    try:
        with refusing_conflicts():
            entry = _load(agent, entry_id)
            entry.setting, entry.registration_number = setting, number
            entry.display_name = entered.display_name.strip()
            entry.save()
            done = "added" if entry_id is None else "edited"
            write_audit(actor, f"agent.sns_{done}", resource="user", object_id=user_id, detail={"entry": entry.pk})
    except RejectedError as error:
        if error.code != "already_exists":
            raise
        raise _name_holder(setting, number) from error
    return entry.pk


def delete_sns_entry(actor: Viewer, user_id: int, entry_id: int) -> None:
    """Take an entry away; interactions imported by it stay with the agent.

    RejectedError: ``forbidden``, ``feature_off``, ``not_found``, ``no_extension``.
    """
    require(actor, "agent.edit")
    require_chat_import()
    with refusing_conflicts():
        _load(_agent_of(actor, user_id), entry_id).delete()
        write_audit(actor, "agent.sns_deleted", resource="user", object_id=user_id, detail={"entry": entry_id})


def _agent_of(actor: Viewer, user_id: int) -> Agent:
    if not visible_people(actor).filter(pk=user_id).exists():
        raise RejectedError("not_found")
    agent = Agent.objects.filter(user_id=user_id).first()
    if agent is None:
        raise RejectedError("no_extension")
    return agent


def _load(agent: Agent, entry_id: int | None) -> SnsAgent:
    if entry_id is None:
        return SnsAgent(agent=agent)
    entry = SnsAgent.objects.select_for_update().filter(pk=entry_id, agent=agent).first()
    if entry is None:
        raise RejectedError("not_found")
    return entry


def _name_holder(setting: ChatSetting, number: str) -> RejectedError:
    holder = SnsAgent.objects.select_related("agent__user").filter(setting=setting, registration_number=number).first()
    if holder is None:  # taken away again in the meantime
        return RejectedError("already_exists")
    return RejectedError("sns_number_taken", number=number, agent=holder.agent.user.display_name)
