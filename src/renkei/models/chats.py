"""Conversations as they are kept: the chat beside the call."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from renkei import clock


class ChatConversation(models.Model):
    """A chatbot conversation. Unique by provider, project, channel and the provider's own id; the number is the key
    of matching (R66), typed form kept as it was. ``revision`` rises when the provider tells more of it."""

    connector = models.CharField(max_length=40)
    project_id = models.CharField(max_length=120)
    channel_id = models.CharField(max_length=120)
    external_id = models.CharField(max_length=200)
    typed_number = models.CharField(max_length=200, blank=True)
    e164 = models.CharField(max_length=16, null=True)
    identified_at = models.DateTimeField(null=True)
    last_customer_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)
    revision = models.PositiveIntegerField(default=1)
    content_sha256 = models.CharField(max_length=64)
    near_keys = ArrayField(models.BigIntegerField(), null=True)
    """What a mistyped number is found by: domain.near_numbers."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("connector", "project_id", "channel_id", "external_id"), name="one_row_per_conversation"
            ),
        )
        indexes = (
            models.Index(fields=("e164", "channel_id", "-received_at"), name="conversation_by_number"),
            models.Index(fields=("received_at",), name="conversation_by_arrival"),
            # Without the list of pending entries, which every search would have to read through.
            GinIndex(fields=("near_keys",), name="conversation_by_near_key", fastupdate=False),
        )


class ChatMessage(models.Model):
    """One message; ``position`` orders them. Uploads are links to the provider (R96), never copies."""

    conversation = models.ForeignKey(ChatConversation, on_delete=models.CASCADE, related_name="messages")
    position = models.PositiveIntegerField()
    speaker = models.CharField(max_length=8)
    kind = models.CharField(max_length=8)
    text = models.TextField(blank=True)
    url = models.TextField(null=True)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("conversation", "position"), name="one_message_per_position"),)


class ChatDelivery(models.Model):
    """The ledger of pushed webhooks: an id seen before changes nothing; what was not understood is kept raw."""

    connector = models.CharField(max_length=40)
    delivery_id = models.CharField(max_length=200)
    received_at = models.DateTimeField(default=clock.now)
    error_code = models.CharField(max_length=60, blank=True)
    raw = models.BinaryField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("connector", "delivery_id"), name="one_row_per_delivery"),)
