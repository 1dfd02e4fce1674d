"""Takes imported conversations away with the histories (R110, R111). A keyed digest of each stays, so that no listing,
push, comparison or repair brings it back (P7)."""

import structlog
from django.db import OperationalError, connection, transaction

from renkei.actions.imports.fence import run, run_all, run_one
from renkei.domain.inbox import tombstone_of
from renkei.models import ChatSetting
from renkei.models.statements import import_retention as retention
from renkei.models.statements import imports
from renkei.settings import config

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 200


def purge_imported(days: int) -> int:
    """Delete the imported conversations older than ``days`` days, and the records beside them that are; how many
    interactions went. A setting whose service is too busy to be held is left to the next night."""
    settings = ChatSetting.objects.order_by("id").values_list("id", flat=True)
    return sum(_purge_setting(setting_id, days) for setting_id in list(settings))


def _purge_setting(setting_id: int, days: int) -> int:
    gone = 0
    try:
        while done := _purge_interactions(setting_id, days):
            gone += done
        while _purge_items(setting_id, days):
            pass
    except OperationalError as error:
        log.warning("retention: put off", setting=setting_id, error=type(error.__cause__ or error).__name__)
        connection.close_if_unusable_or_obsolete()
    return gone


@transaction.atomic
def _purge_interactions(setting_id: int, days: int) -> int:
    _hold(setting_id)
    rows = run_all(retention.OLD_INTERACTIONS, {"setting": setting_id, "days": days, "most": MOST_AT_ONCE})
    if not rows:
        return 0
    ids, keys = [row[0] for row in rows], [str(row[1]) for row in rows]
    cases = sorted({row[2] for row in rows})
    naturals = [f"{setting_id}:{key}" for key in keys]
    _bury(setting_id, keys)
    run(retention.DELETE_ITEMS_OF_CHATS, setting=setting_id, keys=keys)
    for statement in (retention.DELETE_MESSAGES, retention.DELETE_REVISIONS, retention.ORPHAN_CHILDREN):
        run(statement, ids=ids)
    run(retention.DELETE_ANNOUNCEMENTS, announced=[key for row in rows for key in _announcements(row[0], row[3])])
    run(retention.DELETE_INTERACTIONS, ids=ids)
    run(retention.DELETE_CASES, cases=cases)
    run(retention.FORGET_IN_REPORTS, setting=setting_id, keys=keys)
    run(retention.FORGET_IN_MERGES, cases=[str(case) for case in cases])
    run(retention.FORGET_NATURAL_KEYS, naturals=naturals)
    run(retention.FORGET_NATURAL_KEYS_BEFORE, naturals=naturals)
    return len(ids)


@transaction.atomic
def _purge_items(setting_id: int, days: int) -> int:
    _hold(setting_id)
    rows = run_all(retention.OLD_ITEMS, {"setting": setting_id, "days": days, "most": MOST_AT_ONCE})
    if rows:
        # The chat of an unreadable record lives on where it can be read: only the record is buried.
        sources = [source for _, _, source, has_readable in rows if source and not has_readable]
        keys = sorted({*(str(key) for _, key, _, _ in rows), *map(str, sources)})
        _bury(setting_id, keys)
        run(retention.DELETE_ITEMS, items=[row[0] for row in rows])
        run(retention.FORGET_IN_REPORTS, setting=setting_id, keys=keys)
    return len(rows)


def _hold(setting_id: int) -> None:
    """No page, batch or push of this setting overlaps with us: what they had read would come back."""
    run_one(retention.HOLD_SERVICE, setting=setting_id)
    run_one(imports.GATE_ALONE, setting=setting_id)


def _bury(setting_id: int, keys: list[str]) -> None:
    secret = config.secret_key.get_secret_value().encode("utf-8")
    digests = sorted({tombstone_of(setting_id, key, secret=secret) for key in keys})
    run(retention.ADD_TOMBSTONES, setting=setting_id, digests=digests)


def _announcements(interaction_id: int, revision: int) -> list[str]:
    later = [f"revised:{interaction_id}:{number}" for number in range(2, revision + 1)]
    return [f"imported:{interaction_id}", *later]
