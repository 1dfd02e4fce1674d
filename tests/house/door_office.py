"""A real row behind each parameter of each address. An address whose parameter stands in no table fails the build."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from renkei import clock
from renkei.actions.accounts import create_api_key
from renkei.actions.customers.merge import merge_customers
from renkei.actions.settings.ivrs import create_ivr
from renkei.models import (
    Agent,
    BusinessGroup,
    BusinessLabel,
    CallRing,
    Customer,
    ExternalApiCall,
    Guidance,
    IncomingRule,
    Interaction,
    InteractionTemplate,
    IvrStep,
    PhoneNumber,
    Presence,
    SimulatedAction,
    SnsAgent,
    SnsCustomer,
    User,
)
from renkei.permissions import ADMINISTRATOR, AGENT, RIGHTS, SUPERVISOR
from renkei.queries.customers.merging import preview_merge
from tests.actions.imports.source import Importing, make_importing, record
from tests.chat_setting_office import set_aside
from tests.house.doors import Door
from tests.sample_centre import make_linked_call, make_person, say

SECRETS = ("東だけの会話", "東だけの名", "東だけの用件", "東だけのIVR")
"""Words that stand on rows of the group 東 and nowhere else: what the customer wrote, the caller's name, the imported
conversation, an IVR step."""

SCOPED = ("call_id", "case_id", "interaction_id", "request_id", "item_id")
"""Parameters whose rows belong to somebody (queries/scope.py)."""

OF_THE_GROUP = ("console/agents/<int:row_id>/",)
"""Addresses whose row everybody of its business group may see who holds the right, and nobody of another one."""

CENTRE: Mapping[str, str] = {
    "accounts/": "one's own account",
    "console/ivrs/": "settings of the whole centre",
    "console/rules/": "settings of the whole centre",
    "console/guidance/": "settings of the whole centre",
    "console/labels/": "settings of the whole centre",
    "console/numbers/": "settings of the whole centre",
    "console/customers/": "customers belong to the whole centre (visible_customers)",
    "console/business-groups/": "the directory of the centre",
    "console/chat-settings/": "settings of the whole centre",
    "console/services/": "a service is a setting's; the chats on its way in (item_id) are scoped",
    "console/api-keys/": "settings of the whole centre",
    "desk/sentences/": "a sentence of the catalogue",
    "try/be/": "the demonstration's people",
    "try/line/": "the demonstration's own telephone, which anybody who may use it can listen to",
}
"""Addresses whose other parameters name nobody's rows, and why."""

COLLEAGUE = "agent of the same group"
"""The stranger who belongs to the row's group, but was never rung for the call nor had the chat."""

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Office:
    """The group 東 with a call, a chat, an import; people who may see them, and people of 西 who may not."""

    owners: Mapping[str, User]
    strangers: Mapping[str, User]
    values: Mapping[str, Values]

    def address_of(self, door: Door) -> str:
        """The address on a real row; KeyError for one without an example."""
        given: dict[str, object] = {}
        for prefix in sorted(self.values, key=len):
            if door.route.startswith(prefix):
                given |= self.values[prefix]
        missing = [name for name in door.parameters if name not in given]
        if missing:
            raise KeyError(f"{door.route}: give {missing} an example in tests/house/door_office.py")
        return door.fill(given)


def make_office() -> Office:
    """All of it; the rows belong to 東."""
    importing = make_importing("東")
    group = importing.setting.business_group
    owners = {role: _join(make_person(role, group=group.name)) for role in (ADMINISTRATOR, SUPERVISOR, AGENT)}
    everything = sorted(RIGHTS)
    strangers = {
        "supervisor of another group": _join(make_person(SUPERVISOR, group="西", rights=everything)),
        "agent of another group": _join(make_person(AGENT, group="西", rights=everything)),
        COLLEAGUE: _join(make_person(AGENT, group=group.name, rights=everything)),
    }
    calls = _make_call(group, owners)
    return Office(
        owners, strangers, {**_settings(owners[ADMINISTRATOR], importing), **calls, **_cases(importing, owners)}
    )


def _join(person: User) -> User:
    Presence.objects.create(agent=Agent.objects.get(user=person), state="available")
    return person


