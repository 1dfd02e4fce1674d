"""The sample office: groups, people, numbers, guidance, rules, IVRs. Found again by its names, so made only once."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission

from renkei.cli.demo.people import ADMINISTRATOR_NAME, CONTRACTS, SHOP, STAFF, Person
from renkei.cli.demo.shape import CLOSES, OPENS
from renkei.cli.emulate.office import APP_CHANNEL, DEMO_API_KEY, DEMO_CHANNELS, DEMO_PROJECT, demo_signing_key
from renkei.models import (
    Agent,
    BusinessGroup,
    BusinessLabel,
    ChatbotLinkage,
    CtiPreference,
    Guidance,
    IncomingRule,
    Installation,
    Ivr,
    PhoneNumber,
    Presence,
    ResponseBranch,
    User,
)
from renkei.models.builtins import BUSY
from renkei.models.secrets import open_fields, seal_fields
from renkei.permissions import AGENT, SUPERVISOR
from renkei.settings import config

CHAT_NUMBER = "+81345001200"
CONTRACT_CHAT_NUMBER = "+81345001201"
STANDARD_CHAT_NUMBER = "+81345001202"
FREE_NUMBER = "+81120555010"
CONTRACT_NUMBER = "+81345001300"
OSAKA_NUMBER = "+81675001400"

LABELS = (
    "チャット確認済み",
    "チャット未確認",
    "契約チャット",
    "配送",
    "返品・交換",
    "料金・請求",
    "解約",
    "故障・不通",
)

CONNECTING = "オペレーター接続"
NOT_FOUND = "チャット確認できず"
LATER = "混雑"
CLOSED = "営業時間外"
GUIDANCES = (
    (CONNECTING, "お電話ありがとうございます。担当者におつなぎします。そのままお待ちください。", 6.0),
    (NOT_FOUND, "お電話ありがとうございます。担当者がお話を伺います。そのままお待ちください。", 6.5),
    (LATER, "ただいま電話が大変混み合っております。恐れ入りますが、しばらくたってからおかけ直しください。", 8.0),
    (CLOSED, f"本日の受付は終了いたしました。受付時間は午前{OPENS}時から午後{CLOSES - 12}時までです。", 7.0),
)
OWN_GUIDANCE = ("契約チャットの案内", "契約窓口でございます。お手続きの担当者におつなぎします。", 5.5)

SHOP_RING, SHOP_ALL, CONTRACT_RING, ON_ERROR, AFTER_HOURS = (
    "チャットからのお客様を呼び出す",
    "通販窓口を呼び出す",
    "契約窓口を呼び出す",
    "チャット照会エラー時",
    "時間外の案内",
)
SHOP_IVR, CONTRACT_IVR, STANDARD_IVR = "通販 チャット連携", "契約 チャット連携", "店舗アプリ チャット連携"


@dataclass(frozen=True, slots=True)
class Office:
    """The rows that histories refer to, by name."""

    agents: Mapping[str, Agent]
    groups: Mapping[str, BusinessGroup]
    labels: Mapping[str, BusinessLabel]
    numbers: Mapping[str, PhoneNumber]
    ivrs: Mapping[str, Ivr]
    rules: Mapping[str, IncomingRule]
    guidances: Mapping[str, Guidance]


def furnish() -> Office:
    """Make what is missing of the sample office and return the whole of it. Runs in the caller's transaction."""
    Installation.objects.filter(id=1, centre_name="Renkei").update(centre_name="れんけいサンプル コールセンター")
    groups = {name: BusinessGroup.objects.get_or_create(name=name)[0] for name in (SHOP, CONTRACTS)}
    agents = {person.username: _hire(person, groups[person.group]) for person in STAFF}
    labels = {name: BusinessLabel.objects.get_or_create(name=name)[0] for name in LABELS}
    guidances = {name: _record(name, words, seconds) for name, words, seconds in GUIDANCES}
    rules = _write_rules(agents, guidances)
    ivrs = _set_ivrs_up(agents, labels, guidances, rules)
    numbers = _give_numbers(groups, ivrs, rules)
    for agent in agents.values():
        preference, _ = CtiPreference.objects.get_or_create(agent=agent, defaults={"show_chat": True})
        preference.numbers.add(*numbers.values())
    return Office(agents, groups, labels, numbers, ivrs, rules, guidances)


