"""Writing many rows at once: ids in advance, then COPY."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from psycopg import sql
from psycopg.types.json import Jsonb


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """The next ``count`` ids of a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", (_table(model), count)
        )
        return [row[0] for row in cursor.fetchall()]


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a model's table; a dict becomes jsonb, a column not named gets its model's default."""
    others = [f for f in model._meta.local_concrete_fields if f.column not in columns and not f.primary_key]
    defaults = [field.get_default() for field in others]
    named = [*columns, *(str(field.column) for field in others)]
    names = sql.SQL(", ").join([sql.Identifier(name) for name in named])
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(_table(model)), names)
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([Jsonb(value) if isinstance(value, dict) else value for value in (*row, *defaults)])


def _table(model: type[models.Model]) -> str:
    return model._meta.db_table
