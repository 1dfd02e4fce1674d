"""Merging customers and taking a merge back (B4), each a handful of statements whatever there is to move."""

# Merges go one at a time, and no batch of an import runs beside one: the import asks for its customers in several
# steps, and between two of them nobody's root may change. Batches do not wait for each other.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('renkei_customer_merges'))"
NO_MERGE_BESIDE = "SELECT pg_advisory_xact_lock_shared(hashtext('renkei_customer_merges'))"

# Both, and whoever was merged into either; in the order of their ids, as the import locks them.
LOCK_CUSTOMERS = """
SELECT id, merged_into_id FROM renkei_customer
WHERE id = ANY(%(ids)s::bigint[]) OR merged_into_id = ANY(%(ids)s::bigint[])
ORDER BY id FOR NO KEY UPDATE
"""

# The keys are those of domain/merging.py entry_key and chat_key; a contact by telephone has none of them.
KEYS_OF_CASES = """
SELECT whole.id, coalesce(array_agg(DISTINCT CASE WHEN interaction.setting_id IS NULL THEN ''
        WHEN interaction.customer_key = 'chat' THEN interaction.setting_id || ':chat:' || interaction.external_id
        ELSE interaction.setting_id || ':' || interaction.customer_key END)
    FILTER (WHERE interaction.id IS NOT NULL), '{}')
FROM renkei_case whole LEFT JOIN renkei_interaction interaction ON interaction.case_id = whole.id
WHERE whole.customer_id = %(customer)s::bigint GROUP BY whole.id ORDER BY whole.id
"""

MOVE_CASES = """
UPDATE renkei_case SET customer_id = %(to)s::bigint
WHERE customer_id = %(from)s::bigint AND id = ANY(%(ids)s::bigint[])
"""

COUNT_MOVES = """
SELECT (SELECT count(*) FROM renkei_case WHERE customer_id = %(customer)s::bigint),
    (SELECT count(*) FROM renkei_interaction interaction JOIN renkei_case whole ON whole.id = interaction.case_id
        WHERE whole.customer_id = %(customer)s::bigint),
    (SELECT count(*) FROM renkei_customer WHERE merged_into_id = %(customer)s::bigint)
"""

MOVE_ENTRIES = """
UPDATE renkei_snscustomer SET customer_id = %(to)s::bigint
WHERE customer_id = %(from)s::bigint AND id = ANY(%(ids)s::bigint[])
"""

POINT = """
UPDATE renkei_customer SET merged_into_id = %(root)s::bigint
WHERE id = ANY(%(ids)s::bigint[]) AND merged_into_id IS NOT DISTINCT FROM %(before)s::bigint
"""

# Who has the number, the address, or the place in lists of one customer.
ALIKE = """
SELECT id FROM renkei_customer
WHERE merged_into_id IS NULL AND id <> %(customer)s::bigint
    AND (e164 = %(e164)s::text OR (email_key <> '' AND email_key = %(email_key)s::text)
        OR sort_key = ANY(%(sort_keys)s::text[]))
ORDER BY id DESC LIMIT %(most)s
"""
