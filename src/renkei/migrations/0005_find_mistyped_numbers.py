"""A mistyped number is found by keys of its pieces (domain.near_numbers) instead of reading a day's conversations."""

from datetime import timedelta
from typing import Any, ClassVar

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from renkei import clock
from renkei.domain.near_numbers import in_weeks, near_keys


def fill(apps: Any, schema_editor: Any) -> None:
    """Chats of the last month: no call that comes asks for older ones."""
    conversations = apps.get_model("renkei", "ChatConversation").objects.using(schema_editor.connection.alias)
    recent = conversations.filter(received_at__gt=clock.now() - timedelta(days=31))
    for row in recent.only("e164", "typed_number", "received_at").iterator(1000):
        keys = frozenset(near_keys(row.e164, row.typed_number))
        week = in_weeks(keys, since=row.received_at, until=row.received_at - timedelta(days=1))
        conversations.filter(pk=row.pk).update(near_keys=week)


class Migration(migrations.Migration):
    """The keys, their index, and the keys of what is there."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0004_telephone_system")]

    operations: ClassVar[list[Operation]] = [
        migrations.AddField(
            model_name="chatconversation",
            name="near_keys",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None),
        ),
        migrations.AddIndex(
            model_name="chatconversation",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["near_keys"], name="conversation_by_near_key"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
