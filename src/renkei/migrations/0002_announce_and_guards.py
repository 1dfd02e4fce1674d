"""What code must not be trusted with: announcing in one order, a fixed kind of IVR, an append-only audit."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

from renkei.models import migration_sql as sql


class Migration(migrations.Migration):
    """SQL functions and triggers."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0001_first_tables")]

    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(sql.ANNOUNCE, sql.ANNOUNCE_BACK),
        migrations.RunSQL(sql.IVR_KIND_FIXED, sql.IVR_KIND_FIXED_BACK),
        migrations.RunSQL(sql.AUDIT_APPEND_ONLY, sql.AUDIT_APPEND_ONLY_BACK),
        migrations.RunSQL(sql.TELL_SETTINGS, sql.TELL_SETTINGS_BACK),
    ]