def _make_call(group: BusinessGroup, owners: Mapping[str, User]) -> dict[str, Values]:
    at = clock.now() - timedelta(minutes=3)
    messages = [say(SECRETS[0], at), say("", at, url="https://files.example.jp/a.png")]
    agents = {role: Agent.objects.get(user=person) for role, person in owners.items()}
    call = make_linked_call(
        messages, business_group=group, answered_by=agents[AGENT], state="talking", outcome="", ended_at=None,
        caller_name=SECRETS[1], line_id="sim-east",
    ).call  # fmt: skip
    for role, agent in agents.items():
        CallRing.objects.create(call=call, agent=agent, ring_id=f"ring-{role}")
    IvrStep.objects.create(call=call, position=1, ivr_name=SECRETS[3], kind="looked_up", detail={})
    row = ExternalApiCall.objects.create(
        call=call, connector="dec_support", method="GET", url="https://dec.example.jp/v1", outcome="ok", status=200
    )
    SimulatedAction.objects.create(line_id="sim-east", kind="dial", args={})
    of_call = {"call_id": call.pk, "number": 2}
    return {
        "console/calls/": of_call,
        "console/ivr-history/": of_call,
        "console/external-api/": {"request_id": row.pk},
        "desk/calls/": {**of_call, "kind": "hold"},
        "desk/sentences/": {"code": "not-found"},
        "try/line/": {"line_id": "sim-east"},
        "api/v1/": of_call,
    }


def _cases(importing: Importing, owners: Mapping[str, User]) -> dict[str, Values]:
    agent = Agent.objects.get(user=owners[AGENT])
    SnsAgent.objects.create(agent=agent, setting=importing.setting, registration_number="A-9")
    picture = "https://files.example.jp/b.png"
    for version, words in enumerate((SECRETS[2], f"{SECRETS[2]}二")):
        importing.take([record("c-1", agent="A-9", customer="K-1", texts=(words, picture), version=version)])
    row = Interaction.objects.select_related("case").get(external_id="c-1")
    item = set_aside(importing.setting, "c-2", payload=f'{{"id":"c-2","texts":["{SECRETS[2]}"]}}')
    entry = SnsCustomer.objects.get(customer=row.case.customer_id)
    customer = row.case.customer_id
    merged, other = (Customer.objects.create(sort_key="").pk for _place in range(2))
    merge = merge_customers(
        owners[ADMINISTRATOR],
        survivor_id=customer,
        merged_id=merged,
        winners={},
        seen=preview_merge(owners[ADMINISTRATOR], survivor_id=customer, merged_id=merged).seen,
    )
    of_item = {"item_id": item.pk}
    of_case = {"case_id": row.case_id, "interaction_id": row.pk}
    return {
        "console/cases/": {**of_case, "number": 1, "tab": "sns"},
        "console/cases/<int:case_id>/<int:interaction_id>/links/": {"number": 2},
        "console/customers/": {"row_id": customer, "entry_id": entry.pk, "other_id": other, "merge_id": merge.pk},
        "console/services/": {"row_id": importing.setting.pk, **of_item},
    }


def _settings(administrator: User, importing: Importing) -> dict[str, Values]:
    setting, group = importing.setting, importing.setting.business_group
    agent = importing.other_agent
    ivr_id = create_ivr(administrator, name="チャット連携", use_api=True, service_type="chatbot_dec_support")
    template = InteractionTemplate.objects.create(business_group=group, name="既定", values={})
    key = create_api_key(administrator, name="CRM", rights=["call_history.view"])
    rule = IncomingRule.objects.create(name="案内", steps=[{"do": "busy"}])
    guidance = Guidance.objects.create(name="混雑", words="混み合っています", media="kept/1")
    label = BusinessLabel.objects.create(name="チャット")
    number = PhoneNumber.objects.create(
        e164="+81312345678", name="代表", business_group=group, entry_rule=rule, fallback_rule=rule
    )
    return {
        "accounts/first/": {"token": "x"},
        "console/ivrs/": {"ivr_id": ivr_id, "condition": "success"},
        "console/rules/": {"row_id": rule.pk},
        "console/guidance/": {"row_id": guidance.pk},
        "console/labels/": {"row_id": label.pk},
        "console/numbers/": {"row_id": number.pk},
        "console/agents/": {"row_id": agent.user_id, "entry_id": SnsAgent.objects.get(agent=agent).pk},
        "console/business-groups/": {"row_id": group.pk, "template_id": template.pk},
        "console/chat-settings/": {"row_id": setting.pk},
        "console/api-keys/": {"key_id": key.id},
        "try/be/": {"username": agent.user.username},
    }
