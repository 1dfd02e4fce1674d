"""発着信履歴 is searched for a part of a number or name, and narrowed by outcome: neither may walk over every call.

The indexes are made while the work goes on, which a transaction could not.
"""

from typing import ClassVar

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from renkei.models import migration_sql as sql


class Migration(migrations.Migration):
    """One function, two indexes."""

    atomic = False

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0005_find_mistyped_numbers")]

    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(sql.SEARCH_GRAMS, sql.SEARCH_GRAMS_BACK),
        AddIndexConcurrently(
            model_name="call", index=models.Index(fields=["outcome", "-arrived_at", "-id"], name="call_by_outcome")
        ),
        AddIndexConcurrently(
            model_name="call",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(
                    models.F("caller_e164"),
                    models.F("caller_raw"),
                    models.F("caller_name"),
                    function="search_grams",
                    output_field=django.contrib.postgres.fields.ArrayField(models.TextField()),
                ),
                gin_pending_list_limit=512,
                name="call_by_words",
            ),
        ),
    ]
