"""A chat system for tests of the import, and an oracle that says what must come of what it showed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from renkei.actions.imports.apply import Applied, apply_batch, read_pending
from renkei.actions.imports.fence import Lease, take_lease
from renkei.actions.imports.store_page import store_page
from renkei.domain.chat import Kind, Speaker
from renkei.domain.closed_chat import ClosedChat, ClosedMessage
from renkei.domain.foreign_json import Json, read_json
from renkei.domain.importing import Arriving, ImportRules
from renkei.domain.inbox import ShownChat
from renkei.domain.listing import Finished, Listing
from renkei.errors import MalformedPayloadError
from renkei.models import (
    Agent,
    BusinessGroup,
    ChatSetting,
    ImportService,
    Interaction,
    InteractionMessage,
    SnsAgent,
    User,
)

AT = datetime(2025, 1, 31, 5, 0, tzinfo=UTC)


def record(
    name: str | None,
    *,
    texts: Iterable[str] = ("解約したいです", "承知しました"),
    version: int = 0,
    agent: str = "",
    customer: str = "",
    phone: str = "",
    email: str = "",
    is_open: bool = False,
    is_broken: bool = False,
) -> dict[str, Any]:
    """A record of this chat system, plain JSON. ``version`` is minutes after its closing."""
    return {
        "id": name,
        "texts": list(texts),
        "version": version,
        "agent": agent,
        "customer": customer,
        "phone": phone,
        "email": email,
        "open": is_open,
        "broken": is_broken,
    }


def parse(payload: Json) -> ClosedChat | None:
    """The connector's pure half."""
    if not isinstance(payload, dict) or payload.get("broken"):
        raise MalformedPayloadError("wrong_type", field="texts")
    if payload["open"]:
        return None
    closed = AT + timedelta(minutes=30)
    return ClosedChat(
        external_id=payload["id"],
        started_at=AT,
        closed_at=closed,
        version_at=closed + timedelta(minutes=payload["version"]),
        agent_number=payload["agent"],
        customer_number=payload["customer"],
        customer_name="山田花子",
        customer_phone=payload["phone"],
        customer_email=payload["email"],
        subject="お問い合わせ",
        messages=tuple(
            ClosedMessage(
                speaker=Speaker.CUSTOMER if place % 2 == 0 else Speaker.OPERATOR,
                kind=Kind.TEXT,
                text=text,
                sent_at=AT + timedelta(seconds=place),
                author="" if place % 2 == 0 else payload["agent"],
            )
            for place, text in enumerate(payload["texts"])
        ),
    )


def show(payload: Mapping[str, Any]) -> ShownChat:
    """A record as the worker hands it on."""
    try:
        chat = parse(payload)
    except MalformedPayloadError as error:
        return ShownChat(payload, str(payload.get("id") or ""), None, error.code)
    assert chat is not None
    return ShownChat(payload, str(payload["id"] or ""), chat)


@dataclass(slots=True)
class Importing:
    """A chat setting with its people, and the importer's deeds on it."""

    setting: ChatSetting
    default_agent: Agent
    other_agent: Agent
    reuses_customers: bool = False
    template: dict[str, str] = field(default_factory=dict)
    batch: int = 3

    @property
    def rules(self) -> ImportRules:
        return ImportRules(
            setting_id=self.setting.pk,
            setting_name=self.setting.name,
            group_id=self.setting.business_group_id,
            default_agent_id=self.default_agent.pk,
            template=self.template,
            reuses_customers=self.reuses_customers,
        )

    def lease(self) -> Lease:
        """A fresh lease; whoever had it before is fenced off."""
        ImportService.objects.filter(pk=self.setting.pk).update(lease_until=None, is_wanted=True)
        lease = take_lease(self.setting.pk, "test")
        assert lease is not None
        return lease

    def store(self, lease: Lease, *pages: Iterable[Mapping[str, Any]]) -> int:
        """Store pages of one listing; how many chats were new or changed."""
        listing, stored = Listing(since=None), 0
        for place, page in enumerate(pages):
            following = f"page-{place + 1}" if place + 1 < len(pages) else None
            done = store_page(
                lease,
                listing,
                shown=[show(each) for each in page if not each["open"]],
                next_page=following,
                is_steady=True,
                now=AT + timedelta(days=1),
            )
            stored += done.stored
            if isinstance(done.next, Finished):
                break
            listing = done.next
        return stored

    def apply(self, lease: Lease) -> Applied:
        """Apply everything that waits."""
        total = Applied()
        after = 0
        while items := read_pending(lease, most=self.batch, after=after):
            after = items[-1].item_id
            arriving = []
            for item in items:
                chat = parse(read_json(item.payload))
                assert chat is not None
                arriving.append(Arriving(item.item_id, item.revision, item.key, chat))
            done = apply_batch(lease, arriving, self.rules)
            total = Applied(
                total.created + done.created,
                total.revised + done.revised,
                total.unchanged + done.unchanged,
                total.skipped + done.skipped,
            )
        return total

    def take(self, *pages: Iterable[Mapping[str, Any]]) -> Applied:
        """A whole run."""
        lease = self.lease()
        self.store(lease, *pages)
        return self.apply(lease)

    def contents(self) -> dict[str, tuple[str, ...]]:
        """Each interaction's texts by its key, in order."""
        rows = Interaction.objects.filter(setting=self.setting).values_list("external_id", "pk")
        return {
            str(key): tuple(
                InteractionMessage.objects.filter(interaction=pk).order_by("position").values_list("text", flat=True)
            )
            for key, pk in rows
        }

    def state(self) -> dict[str, Any]:
        """Everything that must not depend on the order or the number of times chats were shown."""
        rows = Interaction.objects.filter(setting=self.setting).select_related("case")
        return {
            str(row.external_id): (
                row.state,
                row.registered_agent_id,
                row.is_default_agent,
                row.customer_key,
                row.content_sha256,
                row.values,
                self.contents()[str(row.external_id)],
            )
            for row in rows
        }


def make_importing(name: str = "試験", **options: Any) -> Importing:
    """A chat setting with a default agent, and another agent who is A-1 in the chat system."""
    group = BusinessGroup.objects.create(name=f"{name}の業務グループ")
    agents = []
    for place, who in enumerate(("既定", "佐藤")):
        user = User.objects.create_user(f"{name}-{place}", display_name=who)
        agents.append(
            Agent.objects.create(user=user, extension=f"{70000 + Agent.objects.count()}", business_group=group)
        )
    setting = ChatSetting.objects.create(
        connector="standard", name=name, business_group=group, default_agent=agents[0], is_enabled=True
    )
    ImportService.objects.create(setting=setting, is_wanted=True)
    SnsAgent.objects.create(agent=agents[1], setting=setting, registration_number="A-1", display_name="さとう")
    return Importing(setting, agents[0], agents[1], **options)