def _hire(person: Person, group: BusinessGroup) -> Agent:
    names = {"display_name": person.name, "display_name_kana": person.kana}
    user, is_new = User.objects.get_or_create(username=person.username, defaults=names)
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        user.groups.add(Group.objects.get(name=person.role))
        if person.role in (AGENT, SUPERVISOR):
            # In the demonstration everybody may also play the customer; the built-in roles stay as they are.
            user.user_permissions.add(*Permission.objects.filter(codename__startswith="rehearsal."))
    agent, _ = Agent.objects.get_or_create(user=user, defaults={"extension": person.extension, "business_group": group})
    Presence.objects.get_or_create(agent=agent)
    return agent


def _record(name: str, words: str, seconds: float, ivr: Ivr | None = None) -> Guidance:
    given = {"words": words, "seconds": seconds, "media": ""}
    guidance, is_new = Guidance.objects.get_or_create(name=name, ivr=ivr, defaults=given)
    if is_new:
        guidance.media = f"guidance/{guidance.pk}-1"
        guidance.save(update_fields=["media"])
    return guidance


def _write_rules(agents: Mapping[str, Agent], guidances: Mapping[str, Guidance]) -> dict[str, IncomingRule]:
    def ring(*names: str, seconds: int = 25) -> dict[str, object]:
        return {"do": "ring", "agents": [agents[name].pk for name in names], "seconds": seconds}

    later = {"do": "guidance", "guidance": guidances[LATER].pk}
    shop = (ADMINISTRATOR_NAME, "sato", "suzuki", "takahashi", "tanaka", "ito")
    contracts = (ADMINISTRATOR_NAME, "yamamoto", "nakamura", "kobayashi", "kato", "yoshida")
    steps = {
        SHOP_RING: [ring(*shop), later, {"do": "hang_up"}],
        SHOP_ALL: [{"do": "guidance", "guidance": guidances[CONNECTING].pk}, ring(*shop), later],
        CONTRACT_RING: [{"do": "guidance", "guidance": guidances[CONNECTING].pk}, ring(*contracts), later],
        ON_ERROR: [{"do": "guidance", "guidance": guidances[NOT_FOUND].pk}, ring(*shop), later],
        AFTER_HOURS: [{"do": "guidance", "guidance": guidances[CLOSED].pk}, {"do": "hang_up"}],
    }
    rules = {name: IncomingRule.objects.get_or_create(name=name, defaults={"steps": steps[name]})[0] for name in steps}
    return {BUSY: IncomingRule.objects.get(builtin=BUSY), **rules}


def _set_ivrs_up(
    agents: Mapping[str, Agent],
    labels: Mapping[str, BusinessLabel],
    guidances: Mapping[str, Guidance],
    rules: Mapping[str, IncomingRule],
) -> dict[str, Ivr]:
    dec_support, standard = Ivr.ServiceType.CHATBOT_DEC_SUPPORT, Ivr.ServiceType.CHATBOT_STANDARD
    shop = _make_ivr(SHOP_IVR, dec_support, rules[ON_ERROR], channel=DEMO_CHANNELS[0])
    contracts = _make_ivr(CONTRACT_IVR, dec_support, rules[CONTRACT_RING], channel=DEMO_CHANNELS[1])
    app = _make_ivr(STANDARD_IVR, standard, rules[ON_ERROR], channel=APP_CHANNEL)
    own = _record(*OWN_GUIDANCE, ivr=contracts)
    connecting, not_found = guidances[CONNECTING], guidances[NOT_FOUND]
    seen, unseen = labels[LABELS[0]], labels[LABELS[1]]
    _branch(shop, "success", label=seen, guidance=connecting, rule=rules[SHOP_RING], memo=_MEMO)
    _branch(shop, "failure", label=unseen, guidance=not_found, rule=rules[SHOP_RING])
    _branch(contracts, "success", label=labels[LABELS[2]], guidance=own, rule=rules[CONTRACT_RING], memo=_MEMO)
    _branch(contracts, "failure", label=unseen, guidance=own, rule=rules[CONTRACT_RING])
    _branch(app, "success", label=seen, guidance=None, rule=rules[SHOP_RING])
    _branch(app, "failure", label=unseen, guidance=not_found, rule=rules[SHOP_RING])
    unfinished = _make_ivr(UNFINISHED_IVR, dec_support, rules[BUSY], channel="")
    _branch(unfinished, "success", label=seen, guidance=connecting, agent=agents["ito"])
    _branch(unfinished, "failure", label=unseen, guidance=None, rule=rules[BUSY], memo=_UNFINISHED_MEMO)
    return {ivr.name: ivr for ivr in (shop, contracts, app, unfinished)}


