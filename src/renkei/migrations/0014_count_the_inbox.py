"""The chats of an inbox are counted as they move, and found by their version for the nightly comparison."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from renkei.models import migration_sql as sql


class Migration(migrations.Migration):
    """One table with its triggers, one index."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0013_merge_customers")]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="InboxCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pending", models.BigIntegerField(db_default=0, default=0)),
                ("done", models.BigIntegerField(db_default=0, default=0)),
                ("quarantined", models.BigIntegerField(db_default=0, default=0)),
                (
                    "setting",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="renkei.chatsetting",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(sql.INBOX_COUNTED, sql.INBOX_COUNTED_BACK),
        migrations.AddIndex(
            model_name="inboxitem",
            index=models.Index(
                condition=models.Q(("state", "done")), fields=["setting", "version_at"], name="inbox_by_version"
            ),
        ),
    ]
