"""Merges of customers, and the rule that one step leads to the root."""

import django.contrib.postgres.fields
import django.db.models.deletion
import renkei.clock
from django.conf import settings
from django.db import migrations, models

from renkei.models import migration_sql as sql


class Migration(migrations.Migration):
    dependencies = [
        ("renkei", "0012_chat_setting_tests"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("survivor_before", models.JSONField()),
                ("survivor_after", models.JSONField()),
                ("merged_before", models.JSONField()),
                ("entries", models.JSONField(default=list)),
                ("cases_moved", models.JSONField(default=dict)),
                ("cases_kept", models.JSONField(default=dict)),
                (
                    "followers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("interactions_moved", models.PositiveIntegerField(default=0)),
                ("made_at", models.DateTimeField(default=renkei.clock.now)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone", models.JSONField(default=dict)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merged",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="merges_away", to="renkei.customer"
                    ),
                ),
                (
                    "survivor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="merges", to="renkei.customer"
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)), fields=("merged",), name="one_standing_merge"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("survivor", models.F("merged")), _negated=True), name="merge_of_two"
                    ),
                ],
            },
        ),
        migrations.RunSQL(sql.MERGES_FLAT, sql.MERGES_FLAT_BACK),
    ]
