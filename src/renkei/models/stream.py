"""The events of each agent's stream: kinds and ids, never text. Written only by the SQL function ``announce``."""

from django.db import models

from renkei import clock
from renkei.models.agents import Agent


class StreamHead(models.Model):
    """The counter of one agent's stream, raised under its row lock: number order is commit order."""

    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, primary_key=True, related_name="+")
    number = models.BigIntegerField(default=0)


class StreamEvent(models.Model):
    """One event; a gap in ``number`` means a loss. Purged after 24 h."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    number = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    refs = models.JSONField(default=dict)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("agent", "number"), name="stream_number_once"),)
        indexes = (models.Index(fields=("at",), name="stream_event_by_age"),)
