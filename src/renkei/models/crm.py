"""Customers, cases and interactions: what imported chats become, and what people search and read."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from renkei import clock
from renkei.models.agents import Agent, BusinessGroup
from renkei.models.imports import ChatSetting


@pghistory.track()
class Customer(models.Model):
    """顧客. ``merged_into`` points at the survivor of a merge (名寄せ); a row without it is a root.

    ``natural_key`` is the chat a customer without an outside id was made for, so that a retry finds it (R163).
    """

    name = models.CharField(_("Name"), max_length=120, blank=True)
    name_kana = models.CharField(_("Name (kana)"), max_length=120, blank=True)
    sort_key = models.CharField(max_length=121, editable=False)
    """domain/people.py sort_key: by kana (D19), names without kana behind them."""
    phone = models.CharField(_("Telephone number"), max_length=40, blank=True)
    e164 = models.CharField(max_length=16, null=True)
    email = models.CharField(_("E-mail address"), max_length=254, blank=True)
    email_key = models.CharField(max_length=254, blank=True)
    """The address in the form it is compared in: NFKC, without spaces round it, lower case."""
    note = models.TextField(_("Note"), max_length=2000, blank=True)
    natural_key = models.CharField(max_length=240, null=True, unique=True, editable=False)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged")
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = (
            models.Index(fields=("sort_key", "id"), name="customer_by_kana"),
            models.Index(fields=("e164",), name="customer_by_number", condition=models.Q(e164__isnull=False)),
            models.Index(fields=("email_key",), name="customer_by_mail", condition=~models.Q(email_key="")),
            models.Index(
                fields=("merged_into",), name="customer_merged", condition=models.Q(merged_into__isnull=False)
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | ~models.Q(merged_into=models.F("id")),
                name="customer_not_merged_into_itself",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.phone or self.email or f"#{self.pk}"


@pghistory.track()
class SnsCustomer(models.Model):
    """SNS顧客詳細 (R161, R166 to R169): who a customer is in one chat system. The type is the setting's own."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="sns_entries")
    setting = models.ForeignKey(ChatSetting, on_delete=models.PROTECT, related_name="+", verbose_name=_("SNS setting"))
    registration_number = models.CharField(_("SNS customer registration number"), max_length=200)
    display_name = models.CharField(_("Display name"), max_length=120, blank=True)
    image_url = models.CharField(_("Image URL"), max_length=2000, blank=True)
    status_message = models.CharField(_("Status message"), max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("setting", "registration_number"), name="one_customer_per_sns_number"),
        )
        indexes = (models.Index(fields=("customer",), name="sns_entry_of_customer"),)


@pghistory.track()
class SnsAgent(models.Model):
    """SNS担当者詳細 (R150 to R154, R158, R159): who an agent is in one chat system."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="sns_entries")
    setting = models.ForeignKey(ChatSetting, on_delete=models.PROTECT, related_name="+", verbose_name=_("SNS setting"))
    registration_number = models.CharField(_("SNS agent registration number"), max_length=200)
    display_name = models.CharField(_("Display name"), max_length=120, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("setting", "registration_number"), name="one_agent_per_sns_number"),
        )


class Case(models.Model):
    """ケース: what a customer came with, and the interactions about it."""

    class State(models.TextChoices):
        """対応中, 完了."""

        OPEN = "open", pgettext_lazy("case", "Open")
        CLOSED = "closed", pgettext_lazy("case", "Closed")

    title = models.CharField(pgettext_lazy("item", "Title"), max_length=200, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cases")
    business_group = models.ForeignKey(BusinessGroup, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = (
            models.Index(fields=("-updated_at", "-id"), name="case_newest_first"),
            models.Index(fields=("business_group", "-updated_at", "-id"), name="case_by_group"),
            models.Index(fields=("customer", "-updated_at"), name="case_by_customer"),
        )


class Interaction(models.Model):
    """コール: one registered contact inside a case, by whatever channel. An imported one arrives closed (R140, D11).

    ``values`` holds the items of コール詳細 as imported (domain/interaction_items.py). ``grams`` are the letter
    pairs of ``search_text``, which is the title, items and messages folded for comparison.
    """

    class Channel(models.TextChoices):
        """How the customer came."""

        CHAT = "chat", pgettext_lazy("channel", "Chat")
        PHONE = "phone", pgettext_lazy("channel", "Telephone")

    class State(models.TextChoices):
        """対応中, クローズ."""

        OPEN = "open", pgettext_lazy("case", "Open")
        CLOSED = "closed", pgettext_lazy("case", "Closed")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="interactions")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="children")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    registered_agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    current_agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    registered_group = models.ForeignKey(BusinessGroup, on_delete=models.PROTECT, related_name="+")
    current_group = models.ForeignKey(BusinessGroup, on_delete=models.PROTECT, related_name="+")
    is_default_agent = models.BooleanField(default=False)
    """The chat's own agent was not known here; the setting's default agent stands in (R156)."""
    chat_agent_number = models.CharField(max_length=200, blank=True)
    setting = models.ForeignKey(ChatSetting, on_delete=models.PROTECT, null=True, related_name="+")
    external_id = models.CharField(max_length=200, null=True)
    is_weak_key = models.BooleanField(default=False)
    customer_key = models.CharField(max_length=220, blank=True)
    """By what the customer was found: ``id:…`` or ``chat``; a revision with another one finds its customer anew."""
    revision = models.PositiveIntegerField(default=1)
    content_sha256 = models.CharField(max_length=64, blank=True)
    values = models.JSONField(default=dict)
    edited = models.JSONField(default=dict)
    """Items that people have changed; they stand before ``values``."""
    search_text = models.TextField(blank=True)
    grams = ArrayField(models.CharField(max_length=2), default=list)
    started_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("setting", "external_id"), name="one_interaction_per_chat"),
            models.CheckConstraint(
                condition=models.Q(setting__isnull=True, external_id__isnull=True)
                | models.Q(setting__isnull=False, external_id__isnull=False),
                name="interaction_chat_key_is_whole",
            ),
        )
        indexes = (
            models.Index(fields=("-started_at", "-id"), name="interaction_newest_first"),
            models.Index(fields=("case", "started_at"), name="interaction_of_case"),
            models.Index(fields=("current_group", "-started_at", "-id"), name="interaction_by_group"),
            models.Index(fields=("current_agent", "-started_at", "-id"), name="interaction_by_agent"),
            GinIndex(fields=("grams",), name="interaction_grams"),
        )


class InteractionMessage(models.Model):
    """One message of an imported conversation; uploads stay with the chat system (R96). ``author`` is the agent's
    number in the chat system, empty for everybody else."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="messages")
    position = models.PositiveIntegerField()
    speaker = models.CharField(max_length=8)
    author = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=8)
    text = models.TextField(blank=True)
    url = models.TextField(null=True)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("interaction", "position"), name="one_interaction_message_per_position"),
        )


class InteractionRevision(models.Model):
    """What an imported conversation was before the chat system changed it: ``messages`` as a list of objects."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="revisions")
    revision = models.PositiveIntegerField()
    content_sha256 = models.CharField(max_length=64)
    messages = models.JSONField()
    replaced_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("interaction", "revision"), name="one_row_per_interaction_revision"),
        )
