"""Every prepared statement of the hot path agrees with the migrated schema."""

import importlib
import pkgutil
import re

import psycopg
import pytest

from renkei.models import statements

NAMED = re.compile(r"%\((\w+)\)s")


def _all_statements() -> list[tuple[str, str]]:
    found = []
    for module in pkgutil.iter_modules(statements.__path__):
        loaded = importlib.import_module(f"{statements.__name__}.{module.name}")
        found += [
            (f"{module.name}.{name}", value)
            for name, value in vars(loaded).items()
            if name.isupper() and not name.startswith("_") and isinstance(value, str)
        ]
    return found


def _numbered(statement: str) -> str:
    """The statement with ``$1`` for its first named parameter, as PREPARE wants it."""
    names: list[str] = []
    for name in NAMED.findall(statement):
        if name not in names:
            names.append(name)
    return NAMED.sub(lambda match: f"${names.index(match[1]) + 1}", statement).replace("%%", "%")


@pytest.mark.parametrize(("name", "statement"), _all_statements())
async def test_a_statement_of_the_hot_path_can_be_prepared(
    name: str, statement: str, connection: psycopg.AsyncConnection
) -> None:
    """PostgreSQL parses it, knows its tables and columns, and can tell the type of every parameter."""
    await connection.execute(f"PREPARE tried AS {_numbered(statement)}")
    told = await connection.execute("SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'tried'")
    row = await told.fetchone()
    assert row is not None
    assert len(row[0]) == len(set(NAMED.findall(statement)))
    assert "unknown" not in row[0]
