"""Who did or read what: ids and field names, never personal values. Append-only (a trigger holds it)."""

from django.db import models

from renkei import clock
from renkei.models.accounts import User


class AuditEntry(models.Model):
    """One deed: actor (a user, or the name of an API key or process), action, object."""

    at = models.DateTimeField(default=clock.now)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=64)
    resource = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=("resource", "object_id", "-at"), name="audit_by_object"),
            models.Index(fields=("-at", "-id"), name="audit_newest_first"),
        )
