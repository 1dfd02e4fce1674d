"""Taking imported conversations away when their days are over (R110, R111, P7), a batch of one setting at a time."""

# As FENCE of the import does, so that no page and no batch of this setting is under way.
HOLD_SERVICE = "SELECT setting_id FROM renkei_importservice WHERE setting_id = %(setting)s FOR NO KEY UPDATE"

# By the latest of its times; what somebody still works on is not old.
OLD_INTERACTIONS = """
SELECT interaction.id, interaction.external_id, interaction.case_id, interaction.revision
FROM renkei_interaction interaction JOIN renkei_case whole ON whole.id = interaction.case_id
WHERE interaction.setting_id = %(setting)s AND whole.state = 'closed'
    AND interaction.started_at < clock_timestamp() - %(days)s * interval '1 day'
    AND interaction.closed_at < clock_timestamp() - %(days)s * interval '1 day'
    AND interaction.registered_at < clock_timestamp() - %(days)s * interval '1 day'
ORDER BY interaction.started_at, interaction.id LIMIT %(most)s FOR UPDATE
"""

# Records that never became an interaction: set aside, or settled under another key.
OLD_ITEMS = """
SELECT item.id, item.external_id, item.source_id, EXISTS (
    SELECT FROM renkei_inboxitem other WHERE other.setting_id = item.setting_id AND item.source_id <> ''
        AND other.external_id = item.source_id AND other.id <> item.id) AS has_readable
FROM renkei_inboxitem item
WHERE item.setting_id = %(setting)s AND item.interaction_id IS NULL
    AND item.version_at < clock_timestamp() - %(days)s * interval '1 day'
    AND item.first_seen_at < clock_timestamp() - %(days)s * interval '1 day'
    AND item.changed_at < clock_timestamp() - %(days)s * interval '1 day'
ORDER BY item.id LIMIT %(most)s FOR UPDATE
"""

ADD_TOMBSTONES = """
INSERT INTO renkei_chattombstone (setting_id, digest, at)
SELECT %(setting)s, digest, clock_timestamp() FROM unnest(%(digests)s::text[]) AS stones (digest)
ON CONFLICT (setting_id, digest) DO NOTHING
"""

DELETE_ITEMS = "DELETE FROM renkei_inboxitem WHERE id = ANY(%(items)s::bigint[])"

# The order follows the foreign keys: what points at an interaction goes first.
DELETE_ITEMS_OF_CHATS = """
DELETE FROM renkei_inboxitem WHERE setting_id = %(setting)s
    AND (external_id = ANY(%(keys)s::text[]) OR (source_id <> '' AND source_id = ANY(%(keys)s::text[])))
"""
DELETE_MESSAGES = "DELETE FROM renkei_interactionmessage WHERE interaction_id = ANY(%(ids)s::bigint[])"
DELETE_REVISIONS = "DELETE FROM renkei_interactionrevision WHERE interaction_id = ANY(%(ids)s::bigint[])"
ORPHAN_CHILDREN = "UPDATE renkei_interaction SET parent_id = NULL WHERE parent_id = ANY(%(ids)s::bigint[])"
DELETE_ANNOUNCEMENTS = "DELETE FROM renkei_outboxevent WHERE dedupe_key = ANY(%(announced)s::text[])"
DELETE_INTERACTIONS = "DELETE FROM renkei_interaction WHERE id = ANY(%(ids)s::bigint[])"
DELETE_CASES = """
DELETE FROM renkei_case WHERE id = ANY(%(cases)s::bigint[])
    AND NOT EXISTS (SELECT FROM renkei_interaction interaction WHERE interaction.case_id = renkei_case.id)
"""

# The ids of the chats, wherever else they stand: nobody is to tell which chats have been here.
FORGET_IN_REPORTS = """
UPDATE renkei_reconciliation SET missing = missing - %(keys)s::text[], differing = differing - %(keys)s::text[],
    unknown = unknown - %(keys)s::text[]
WHERE setting_id = %(setting)s
    AND (missing ?| %(keys)s::text[] OR differing ?| %(keys)s::text[] OR unknown ?| %(keys)s::text[])
"""
FORGET_IN_MERGES = """
UPDATE renkei_customermerge SET cases_moved = cases_moved - %(cases)s::text[],
    cases_kept = cases_kept - %(cases)s::text[]
WHERE cases_moved ?| %(cases)s::text[] OR cases_kept ?| %(cases)s::text[]
"""
FORGET_NATURAL_KEYS = "UPDATE renkei_customer SET natural_key = NULL WHERE natural_key = ANY(%(naturals)s::text[])"
FORGET_NATURAL_KEYS_BEFORE = """
UPDATE renkei_customerevent SET natural_key = NULL WHERE natural_key = ANY(%(naturals)s::text[])
"""
