"""The chat system of a chat setting is fixed once it is made (D17), whatever code does."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

from renkei.models import migration_sql as sql


class Migration(migrations.Migration):
    """One trigger."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0010_customers_and_imports")]

    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(sql.CHAT_SYSTEM_FIXED, sql.CHAT_SYSTEM_FIXED_BACK),
    ]
