"""The telephone system's own affairs: which rules it has been told, how far its record of calls was read."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from renkei import clock


class Migration(migrations.Migration):
    """Two small tables."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0003_find_calls_by_reason")]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="PastCallsBookmark",
            fields=[
                ("source", models.CharField(max_length=250, primary_key=True, serialize=False)),
                ("place", models.CharField(max_length=200)),
                ("read_at", models.DateTimeField(default=clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="RulesTold",
            fields=[
                ("worker", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("read_at", models.DateTimeField()),
                ("problem", models.CharField(blank=True, max_length=40)),
            ],
        ),
    ]
