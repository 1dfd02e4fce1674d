"""発着信履歴 is narrowed by the reason of the link; a rare one must not cost a walk over every call."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """One index."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("renkei", "0002_announce_and_guards")]

    operations: ClassVar[list[Operation]] = [
        migrations.AddIndex(
            model_name="chatlink", index=models.Index(fields=["reason", "call"], name="link_by_reason")
        ),
    ]
