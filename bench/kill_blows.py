"""Counts a process's statements and commits, Django's and the asynchronous connections', and strikes at one."""

import contextlib
import itertools
import os
import signal
from collections.abc import Iterator
from typing import Any

import psycopg

from bench.kill_world import Blow


class Striking:
    """At the chosen statement the process dies or freezes. Who freezes must have had a lease: it would take one
    afterwards, and rightly; so its count begins with ``arm`` and leaves the taking of leases out."""

    def __init__(self, blow: Blow | None) -> None:
        self.blow = blow
        self.has_struck = False
        self._is_armed = blow is not None and blow.what is signal.SIGKILL
        self._numbers = itertools.count(1)  # several threads count

    def arm(self) -> None:
        """Begin to count."""
        self._is_armed = self.blow is not None

    @property
    def freezes(self) -> bool:
        """Whether the blow is a freezing one."""
        return self.blow is not None and self.blow.what is signal.SIGSTOP

    @contextlib.contextmanager
    def around(self) -> Iterator[None]:
        """One statement or commit."""
        blow = self.blow if self._is_armed else None
        is_it = blow is not None and next(self._numbers) == blow.at
        if blow is not None and is_it and blow.side == "before":
            self._strike(blow)
        yield
        if blow is not None and is_it and blow.side == "after":
            self._strike(blow)

    def _strike(self, blow: Blow) -> None:
        self.has_struck = True
        os.kill(os.getpid(), blow.what)

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Django's execute wrapper."""
        from renkei.models.statements.imports import TAKE_LEASE

        if self.freezes and sql == TAKE_LEASE:
            return execute(sql, params, many, context)
        with self.around():
            return execute(sql, params, many, context)


def hook(striking: Striking) -> None:
    """Put it round everything this process will ask the database."""
    if striking.blow is None:
        return
    _hook_django(striking)
    if not striking.freezes:
        _hook_psycopg(striking)


def _hook_django(striking: Striking) -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.signals import connection_created

    def join(connection: Any, **_: Any) -> None:
        if striking not in connection.execute_wrappers:  # a pooled connection is created many times
            connection.execute_wrappers.append(striking)

    connection_created.connect(join, weak=False, dispatch_uid="strike")
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]  # Django's own, without a stub

    def struck(self: Any) -> Any:
        with striking.around():
            return commit(self)

    BaseDatabaseWrapper._commit = struck  # type: ignore[attr-defined]


def _hook_psycopg(striking: Striking) -> None:
    execute, leave = psycopg.AsyncConnection.execute, psycopg.AsyncTransaction.__aexit__

    async def struck(self: Any, *args: Any, **kwargs: Any) -> Any:
        with striking.around():
            return await execute(self, *args, **kwargs)

    async def left(self: Any, *told: Any) -> Any:
        with striking.around():
            return await leave(self, *told)

    psycopg.AsyncConnection.execute = struck  # type: ignore[method-assign]
    setattr(psycopg.AsyncTransaction, "__aexit__", left)  # noqa: B010
