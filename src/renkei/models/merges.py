"""Merges of customers (名寄せ, B4): what was where before, so that each can be undone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from renkei import clock
from renkei.models.accounts import User
from renkei.models.crm import Customer


class CustomerMerge(models.Model):
    """One customer was taken into another.

    ``survivor_before``, ``survivor_after`` and ``merged_before`` are a customer's values (domain/merging.py Facts);
    taking an earlier merge out again rewrites those of later ones. ``entries`` lists the SNS entries that moved, each
    ``[id, chat setting, registration number]``; ``cases_moved`` and ``cases_kept`` map a case's id to the keys it came
    under; ``followers`` are the customers that had been merged into the merged one before. ``undone`` says what undoing
    did: ``kept`` fields, numbers of ``cases`` and ``entries``. All this is personal data and goes with either customer.
    """

    survivor = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges_away")
    survivor_before = models.JSONField()
    survivor_after = models.JSONField()
    merged_before = models.JSONField()
    entries = models.JSONField(default=list)
    cases_moved = models.JSONField(default=dict)
    cases_kept = models.JSONField(default=dict)
    followers = ArrayField(models.BigIntegerField(), default=list)
    interactions_moved = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    undone_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("merged",), name="one_standing_merge", condition=models.Q(undone_at__isnull=True)
            ),
            models.CheckConstraint(condition=~models.Q(survivor=models.F("merged")), name="merge_of_two"),
        )
