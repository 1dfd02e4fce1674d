"""Attempts to sign in are counted by all processes together: the table Django's database cache wants."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

MAKE = """
CREATE TABLE renkei_attempt (
  cache_key varchar(255) NOT NULL PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
);
CREATE INDEX attempt_by_expiry ON renkei_attempt (expires);
"""


class Migration(migrations.Migration):
    """One table without a model."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0006_search_a_million_calls")]

    operations: ClassVar[list[Operation]] = [migrations.RunSQL(MAKE, "DROP TABLE renkei_attempt")]
