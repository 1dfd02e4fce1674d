"""An open desk keeps its agent's session; a status that somebody left standing does not."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """One column."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0015_know_the_telephone_system")]

    operations: ClassVar[list[Operation]] = [
        migrations.AddField("presence", "stream_at", models.DateTimeField(editable=False, null=True))
    ]
