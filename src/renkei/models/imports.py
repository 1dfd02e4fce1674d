"""Chat settings, the services that import by them, and the chats on their way in."""

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from renkei import clock
from renkei.models.agents import Agent, BusinessGroup


@pghistory.track()
class InteractionTemplate(models.Model):
    """コール作成設定 (R141, R176): the values an imported interaction's items get, with variables."""

    business_group = models.ForeignKey(BusinessGroup, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(_("Name"), max_length=80)
    values = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("business_group", "name")
        constraints = (models.UniqueConstraint(fields=("business_group", "name"), name="template_name_in_group"),)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class ChatSetting(models.Model):
    """チャット設定 (R170 to R180, D17): where closed chats are fetched, how often, and whose they become.

    ``connector`` is the SNS種別 and cannot change (a trigger holds it).
    """

    connector = models.CharField(_("SNS type"), max_length=40)
    name = models.CharField(_("Chat setting name"), max_length=80, unique=True)
    business_group = models.ForeignKey(
        BusinessGroup, on_delete=models.PROTECT, related_name="chat_settings", verbose_name=_("Business group")
    )
    call_url = models.CharField(_("Call URL"), max_length=2000, blank=True)
    default_agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="+", verbose_name=_("Default agent")
    )
    template = models.ForeignKey(
        InteractionTemplate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Interaction template"),
    )
    is_enabled = models.BooleanField(_("Enabled"), default=False)
    interval_seconds = models.PositiveIntegerField(
        _("Interval (seconds)"), default=300, validators=[MinValueValidator(10), MaxValueValidator(86_400)]
    )
    overlap_minutes = models.PositiveIntegerField(
        _("Overlap (minutes)"), default=1440, validators=[MinValueValidator(0), MaxValueValidator(10_080)]
    )
    reuses_customers = models.BooleanField(
        _("Reuse a customer whose telephone number or e-mail matches exactly and unambiguously"), default=False
    )
    connector_settings = models.JSONField(default=dict, blank=True)
    secrets = models.BinaryField(null=True, editable=False)
    """The connector's secret fields, a JSON object encrypted with the field keys; write-only in screens."""
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(interval_seconds__range=(10, 86_400)), name="import_interval_10_s_to_a_day"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ImportService(models.Model):
    """チャット連係処理 of one chat setting (R183 to R186): what is wanted, what runs, and how far it is.

    ``snapshot`` is the setting as it was when the service (re)started; ``epoch`` is the fence: who writes with an
    older one changes nothing. ``cursor_at`` is in the chat system's time.
    """

    setting = models.OneToOneField(ChatSetting, on_delete=models.CASCADE, related_name="service", primary_key=True)
    is_wanted = models.BooleanField(default=False)
    snapshot = models.JSONField(null=True)
    snapshot_at = models.DateTimeField(null=True)
    epoch = models.BigIntegerField(default=0)
    owner = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    cursor_at = models.DateTimeField(null=True)
    bookmark = models.JSONField(null=True)
    """The listing under way (domain/importing.py Listing); null between two runs."""
    run_asked_at = models.DateTimeField(null=True)
    next_run_at = models.DateTimeField(null=True)
    ran_at = models.DateTimeField(null=True)
    """When the last run ended well."""
    failures = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=60, blank=True)
    """Why the last run failed or the service stopped: a code of messages.py; empty when all is well."""
    problem_params = models.JSONField(default=dict)
    is_halted = models.BooleanField(default=False)
    """Stopped by itself because its setting cannot work (MisconfiguredError); a person must act."""


class ImportRun(models.Model):
    """One run of a service: what it fetched and what became of it. The newest stand on the service's screen."""

    setting = models.ForeignKey(ChatSetting, on_delete=models.CASCADE, related_name="runs")
    epoch = models.BigIntegerField()
    trigger = models.CharField(max_length=12)
    """timer, push, button, backfill."""
    began_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    pages = models.PositiveIntegerField(default=0)
    shown = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    applied = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = (models.Index(fields=("setting", "-id"), name="run_newest_of_setting"),)


class InboxItem(models.Model):
    """A closed chat as the chat system told it, and how far it has come.

    ``revision`` rises with each newer content; ``version_at``, ``message_count`` and the digest say which content is
    newer whatever order it arrives in. A record that could not be read has a row of its own (``raw:`` and its digest)
    with the chat's id in ``source_id``, so that it never hides a readable one.
    """

    class State(models.TextChoices):
        """Waiting, applied, or set aside with a reason."""

        PENDING = "pending", _("Waiting")
        DONE = "done", _("Imported")
        QUARANTINED = "quarantined", _("Set aside")

    setting = models.ForeignKey(ChatSetting, on_delete=models.CASCADE, related_name="inbox")
    external_id = models.CharField(max_length=200)
    source_id = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=1)
    version_at = models.DateTimeField()
    message_count = models.PositiveIntegerField(default=0)
    payload = models.BinaryField()
    """The chat system's record, canonical JSON in ASCII."""
    payload_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict)
    next_try_at = models.DateTimeField(default=clock.now)
    first_seen_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    interaction = models.ForeignKey("renkei.Interaction", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("setting", "external_id"), name="one_inbox_item_per_chat"),)
        indexes = (
            models.Index(fields=("setting", "state", "id"), name="inbox_by_state"),
            models.Index(fields=("setting", "source_id"), name="inbox_by_source", condition=~models.Q(source_id="")),
            models.Index(fields=("setting", "version_at"), name="inbox_by_version", condition=models.Q(state="done")),
        )


class InboxCount(models.Model):
    """What one statement changed in the number of a setting's chats that wait, are imported, stand aside (or many of
    them folded into one). A trigger writes them; their sum is what the service screens show."""

    setting = models.ForeignKey(ChatSetting, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    pending = models.BigIntegerField(default=0, db_default=0)
    done = models.BigIntegerField(default=0, db_default=0)
    quarantined = models.BigIntegerField(default=0, db_default=0)


class ChatTombstone(models.Model):
    """A chat deleted here for good: a keyed digest of its id, so that it is not brought back."""

    setting = models.ForeignKey(ChatSetting, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("setting", "digest"), name="one_tombstone_per_chat"),)


class OutboxEvent(models.Model):
    """What others are to be told, written in the transaction it belongs to; the key makes it once."""

    kind = models.CharField(max_length=40)
    dedupe_key = models.CharField(max_length=120, unique=True)
    refs = models.JSONField(default=dict)
    at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("id",), name="outbox_unsent", condition=models.Q(sent_at__isnull=True)),)


class Reconciliation(models.Model):
    """A night's comparison with the chat system: its ids of the last days against ours (B5)."""

    setting = models.ForeignKey(ChatSetting, on_delete=models.CASCADE, related_name="reconciliations")
    at = models.DateTimeField(default=clock.now)
    since = models.DateTimeField()
    theirs = models.PositiveIntegerField(default=0)
    ours = models.PositiveIntegerField(default=0)
    missing = models.JSONField(default=list)
    """Their ids that we did not have; they are queued."""
    differing = models.JSONField(default=list)
    unknown = models.JSONField(default=list)
    """Our ids that they do not show any more."""
    error = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = (models.Index(fields=("setting", "-id"), name="reconciliation_newest"),)
