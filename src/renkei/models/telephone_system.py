"""What we know of the telephone system's own affairs: which rules it has, how far its record of calls was read."""

from django.db import models

from renkei import clock


class RulesTold(models.Model):
    """What a worker last told its telephone system: the rules that it must be able to run without us (P1)."""

    worker = models.CharField(max_length=40, primary_key=True)
    read_at = models.DateTimeField()
    """When the settings were read that were told."""
    problem = models.CharField(max_length=40, blank=True)
    """Why the telephone system does not have them, as a message code; empty when it does."""


class PastCallsBookmark(models.Model):
    """How far a telephone system's own record of calls has been entered into the history."""

    source = models.CharField(max_length=250, primary_key=True)
    place = models.CharField(max_length=200)
    read_at = models.DateTimeField(default=clock.now)
