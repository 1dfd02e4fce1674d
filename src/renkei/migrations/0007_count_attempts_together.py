"""Attempts to sign in are counted by all processes together: the table Django's database cache wants."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """One table."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0006_search_a_million_calls")]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="SignInAttempt",
            fields=[
                ("cache_key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "renkei_attempt"},
        ),
    ]
