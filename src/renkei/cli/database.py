"""Bringing a database to the tables this version knows, and giving the application role its rights."""

import contextlib
import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from renkei.cli.refusal import RefusalError

APPEND_ONLY = ("renkei_auditentry",)
"""Tables whose rows the application role may add and read, never change or take away."""


_NAMES = ("RENKEI_DATABASE_URL", "RENKEI_OWNER_DATABASE_URL", "DATABASE_URL")
_SCHEMES = ("postgres", "postgresql")


def named_by(url: str) -> str:
    """The environment variable that holds `url`, itself or in the file it points to; empty for our own server's."""
    for name in _NAMES:
        if os.environ.get(name) == url:
            return name
        with contextlib.suppress(OSError, KeyError, UnicodeDecodeError):
            if Path(os.environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip() == url:
                return f"{name}_FILE"
    return ""


def check_reachable(url: str) -> None:
    """Raise RefusalError with one sentence when nobody answers at `url` as we expect."""
    name = named_by(url)
    if url.partition("://")[0] not in _SCHEMES or "://" not in url:  # not repeated: it may hold a password
        raise RefusalError(
            f"The value of {name or 'the database address'} cannot be used: it is no PostgreSQL address; write "
            "postgresql://USER:PASSWORD@HOST:5432/DATABASE."
        )
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        where = f"The database at {_host_of(url)}{f' ({name})' if name else ''}"
        raise RefusalError(f"{where} cannot be used: {_reason_of(error, url)}.") from None
    if version < 150000:
        raise RefusalError(f"The database is PostgreSQL {version // 10000}; Renkei needs 15 or newer.")


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the socket"
    except ValueError:
        return "the address given"


def _reason_of(error: psycopg.Error, url: str) -> str:
    """libpq's first line tells, those after it guess; the address it repeats may hold a password."""
    first = (str(error).strip().splitlines() or ["no answer"])[0].replace(url, "…")
    return first.removeprefix("connection failed: ").strip().rstrip(".:;?!")


def grant_rights(owner_url: str, app_role: str) -> None:
    """Let the application role read and write rows of every table there is; repeating it is harmless."""
    role = sql.Identifier(app_role)
    with psycopg.connect(owner_url) as connection:
        for what in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
        ):
            connection.execute(sql.SQL(what).format(role))
        for table in APPEND_ONLY:
            if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
                take = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}")
                connection.execute(take.format(sql.Identifier(table), role))
