"""What the import's runs and nightly comparisons leave behind."""

CLOSE_RUNS = """
UPDATE renkei_importrun SET ended_at = clock_timestamp(), error = 'run_interrupted'
WHERE setting_id = %(setting)s AND ended_at IS NULL
"""

BEGIN_RUN = """
INSERT INTO renkei_importrun (setting_id, epoch, trigger, began_at, pages, shown, stored, applied, quarantined, error)
VALUES (%(setting)s, %(epoch)s, %(trigger)s, clock_timestamp(), 0, 0, 0, 0, 0, '') RETURNING id
"""

GO_ON_WITH_PUSHES = """
UPDATE renkei_importrun SET ended_at = NULL WHERE trigger = 'push' AND error = ''
    AND began_at > clock_timestamp() - interval '1 minute'
    AND id = (SELECT max(id) FROM renkei_importrun WHERE setting_id = %(setting)s)
RETURNING id
"""

COUNT_RUN = """
UPDATE renkei_importrun SET pages = pages + %(pages)s, shown = shown + %(shown)s, stored = stored + %(stored)s,
    applied = applied + %(applied)s, quarantined = quarantined + %(quarantined)s
WHERE id = %(run)s
"""

END_RUN = "UPDATE renkei_importrun SET ended_at = clock_timestamp(), error = %(error)s WHERE id = %(run)s"

CUT_RUNS = """
DELETE FROM renkei_importrun WHERE setting_id = %(setting)s
    AND id < (SELECT min(id) FROM (SELECT id FROM renkei_importrun WHERE setting_id = %(setting)s
        ORDER BY id DESC LIMIT 200) newest)
"""

# Chats of ours that the listing should have shown: imported from it, and not older than its beginning.
OURS_SINCE = """
SELECT external_id FROM renkei_inboxitem
WHERE setting_id = %(setting)s AND state = 'done' AND version_at >= %(since)s::timestamptz
    AND external_id NOT LIKE 'raw:%%'
"""

ADD_RECONCILIATION = """
INSERT INTO renkei_reconciliation (setting_id, at, since, theirs, ours, missing, differing, unknown, error)
VALUES (%(setting)s, clock_timestamp(), %(since)s, %(theirs)s, %(ours)s, %(missing)s::jsonb, %(differing)s::jsonb,
    %(unknown)s::jsonb, %(error)s)
"""

CUT_RECONCILIATIONS = """
DELETE FROM renkei_reconciliation WHERE setting_id = %(setting)s
    AND id < (SELECT min(id) FROM (SELECT id FROM renkei_reconciliation WHERE setting_id = %(setting)s
        ORDER BY id DESC LIMIT 100) newest)
"""

# What is added meanwhile stands in rows of its own and waits for the next time.
FOLD_COUNTS = """
WITH gone AS (
    DELETE FROM renkei_inboxcount WHERE setting_id = %(setting)s RETURNING pending, done, quarantined
)
INSERT INTO renkei_inboxcount (setting_id, pending, done, quarantined)
SELECT %(setting)s, sum(pending), sum(done), sum(quarantined) FROM gone HAVING count(*) > 0
"""