UNFINISHED_IVR = "返品専用 チャット連携(準備中)"
"""Set up half, as real centres have them: what the screens warn of can be seen on it."""
_UNFINISHED_MEMO = "チャネルIDの連絡待ち。運用前に転送先を変更すること。"
_MEMO = "番号一致のみで本人確認は済んでいません。応答後、お名前とご注文番号を必ず確認してください。"


def _make_ivr(name: str, service_type: str, on_error: IncomingRule, *, channel: str) -> Ivr:
    ivr, _ = Ivr.objects.get_or_create(name=name, defaults={"use_api": True, "service_type": service_type})
    is_described = service_type == Ivr.ServiceType.CHATBOT_DEC_SUPPORT
    address = config.emulator_url if is_described else f"{config.emulator_url}/renkei/v1"
    secrets = {"api_key": DEMO_API_KEY} if is_described else _standard_secrets()
    linkage, is_new = ChatbotLinkage.objects.get_or_create(
        ivr=ivr,
        defaults={
            "connector": "dec_support" if is_described else "standard",
            "project_id": DEMO_PROJECT,
            "channel_id": channel,
            "connector_settings": {"base_url": address},
            "secrets": seal_fields(secrets),
            "request_error_rule": on_error,
        },
    )
    if not is_new:
        _mend(linkage, address, secrets)
    return ivr


def _mend(linkage: ChatbotLinkage, address: str, secrets: Mapping[str, str]) -> None:
    """The emulated provider may have moved, and an older demonstration does not know all it is given today."""
    kept = open_fields(linkage.secrets) if linkage.secrets is not None else {}
    if linkage.connector_settings.get("base_url") == address and kept.keys() >= secrets.keys():
        return
    linkage.connector_settings = {**linkage.connector_settings, "base_url": address}
    linkage.secrets = seal_fields({**secrets, **kept})
    linkage.save(update_fields=["connector_settings", "secrets"])


def _standard_secrets() -> dict[str, str]:
    return {"token": DEMO_API_KEY, "signing_keys": demo_signing_key(config.secret_key.get_secret_value())}


def _branch(
    ivr: Ivr,
    condition: str,
    *,
    label: BusinessLabel,
    guidance: Guidance | None,
    rule: IncomingRule | None = None,
    agent: Agent | None = None,
    memo: str = "",
) -> None:
    action = ResponseBranch.Action.RULE if rule else ResponseBranch.Action.TRANSFER
    ResponseBranch.objects.get_or_create(
        ivr=ivr,
        condition=condition,
        defaults={
            "label": label,
            "guidance": guidance,
            "action": action,
            "rule": rule,
            "destination_agent": agent,
            "memo": memo,
        },
    )


def _give_numbers(
    groups: Mapping[str, BusinessGroup], ivrs: Mapping[str, Ivr], rules: Mapping[str, IncomingRule]
) -> dict[str, PhoneNumber]:
    wanted = (
        (FREE_NUMBER, "通販フリーダイヤル", SHOP, None, SHOP_ALL),
        (CHAT_NUMBER, "チャット専用ダイヤル", SHOP, SHOP_IVR, None),
        (CONTRACT_CHAT_NUMBER, "契約チャット専用ダイヤル", CONTRACTS, CONTRACT_IVR, None),
        (STANDARD_CHAT_NUMBER, "店舗アプリ専用ダイヤル", SHOP, STANDARD_IVR, None),
        (CONTRACT_NUMBER, "契約窓口 代表", CONTRACTS, None, CONTRACT_RING),
        (OSAKA_NUMBER, "大阪 通販窓口", SHOP, None, SHOP_ALL),
    )
    numbers = {}
    for e164, name, group, ivr, rule in wanted:
        defaults = {
            "name": name,
            "business_group": groups[group],
            "entry_ivr": ivrs[ivr] if ivr else None,
            "entry_rule": rules[rule] if rule else None,
            "fallback_rule": rules[AFTER_HOURS if group == CONTRACTS else SHOP_ALL],
        }
        numbers[e164], _ = PhoneNumber.objects.get_or_create(e164=e164, defaults=defaults)
    return numbers
