"""Calls and what happened in them: rings, links, IVR steps, requests to other systems, commands."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, TextField

from renkei import clock
from renkei.models.agents import Agent, BusinessGroup
from renkei.models.chats import ChatConversation
from renkei.models.line import BusinessLabel, Ivr, PhoneNumber

SEARCH_GRAMS = Func(
    F("caller_e164"), F("caller_raw"), F("caller_name"),
    function="search_grams", output_field=ArrayField(TextField()),
)  # fmt: skip
"""The pieces of a call's numbers and name (migration_sql.SEARCH_GRAMS, domain/search_words.py)."""


class Worker(models.Model):
    """A calls worker that is or was alive; its lease says whether. ``name`` is also its line application's name."""

    name = models.CharField(max_length=40, primary_key=True)
    epoch = models.BigIntegerField(default=1)
    lease_until = models.DateTimeField()
    line = models.CharField(max_length=16, default="simulator")
    system = models.CharField(max_length=100, blank=True, default="", db_default="")
    """What the telephone system that it is connected to calls itself; empty for the simulator."""


class Call(models.Model):
    """発着信履歴: one row a call. ``line_id`` is the line's own id; ``arrived_at`` is stamped by the database (D4)."""

    class Direction(models.TextChoices):
        """In or out."""

        IN = "in"
        OUT = "out"

    class State(models.TextChoices):
        """Where the call is; ENDED is final."""

        IN_IVR = "in_ivr"
        RINGING = "ringing"
        TALKING = "talking"
        HELD = "held"
        ENDED = "ended"

    class Outcome(models.TextChoices):
        """How it ended, once it has."""

        ANSWERED = "answered"
        ABANDONED = "abandoned"
        MISSED = "missed"
        BUSY = "busy"
        GUIDANCE = "guidance"
        FORWARDED = "forwarded"
        FALLBACK = "fallback"

    line_id = models.CharField(max_length=80, unique=True)
    direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.IN)
    state = models.CharField(max_length=8, choices=State.choices, default=State.IN_IVR)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    caller_raw = models.CharField(max_length=200, blank=True)
    caller_name = models.CharField(max_length=200, blank=True)
    caller_e164 = models.CharField(max_length=16, null=True)
    caller_unknown = models.CharField(max_length=16, blank=True)
    """Why there is no number: a domain.phone.NoNumber value; empty when there is one."""
    dialled_raw = models.CharField(max_length=200, blank=True)
    number = models.ForeignKey(PhoneNumber, on_delete=models.SET_NULL, null=True, related_name="+")
    business_group = models.ForeignKey(BusinessGroup, on_delete=models.PROTECT, null=True, related_name="+")
    answered_by = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, related_name="+")
    owner = models.CharField(max_length=40, blank=True)
    passed_linkage = models.BooleanField(default=False)
    """True once the call has entered a chatbot-linkage IVR (R76, R107)."""
    arrived_at = models.DateTimeField(default=clock.now)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    wrapped_up_at = models.DateTimeField(null=True)
    during_outage = models.BooleanField(default=False)
    labels = models.ManyToManyField(BusinessLabel, through="CallLabel", related_name="+")

    class Meta:
        indexes = (
            models.Index(fields=("-arrived_at", "-id"), name="call_newest_first"),
            models.Index(fields=("caller_e164", "-arrived_at"), name="call_by_caller"),
            models.Index(fields=("business_group", "-arrived_at", "-id"), name="call_by_group"),
            models.Index(fields=("answered_by", "-arrived_at", "-id"), name="call_by_agent"),
            models.Index(fields=("outcome", "-arrived_at", "-id"), name="call_by_outcome"),
            GinIndex(SEARCH_GRAMS, name="call_by_words", gin_pending_list_limit=512),
            models.Index(fields=("owner",), name="call_standing", condition=~models.Q(state="ended")),
        )


class CallLabel(models.Model):
    """業務ラベル履歴: one row a label that a call received."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="call_labels")
    label = models.ForeignKey(BusinessLabel, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)


class CallRing(models.Model):
    """An agent was rung for a call: who may see its pop-up, and how the ring ended."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="rings")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    ring_id = models.CharField(max_length=80)
    rang_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=12, blank=True)
    """answered, no_answer, declined, busy, unreachable, taken_back or worker_gone."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("call", "ring_id", "agent"), name="one_row_per_ring"),)
        indexes = (
            models.Index(fields=("agent", "-rang_at"), name="ring_by_agent"),
            models.Index(fields=("agent",), name="ring_open", condition=models.Q(ended_at__isnull=True)),
        )


class ChatLink(models.Model):
    """One attempt to link a chat to a call; the newest counts. One ``reason`` (D2), and its decision record."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="links")
    ivr = models.ForeignKey(Ivr, on_delete=models.SET_NULL, null=True, related_name="+")
    conversation = models.ForeignKey(ChatConversation, on_delete=models.SET_NULL, null=True, related_name="links")
    reason = models.CharField(max_length=16)
    source = models.CharField(max_length=8, blank=True)
    """fetched, stored or hand; empty when nothing was linked."""
    record = models.JSONField(default=dict)
    window_minutes = models.PositiveIntegerField(default=1440)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = (
            models.Index(fields=("call", "-id"), name="link_newest_of_call"),
            models.Index(fields=("reason", "call"), name="link_by_reason"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(reason="linked") | models.Q(conversation__isnull=True), name="link_reason_agrees"
            ),
        )


class IvrStep(models.Model):
    """IVR履歴: one step of a call through an IVR. Names are kept as they were."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="ivr_steps")
    position = models.PositiveIntegerField()
    ivr = models.ForeignKey(Ivr, on_delete=models.SET_NULL, null=True, related_name="+")
    ivr_name = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=24)
    """entered, looked_up, branch, label, guidance, key, rule, ring, answered, fallback, left …"""
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("call", "position"), name="one_step_per_position"),)
        indexes = (models.Index(fields=("-at", "-id"), name="ivr_step_newest_first"),)


class ExternalApiCall(models.Model):
    """外部API連携履歴: each attempt of a request to another system (R134), secrets masked."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, null=True, related_name="api_calls")
    ivr = models.ForeignKey(Ivr, on_delete=models.SET_NULL, null=True, related_name="+")
    connector = models.CharField(max_length=40)
    method = models.CharField(max_length=8)
    url = models.TextField()
    request_headers = models.JSONField(default=dict)
    request_body = models.TextField(blank=True)
    status = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=24)
    error = models.CharField(max_length=60, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    answer_excerpt = models.TextField(blank=True)
    is_confidential = models.BooleanField(default=False)
    """The excerpt may quote a chat: shown only to those who may read chats (R109)."""
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = (models.Index(fields=("-at", "-id"), name="api_call_newest_first"),)


class CallCommand(models.Model):
    """What an agent asked of a call from the browser; the worker that owns the call carries it out."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="commands")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    """accept, decline, hang_up, hold, unhold."""
    args = models.JSONField(default=dict)
    asked_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = (models.Index(fields=("id",), name="command_open", condition=models.Q(done_at__isnull=True)),)


class SimulatedAction(models.Model):
    """What the customer does on the simulated line: dial, press, hang_up. The calls worker carries it out."""

    line_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=8)
    args = models.JSONField(default=dict)
    asked_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = (models.Index(fields=("id",), name="simulated_open", condition=models.Q(done_at__isnull=True)),)
