"""Wrong designs of the import, put in the right one's place to see that the kill harness finds them."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

PLANTS = ("cursor_first", "strict_cursor", "no_key", "check_then_insert", "many_commits", "no_fence")
STRICT_CURSOR = "strict_cursor"
"""This one is a setting: an overlap of nothing."""
_DROP_KEY = "ALTER TABLE renkei_interaction DROP CONSTRAINT one_interaction_per_chat"


def plant_design(name: str, execute: Callable[[str], Any]) -> None:
    """Plant one of PLANTS in this process; ``execute`` speaks to the database as its owner."""
    from renkei.actions.imports import apply
    from renkei.models.statements import imports

    match name:
        case "cursor_first":
            _move_the_cursor_first()
        case "no_key":
            execute(_DROP_KEY)
            setattr(apply, "_find_interactions", lambda plan, rules: {})  # noqa: B010
        case "check_then_insert":
            execute(_DROP_KEY)
            _replace_fences(_unfenced)
            imports.LOCK_ITEMS = imports.LOCK_ITEMS.replace("FOR UPDATE OF item", "")
            imports.INTERACTIONS = imports.INTERACTIONS.replace("FOR UPDATE OF interaction", "")
        case "many_commits":
            setattr(apply, "fenced", _uncommitted)  # noqa: B010
        case "no_fence":
            _replace_fences(_unfenced)
        case _:
            return


def _replace_fences(by: Any) -> None:
    from renkei.actions.imports import apply, quarantine, reconcile, runs, store_page

    for module in (apply, quarantine, reconcile, runs, store_page):
        assert hasattr(module, "fenced")
        setattr(module, "fenced", by)  # noqa: B010


def _move_the_cursor_first() -> None:
    from renkei.actions.imports import fence
    from renkei.actions.imports.store_page import store_page as original
    from renkei.models.statements import imports
    from renkei.workers import imports_run

    def hasty(lease: Any, listing: Any, *, shown: Any, **more: Any) -> Any:
        newest = max((each.chat.version_at for each in shown if each.chat is not None), default=None)
        with fence.fenced(lease):
            fence.run(imports.MOVE_CURSOR, setting=lease.setting_id, epoch=lease.epoch, cursor=newest)
        return original(lease, listing, shown=shown, **more)

    setattr(imports_run, "store_page", hasty)  # noqa: B010


@contextlib.contextmanager
def _unfenced(lease: Any) -> Iterator[Any]:
    """A transaction, and no look at the epoch."""
    from django.db import transaction

    from renkei.actions.imports import fence

    with transaction.atomic():
        row = fence.run_one("SELECT cursor_at FROM renkei_importservice WHERE setting_id = %(s)s", s=lease.setting_id)
        yield None if row is None else row[0]


@contextlib.contextmanager
def _uncommitted(lease: Any) -> Iterator[Any]:
    """A look at the epoch, and a commit after every statement."""
    from renkei.actions.imports import fence
    from renkei.models.statements import imports

    row = fence.run_one(imports.FENCE, setting=lease.setting_id, epoch=lease.epoch)
    if row is None:
        raise fence.StaleLeaseError
    yield row[0]
