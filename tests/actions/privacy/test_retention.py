"""After 履歴保持期間 nothing of a call or its chat is left (R110, R111, P7)."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from renkei import clock
from renkei.actions.privacy.retention import Purged, purge_histories
from renkei.models import (
    Agent,
    BusinessGroup,
    BusinessLabel,
    Call,
    CallCommand,
    CallRing,
    ChatConversation,
    ChatLink,
    ChatMessage,
    ExternalApiCall,
    Installation,
    IvrStep,
    Presence,
    User,
)
from renkei.models.calls import CallLabel

pytestmark = pytest.mark.django_db
CANARY = "CANARY-7781"
DAYS = 30


@pytest.fixture
def agent() -> Agent:
    Installation.objects.update(history_retention_days=DAYS)
    user = User.objects.create_user("a", display_name="担当")
    group = BusinessGroup.objects.create(name="受付")
    return Agent.objects.create(user=user, extension="101", business_group=group)


def a_call(agent: Agent, name: str, *, at: datetime, chat: ChatConversation | None) -> Call:
    call = Call.objects.create(
        line_id=name, arrived_at=at, state="ended", caller_raw=CANARY, owner="renkei-1", answered_by=agent
    )
    ring = {"call": call, "agent": agent}
    CallRing.objects.create(**ring, ring_id="r", rang_at=at)
    CallCommand.objects.create(**ring, kind="hold", asked_at=at)
    CallLabel.objects.create(call=call, label=BusinessLabel.objects.get_or_create(name="解約")[0], at=at)
    IvrStep.objects.create(call=call, position=0, kind="guidance", detail={"words": CANARY})
    ExternalApiCall.objects.create(call=call, connector="x", method="GET", url=CANARY, outcome="ok", at=at)
    if chat is not None:
        ChatLink.objects.create(call=call, conversation=chat, reason="linked", at=at)
    return call


def a_chat(name: str, *, at: datetime, updated_at: datetime | None = None) -> ChatConversation:
    chat = ChatConversation.objects.create(
        connector="x", project_id="p", channel_id="c", external_id=name, typed_number=CANARY, received_at=at,
        updated_at=updated_at or at,
    )  # fmt: skip
    ChatMessage.objects.create(conversation=chat, position=0, speaker="customer", kind="text", text=CANARY, sent_at=at)
    return chat


def where_the_canary_is() -> list[str]:
    """Every table and column that still holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'jsonb')"
        )
        columns = cursor.fetchall()
        found = []
        for table, column in columns:
            cursor.execute(f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s LIMIT 1', [f"%{CANARY}%"])
            if cursor.fetchone():
                found.append(f"{table}.{column}")
    return found


def test_a_call_and_its_chat_are_gone_together_after_the_retention(agent: Agent) -> None:
    """Proves R110, R111. A canary in every text is found nowhere afterwards."""
    old = clock.now() - timedelta(days=DAYS, minutes=1)
    call = a_call(agent, "old", at=old, chat=a_chat("old", at=old))
    Presence.objects.create(agent=agent, state="away", call=call)
    assert len(where_the_canary_is()) >= 5
    assert purge_histories() == Purged(calls=1, chats=1)
    assert where_the_canary_is() == []
    assert purge_histories() == Purged(calls=0, chats=0)


def test_what_is_younger_stays_and_keeps_its_chat(agent: Agent) -> None:
    """Proves R110. A chat goes with the last call that shows it, and a call under way never goes."""
    old, young = clock.now() - timedelta(days=DAYS, minutes=1), clock.now() - timedelta(days=DAYS - 1)
    chat = a_chat("shared", at=old)
    a_call(agent, "old", at=old, chat=chat)
    a_call(agent, "young", at=young, chat=chat)
    Call.objects.create(line_id="standing", arrived_at=old, state="talking")
    assert purge_histories() == Purged(calls=1, chats=0)
    assert set(Call.objects.values_list("line_id", flat=True)) == {"young", "standing"}
    assert chat.messages.count() == 1


def test_a_conversation_that_still_grows_is_not_old(agent: Agent) -> None:
    """Proves R110. Its days count from what was told last, and are over then."""
    old, young = clock.now() - timedelta(days=DAYS, minutes=1), clock.now() - timedelta(days=DAYS - 1)
    growing = a_chat("growing", at=old - timedelta(days=200), updated_at=young)
    a_chat("quiet", at=old - timedelta(days=200), updated_at=old)
    # Never so in earnest; a clock set back must not take a chat away that came today.
    a_chat("set back", at=young, updated_at=old)
    assert purge_histories() == Purged(calls=0, chats=1)
    assert set(ChatConversation.objects.values_list("external_id", flat=True)) == {"growing", "set back"}
    ChatConversation.objects.filter(pk=growing.pk).update(updated_at=old)
    assert purge_histories() == Purged(calls=0, chats=1)
