"""The nightly comparison: what a page shows is queued where it is new to us, and the report is written down (B5)."""

import json
from collections.abc import Sequence
from datetime import datetime

from renkei.actions.imports.fence import Lease, fenced, run, run_all
from renkei.actions.imports.store_page import store_chats
from renkei.domain.closed_chat import key_of
from renkei.domain.inbox import ShownChat, name_shown, raw_key
from renkei.domain.reconciling import MOST_NAMED, Comparison, Differences, tell_differences
from renkei.models.statements import import_runs


def compare_page(lease: Lease, comparison: Comparison, shown: Sequence[ShownChat]) -> int:
    """Queue what we did not know, and count it; how many were new or changed. The cursor and the bookmark of the runs
    stay where they are."""
    with fenced(lease):
        stored = store_chats(lease.setting_id, shown)
    names = {_key_of(each, lease.setting_id): name_shown(lease.setting_id, each) for each in shown}
    versions = {name_shown(lease.setting_id, each): _version_of(each) for each in shown}
    comparison.add(versions, {names.get(key, key): revision for key, revision in stored.items()})
    return len(stored)


def _key_of(shown: ShownChat, setting_id: int) -> str:
    return raw_key(shown.payload) if shown.chat is None else key_of(shown.chat, setting_id)


def _version_of(shown: ShownChat) -> datetime | None:
    return shown.version_at if shown.chat is None else shown.chat.version_at


def write_report(lease: Lease, comparison: Comparison, *, error: str = "") -> Differences:
    """Write the report of a comparison that came to its end, or of what it saw until it failed."""
    with fenced(lease):
        rows = run_all(import_runs.OURS_SINCE, {"setting": lease.setting_id, "since": comparison.since})
        found = tell_differences(comparison, {str(key) for (key,) in rows})
        run(
            import_runs.ADD_RECONCILIATION,
            setting=lease.setting_id,
            since=comparison.since,
            theirs=found.theirs,
            ours=found.ours,
            missing=json.dumps(found.missing[:MOST_NAMED]),
            differing=json.dumps(found.differing[:MOST_NAMED]),
            unknown=json.dumps([] if error else found.unknown[:MOST_NAMED]),
            error=error[:60],
        )
        run(import_runs.CUT_RECONCILIATIONS, setting=lease.setting_id)
    return found
