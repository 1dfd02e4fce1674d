"""The sample office imports completed chats: a chat setting on the emulated chat desk, its service started.

Made by the product's own actions, and mended when the emulator has moved. One operator of the desk is nobody's number
here, so that the default agent is seen at work.
"""

from renkei.actions.agents.sns_entries import SnsEntered, save_sns_entry
from renkei.actions.services.control import restart_service, start_service
from renkei.actions.settings.chat_settings import ChatSettingEntered, create_chat_setting, edit_chat_setting
from renkei.actions.settings.interaction_templates import save_template
from renkei.cli.demo.office import Office
from renkei.cli.demo.people import ADMINISTRATOR_NAME, SHOP
from renkei.cli.emulate.closed.desk import DEMO_SMART_M_TALK_KEY, SMART_M_TALK, SMART_M_TALK_PATH
from renkei.models import ChatSetting, User
from renkei.settings import config

SETTING, TEMPLATE = "通販チャット窓口", "チャット取込"
INTERVAL_SECONDS = 20
"""A newcomer does not wait five minutes to see a chat arrive."""
OPERATORS = {
    "M-101": ("sato", "さとう"),
    "M-102": ("suzuki", "すずき"),
    "M-103": ("takahashi", "たかはし"),
    "M-104": ("tanaka", ""),
    "M-105": ("ito", "いとう"),
    "M-106": ("yamamoto", ""),
}
ITEMS = {
    "title": "{{subject}}",
    "category": "チャット({{entrance}})",
    "result": "チャットで完了",
    "content": "{{started_at}} から {{closed_at}} まで、{{agent_name}}が{{customer_name}}様に対応({{message_count}}件)",
}


def join_chat_desk(office: Office) -> None:
    """Make the chat setting with all it needs and start its service; without an emulator there is nothing to join."""
    if not config.emulator_url:
        return
    actor = User.objects.get(username=ADMINISTRATOR_NAME)
    setting = ChatSetting.objects.filter(name=SETTING).first()
    if setting is None:
        _make(actor, office)
    elif setting.call_url != _address():
        _mend(actor, setting)


def _address() -> str:
    return f"{config.emulator_url}{SMART_M_TALK_PATH}"


def _make(actor: User, office: Office) -> None:
    group = office.groups[SHOP]
    template_id = save_template(actor, group.pk, None, name=TEMPLATE, values=ITEMS)
    entered = _enter(group.pk, office.agents[ADMINISTRATOR_NAME].pk, template_id)
    setting_id = create_chat_setting(actor, SMART_M_TALK, entered)
    for number, (username, display_name) in OPERATORS.items():
        entry = SnsEntered(
            connector=SMART_M_TALK, setting_id=setting_id, registration_number=number, display_name=display_name
        )
        save_sns_entry(actor, office.agents[username].user_id, None, entry)
    start_service(actor, setting_id)


def _mend(actor: User, setting: ChatSetting) -> None:
    """The emulated chat desk listens elsewhere now; what people have changed besides stays."""
    was_wanted = setting.service.is_wanted
    edit_chat_setting(
        actor,
        setting.pk,
        ChatSettingEntered(
            name=setting.name,
            business_group_id=setting.business_group_id,
            call_url=_address(),
            default_agent_id=setting.default_agent_id,
            template_id=setting.template_id,
            is_enabled=setting.is_enabled,
            interval_seconds=setting.interval_seconds,
            overlap_minutes=setting.overlap_minutes,
            reuses_customers=setting.reuses_customers,
            connector_settings=setting.connector_settings,
        ),
    )
    if was_wanted and setting.is_enabled:
        restart_service(actor, setting.pk)


def _enter(group_id: int, agent_id: int, template_id: int) -> ChatSettingEntered:
    return ChatSettingEntered(
        name=SETTING,
        business_group_id=group_id,
        call_url=_address(),
        default_agent_id=agent_id,
        template_id=template_id,
        is_enabled=True,
        interval_seconds=INTERVAL_SECONDS,
        overlap_minutes=1440,
        reuses_customers=False,
        secrets={"api_key": DEMO_SMART_M_TALK_KEY},
    )
