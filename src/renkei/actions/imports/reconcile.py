"""The nightly comparison: what a page shows is queued where it is new to us, and the report is written down (B5)."""

import json
from collections.abc import Sequence

from renkei.actions.imports.fence import Lease, fenced, run, run_all
from renkei.actions.imports.store_page import store_chats
from renkei.domain.closed_chat import key_of
from renkei.domain.inbox import ShownChat
from renkei.domain.reconciling import MOST_NAMED, Comparison, Differences, tell_differences
from renkei.models.statements import imports


def compare_page(lease: Lease, comparison: Comparison, shown: Sequence[ShownChat]) -> None:
    """Queue what we did not know, and count it. The cursor and the bookmark of the runs stay where they are."""
    with fenced(lease):
        stored = store_chats(lease.setting_id, shown)
    comparison.add({key_of(each.chat, lease.setting_id) for each in shown if each.chat is not None}, stored)


def write_report(lease: Lease, comparison: Comparison, *, error: str = "") -> Differences:
    """Write the report of a comparison that came to its end, or of what it saw until it failed."""
    with fenced(lease):
        rows = run_all(imports.OURS_SINCE, {"setting": lease.setting_id, "since": comparison.since})
        found = tell_differences(comparison, {str(key) for (key,) in rows} | set(comparison.stored))
        run(
            imports.ADD_RECONCILIATION,
            setting=lease.setting_id,
            since=comparison.since,
            theirs=found.theirs,
            ours=found.ours,
            missing=json.dumps(found.missing[:MOST_NAMED]),
            differing=json.dumps(found.differing[:MOST_NAMED]),
            unknown=json.dumps([] if error else found.unknown[:MOST_NAMED]),
            error=error[:60],
        )
        run(imports.CUT_RECONCILIATIONS, setting=lease.setting_id)
    return found
