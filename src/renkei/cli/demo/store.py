"""Stores a sample history, table by table."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from renkei.cli.demo.history import Sample, SampleCall, SampleChat, dialled_form
from renkei.cli.demo.office import Office
from renkei.cli.demo.tables import copy_rows
from renkei.cli.emulate.office import DEMO_PROJECT
from renkei.domain.chat import Speaker
from renkei.domain.phone import NoNumber, Telephone
from renkei.domain.plan import LinePlan
from renkei.models import Call, CallRing, ChatConversation, ChatLink, ChatMessage, ExternalApiCall, IvrStep
from renkei.models.calls import CallLabel
from renkei.settings import config


def store(sample: Sample, office: Office, plan: LinePlan) -> None:
    """Write everything, in the order that references need. Runs in the caller's transaction."""
    _store_chats(sample.chats)
    _store_calls(sample.calls, office)
    _store_what_followed(sample.calls)
    _store_links(sample.calls)
    _store_requests(sample.calls, plan)


def _store_chats(chats: list[SampleChat]) -> None:
    copy_rows(
        ChatConversation,
        (
            "id", "connector", "project_id", "channel_id", "external_id", "typed_number", "e164", "identified_at",
            "last_customer_at", "received_at", "updated_at", "revision", "content_sha256",
        ),
        (_conversation(chat) for chat in chats),
    )  # fmt: skip
    copy_rows(
        ChatMessage,
        ("conversation_id", "position", "speaker", "kind", "text", "url", "sent_at"),
        (
            (chat.id, position, each.speaker.value, each.kind.value, each.text, each.url, at)
            for chat in chats
            for position, (at, each) in enumerate(chat.said)
        ),
    )


def _conversation(chat: SampleChat) -> tuple[Any, ...]:
    words = "\n".join(each.text for _, each in chat.said)
    last = max(at for at, each in chat.said if each.speaker is Speaker.CUSTOMER)
    return (
        chat.id, chat.connector, chat.project_id, chat.channel_id, f"demo-{chat.id}", chat.typed_number, chat.e164,
        chat.identified_at, last, chat.received_at, chat.received_at, 1, hashlib.sha256(words.encode()).hexdigest(),
    )  # fmt: skip


def _store_calls(calls: list[SampleCall], office: Office) -> None:
    chance = Random(7)
    columns = (
        "id", "line_id", "direction", "state", "outcome", "caller_raw", "caller_name", "caller_e164", "caller_unknown",
        "dialled_raw", "number_id", "business_group_id", "answered_by_id", "owner", "passed_linkage", "arrived_at",
        "answered_at", "ended_at", "wrapped_up_at", "during_outage",
    )  # fmt: skip
    copy_rows(Call, columns, (_call(call, office, chance) for call in calls))


def _call(call: SampleCall, office: Office, chance: Random) -> tuple[Any, ...]:
    number, told = office.numbers[call.number], call.told
    e164 = call.caller.e164 if isinstance(call.caller, Telephone) else None
    absence = call.caller.value if isinstance(call.caller, NoNumber) else ""
    wrapped_up_at = None
    if told.answered_by is not None and told.ended_at is not None:
        wrapped_up_at = told.ended_at + timedelta(seconds=chance.uniform(8, 70))
    return (
        call.id, f"demo-{call.id}", "in", "ended", told.outcome, dialled_form(call.caller), "", e164, absence,
        "0" + call.number.removeprefix("+81"), number.pk, number.business_group_id, told.answered_by, "",
        told.linkage_ivr is not None, call.arrived_at, told.answered_at, told.ended_at, wrapped_up_at, False,
    )  # fmt: skip


def _store_what_followed(calls: list[SampleCall]) -> None:
    copy_rows(
        CallLabel,
        ("call_id", "label_id", "at"),
        ((call.id, label, at) for call in calls for at, label in call.told.labels),
    )
    copy_rows(
        CallRing,
        ("call_id", "agent_id", "ring_id", "rang_at", "ended_at", "ended_why"),
        (
            (call.id, ring.agent_id, ring.ring_id, ring.rang_at, ring.ended_at, ring.why)
            for call in calls
            for ring in call.told.rings
        ),
    )
    copy_rows(
        IvrStep,
        ("call_id", "position", "ivr_id", "ivr_name", "kind", "detail", "at"),
        (
            (call.id, step.position, step.ivr_id, step.ivr_name, step.kind, dict(step.detail), at)
            for call in calls
            for at, step in call.told.steps
        ),
    )


def _store_links(calls: list[SampleCall]) -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        for call in calls:
            decision, told = call.decision, call.told
            if decision is None or told.looked_up_at is None:
                continue
            chosen = decision.chosen.id if decision.chosen else None
            source = decision.source.value if decision.source else ""
            record = decision.record.to_json()
            yield call.id, told.linkage_ivr, chosen, decision.reason.value, source, record, 1440, told.looked_up_at

    columns = ("call_id", "ivr_id", "conversation_id", "reason", "source", "record", "window_minutes", "at")
    copy_rows(ChatLink, columns, rows())


def _store_requests(calls: list[SampleCall], plan: LinePlan) -> None:
    columns = (
        "call_id", "ivr_id", "connector", "method", "url", "request_headers", "request_body", "status", "outcome",
        "error", "duration_ms", "answer_excerpt", "is_confidential", "at",
    )  # fmt: skip

    def rows() -> Iterator[tuple[Any, ...]]:
        for call in calls:
            answered, told = call.answered, call.told
            if answered is None or not answered.outcome or told.linkage_ivr is None:
                continue
            linkage = plan.ivrs[told.linkage_ivr].linkage
            assert linkage is not None
            url, headers = _request(linkage.connector, linkage.channel_id, call.caller)
            outcome, error = ("ok", "") if answered.outcome == "ok" else ("failed", answered.outcome)
            yield (
                call.id, told.linkage_ivr, linkage.connector, "GET", url, headers, "", answered.looked_up.status,
                outcome, error, round(answered.seconds * 1_000), answered.excerpt,
                bool(answered.excerpt) and answered.looked_up.status == 200, told.looked_up_at,
            )  # fmt: skip

    copy_rows(ExternalApiCall, columns, rows())


def _request(connector: str, channel: str, caller: Telephone | NoNumber) -> tuple[str, dict[str, str]]:
    number = dialled_form(caller)
    shown = "*" * max(len(number) - 4, 0) + number[-4:]
    if connector == "standard":
        query = f"phone={shown}&project={DEMO_PROJECT}&channel={channel}"
        return f"{config.emulator_url}/renkei/v1/conversations?{query}", {"authorization": "Bearer ***"}
    path = f"/v1/projects/{DEMO_PROJECT}/channels/{channel}/sessions"
    return f"{config.emulator_url}{path}?phone_number={shown}", {"accept": "application/json", "x-api-key": "***"}
