"""A calls worker writes down which telephone system it is connected to: its version may be too old."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """One column."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0014_count_the_inbox")]

    operations: ClassVar[list[Operation]] = [
        migrations.AddField(
            "worker", "system", models.CharField(blank=True, db_default="", default="", max_length=100)
        ),
    ]
