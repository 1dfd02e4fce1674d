"""The import of closed chats, a page or a batch a statement. Every writing transaction begins with FENCE."""

TAKE_LEASE = """
UPDATE renkei_importservice SET epoch = epoch + 1, owner = %(owner)s, beat_at = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE setting_id = %(setting)s AND is_wanted AND NOT is_halted
    AND (lease_until IS NULL OR lease_until < clock_timestamp())
RETURNING epoch
"""

BEAT = """
UPDATE renkei_importservice SET beat_at = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE setting_id = %(setting)s AND epoch = %(epoch)s RETURNING is_wanted
"""

GIVE_BACK = """
UPDATE renkei_importservice SET lease_until = NULL, owner = '' WHERE setting_id = %(setting)s AND epoch = %(epoch)s
"""

# Who took the lease meanwhile has raised the epoch; the lock makes them wait for our commit. It is the lock that the
# later updates of this row need too: a weaker one would have to be raised, and a beat could come in between.
FENCE = """
SELECT cursor_at FROM renkei_importservice WHERE setting_id = %(setting)s AND epoch = %(epoch)s FOR NO KEY UPDATE
"""

IS_ENABLED = """
SELECT setting.is_enabled FROM renkei_chatsetting setting WHERE setting.id = %(setting)s
"""

KEEP_LISTING = """
UPDATE renkei_importservice SET bookmark = %(bookmark)s::jsonb WHERE setting_id = %(setting)s AND epoch = %(epoch)s
"""

MOVE_CURSOR = """
UPDATE renkei_importservice SET bookmark = NULL, cursor_at = GREATEST(cursor_at, %(cursor)s::timestamptz)
WHERE setting_id = %(setting)s AND epoch = %(epoch)s
"""

# Between GATE_IN (whoever stores chats, side by side) and GATE_ALONE (whoever takes chats away for good) nothing
# overlaps: a chat stored while its tombstone is being made would come back.
GATE_IN = "SELECT pg_advisory_xact_lock_shared(hashtext('renkei_inbox'), (%(setting)s::bigint %% 2147483647)::int)"
GATE_ALONE = "SELECT pg_advisory_xact_lock(hashtext('renkei_inbox'), (%(setting)s::bigint %% 2147483647)::int)"

# Newer content of a chat waits again; the same or older content changes nothing, whatever order it comes in. Nor does
# an unreadable record that says itself that it is not newer than a readable one.
STORE = """
INSERT INTO renkei_inboxitem (setting_id, external_id, source_id, revision, version_at, message_count, payload,
    payload_sha256, state, attempts, error, error_params, next_try_at, first_seen_at, changed_at)
SELECT %(setting)s, new.external_id, new.source_id, 1, new.version_at, new.message_count, new.payload,
    new.sha256, new.state, 0, new.error, new.params::jsonb, clock_timestamp(), clock_timestamp(), clock_timestamp()
FROM unnest(%(keys)s::text[], %(sources)s::text[], %(versions)s::timestamptz[], %(counts)s::int[],
    %(payloads)s::bytea[], %(sha256s)s::text[], %(states)s::text[], %(errors)s::text[], %(params)s::text[],
    %(tombs)s::text[], %(source_tombs)s::text[])
    AS new (external_id, source_id, version_at, message_count, payload, sha256, state, error, params, tomb, source_tomb)
WHERE NOT EXISTS (
    SELECT FROM renkei_chattombstone stone
    WHERE stone.setting_id = %(setting)s AND stone.digest IN (new.tomb, new.source_tomb))
AND NOT (new.state = 'quarantined' AND new.source_id <> '' AND new.version_at > 'epoch' AND EXISTS (
    SELECT FROM renkei_inboxitem item WHERE item.setting_id = %(setting)s AND item.external_id = new.source_id
        AND item.version_at >= new.version_at))
ORDER BY new.external_id
ON CONFLICT (setting_id, external_id) DO UPDATE SET revision = renkei_inboxitem.revision + 1,
    source_id = EXCLUDED.source_id, version_at = EXCLUDED.version_at, message_count = EXCLUDED.message_count,
    payload = EXCLUDED.payload, payload_sha256 = EXCLUDED.payload_sha256, state = EXCLUDED.state, attempts = 0,
    error = EXCLUDED.error, error_params = EXCLUDED.error_params, next_try_at = EXCLUDED.next_try_at,
    changed_at = EXCLUDED.changed_at
WHERE (EXCLUDED.version_at, EXCLUDED.message_count, EXCLUDED.payload_sha256)
    > (renkei_inboxitem.version_at, renkei_inboxitem.message_count, renkei_inboxitem.payload_sha256)
RETURNING external_id, revision
"""

# A record that could not be read gives way to a readable one of the same chat that is not older. One that tells no
# version gives way to what is ``current``: what a listing shows now, or what a push brought that was not known yet.
RESOLVE_UNREADABLE = """
DELETE FROM renkei_inboxitem aside USING renkei_inboxitem item
WHERE item.setting_id = %(setting)s AND item.external_id = ANY(%(readable)s::text[])
    AND aside.setting_id = item.setting_id AND aside.source_id = item.external_id AND aside.source_id <> ''
    AND aside.state = 'quarantined' AND aside.external_id LIKE 'raw:%%'
    AND CASE WHEN aside.version_at > 'epoch' THEN item.version_at >= aside.version_at
        ELSE item.external_id = ANY(%(current)s::text[]) END
"""

# At most so many chats, and so many bytes of them; a single one may be larger.
PENDING = """
SELECT id, external_id, revision, payload FROM (
    SELECT id, external_id, revision, payload,
        sum(octet_length(payload)) OVER (ORDER BY id) - octet_length(payload) AS before
    FROM (
        SELECT id, external_id, revision, payload FROM renkei_inboxitem
        WHERE setting_id = %(setting)s AND state = 'pending' AND next_try_at <= clock_timestamp()
            AND id > %(after)s::bigint
        ORDER BY id LIMIT %(most)s
    ) few
) weighed WHERE before < %(most_bytes)s::bigint ORDER BY id
"""

LOCK_ITEMS = """
SELECT item.id FROM renkei_inboxitem item
JOIN unnest(%(items)s::bigint[], %(revisions)s::int[]) AS wanted (id, revision)
    ON wanted.id = item.id AND wanted.revision = item.revision
WHERE item.setting_id = %(setting)s AND item.state = 'pending'
ORDER BY item.id FOR UPDATE OF item
"""

AGENTS = """
SELECT registration_number, agent_id FROM renkei_snsagent
WHERE setting_id = %(setting)s AND registration_number = ANY(%(numbers)s::text[])
"""

# The root of each customer is locked against a merge until our commit; a root merged meanwhile falls out of the
# answer, and is asked for again.
CUSTOMERS_BY_NUMBER = """
WITH RECURSIVE line AS (
    SELECT entry.registration_number AS key, customer.id, customer.merged_into_id
    FROM renkei_snscustomer entry JOIN renkei_customer customer ON customer.id = entry.customer_id
    WHERE entry.setting_id = %(setting)s AND entry.registration_number = ANY(%(numbers)s::text[])
  UNION ALL
    SELECT line.key, customer.id, customer.merged_into_id
    FROM line JOIN renkei_customer customer ON customer.id = line.merged_into_id
)
SELECT line.key, root.id FROM line JOIN renkei_customer root ON root.id = line.id
WHERE root.merged_into_id IS NULL ORDER BY root.id FOR SHARE OF root
"""

CUSTOMERS_BY_NATURAL_KEY = """
WITH RECURSIVE line AS (
    SELECT customer.natural_key AS key, customer.id, customer.merged_into_id
    FROM renkei_customer customer WHERE customer.natural_key = ANY(%(keys)s::text[])
  UNION ALL
    SELECT line.key, customer.id, customer.merged_into_id
    FROM line JOIN renkei_customer customer ON customer.id = line.merged_into_id
)
SELECT line.key, root.id FROM line JOIN renkei_customer root ON root.id = line.id
WHERE root.merged_into_id IS NULL ORDER BY root.id FOR SHARE OF root
"""

COUNT_ENTRIES = """
SELECT count(*) FROM renkei_snscustomer
WHERE setting_id = %(setting)s AND registration_number = ANY(%(numbers)s::text[])
"""

COUNT_NATURAL_KEYS = "SELECT count(*) FROM renkei_customer WHERE natural_key = ANY(%(keys)s::text[])"

# One after the other between two services: both might found the same customer.
LOCK_CONTACTS = "SELECT pg_advisory_xact_lock(hashtext('renkei_customer_contacts'))"

# What somebody merged was known by is the survivor's.
CUSTOMERS_BY_CONTACT = """
SELECT root.id, known.e164, known.email_key FROM renkei_customer known
JOIN renkei_customer root ON root.id = coalesce(known.merged_into_id, known.id)
WHERE known.e164 = ANY(%(numbers)s::text[])
    OR (known.email_key <> '' AND known.email_key = ANY(%(addresses)s::text[]))
ORDER BY root.id FOR SHARE OF root
"""

INTERACTIONS = """
SELECT interaction.external_id, interaction.id, interaction.case_id, interaction.revision, interaction.content_sha256,
    interaction.customer_key, interaction.edited::text,
    CASE WHEN whole.title = coalesce(interaction.values ->> 'title', '') THEN '' ELSE whole.title END AS kept_title
FROM renkei_interaction interaction JOIN renkei_case whole ON whole.id = interaction.case_id
WHERE interaction.setting_id = %(setting)s AND interaction.external_id = ANY(%(keys)s::text[])
ORDER BY interaction.id FOR UPDATE OF interaction
"""

ADD_CUSTOMERS = """
INSERT INTO renkei_customer (id, name, name_kana, sort_key, phone, e164, email, email_key, note, natural_key,
    created_at, updated_at)
SELECT new.id, new.name, '', new.sort_key, new.phone, new.e164, new.email, new.email_key, '', new.natural_key,
    clock_timestamp(), clock_timestamp()
FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(sort_keys)s::text[], %(phones)s::text[], %(e164s)s::text[],
    %(emails)s::text[], %(email_keys)s::text[], %(natural_keys)s::text[])
    AS new (id, name, sort_key, phone, e164, email, email_key, natural_key)
"""

ADD_ENTRIES = """
INSERT INTO renkei_snscustomer (customer_id, setting_id, registration_number, display_name, image_url, status_message)
SELECT new.customer_id, %(setting)s, new.number, new.display_name, '', ''
FROM unnest(%(customers)s::bigint[], %(numbers)s::text[], %(display_names)s::text[])
    AS new (customer_id, number, display_name)
"""

NEW_CUSTOMER_IDS = "SELECT nextval('renkei_customer_id_seq') FROM generate_series(1, %(count)s::int)"
NEW_CASE_IDS = "SELECT nextval('renkei_case_id_seq') FROM generate_series(1, %(count)s::int)"
NEW_INTERACTION_IDS = "SELECT nextval('renkei_interaction_id_seq') FROM generate_series(1, %(count)s::int)"

ADD_CASES = """
INSERT INTO renkei_case (id, title, customer_id, business_group_id, state, created_at, updated_at)
SELECT new.id, new.title, new.customer_id, %(group)s, 'closed', new.started_at, new.closed_at
FROM unnest(%(cases)s::bigint[], %(titles)s::text[], %(customers)s::bigint[], %(started)s::timestamptz[],
    %(closed)s::timestamptz[]) AS new (id, title, customer_id, started_at, closed_at)
"""

ADD_INTERACTIONS = """
INSERT INTO renkei_interaction (id, case_id, channel, state, registered_agent_id, current_agent_id,
    registered_group_id, current_group_id, is_default_agent, chat_agent_number, setting_id, external_id, is_weak_key,
    customer_key, revision, content_sha256, values, edited, search_text, grams, started_at, closed_at, registered_at,
    updated_at)
SELECT new.id, new.case_id, 'chat', 'closed', new.agent_id, new.agent_id, %(group)s, %(group)s, new.is_default,
    new.agent_number, %(setting)s, new.external_id, new.is_weak, new.customer_key, 1, new.sha256, new.items::jsonb,
    '{}', new.search_text, string_to_array(new.pairs, E'\\n'), new.started_at, new.closed_at, clock_timestamp(),
    clock_timestamp()
FROM unnest(%(ids)s::bigint[], %(cases)s::bigint[], %(agents)s::bigint[], %(defaults)s::bool[],
    %(agent_numbers)s::text[], %(keys)s::text[], %(weak)s::bool[], %(customer_keys)s::text[], %(sha256s)s::text[],
    %(items)s::text[], %(searched)s::text[], %(pairs)s::text[], %(started)s::timestamptz[],
    %(closed)s::timestamptz[])
    AS new (id, case_id, agent_id, is_default, agent_number, external_id, is_weak, customer_key, sha256, items,
        search_text, pairs, started_at, closed_at)
"""

KEEP_REVISIONS = """
INSERT INTO renkei_interactionrevision (interaction_id, revision, content_sha256, messages, replaced_at)
SELECT interaction.id, interaction.revision, interaction.content_sha256,
    coalesce((SELECT jsonb_agg(jsonb_build_object('speaker', message.speaker, 'author', message.author,
        'kind', message.kind, 'text', message.text, 'url', message.url, 'sent_at', message.sent_at)
        ORDER BY message.position)
        FROM renkei_interactionmessage message WHERE message.interaction_id = interaction.id), '[]'),
    clock_timestamp()
FROM renkei_interaction interaction WHERE interaction.id = ANY(%(ids)s::bigint[])
"""

CUT_MESSAGES = "DELETE FROM renkei_interactionmessage WHERE interaction_id = ANY(%(ids)s::bigint[])"

# A title that people have changed stays theirs.
RENEW_CASES = """
UPDATE renkei_case SET title = new.title, updated_at = clock_timestamp()
FROM unnest(%(ids)s::bigint[], %(titles)s::text[]) AS new (id, title)
JOIN renkei_interaction interaction ON interaction.id = new.id
WHERE renkei_case.id = interaction.case_id AND renkei_case.title = coalesce(interaction.values ->> 'title', '')
    AND renkei_case.title <> new.title
"""

# What people have written stands in ``edited``, and a current agent they have chosen stays.
RENEW_INTERACTIONS = """
UPDATE renkei_interaction interaction SET revision = interaction.revision + 1, content_sha256 = new.sha256,
    registered_agent_id = new.agent_id, is_default_agent = new.is_default, chat_agent_number = new.agent_number,
    current_agent_id = CASE WHEN interaction.current_agent_id = interaction.registered_agent_id THEN new.agent_id
        ELSE interaction.current_agent_id END,
    customer_key = new.customer_key, values = new.items::jsonb, search_text = new.search_text,
    grams = string_to_array(new.pairs, E'\\n'), started_at = new.started_at, closed_at = new.closed_at,
    updated_at = clock_timestamp()
FROM unnest(%(ids)s::bigint[], %(agents)s::bigint[], %(defaults)s::bool[], %(agent_numbers)s::text[],
    %(customer_keys)s::text[], %(sha256s)s::text[], %(items)s::text[], %(searched)s::text[], %(pairs)s::text[],
    %(started)s::timestamptz[], %(closed)s::timestamptz[])
    AS new (id, agent_id, is_default, agent_number, customer_key, sha256, items, search_text, pairs, started_at,
        closed_at)
WHERE interaction.id = new.id
"""

MOVE_CASES = """
UPDATE renkei_case SET customer_id = new.customer_id, updated_at = clock_timestamp()
FROM unnest(%(cases)s::bigint[], %(customers)s::bigint[]) AS new (id, customer_id)
WHERE renkei_case.id = new.id AND renkei_case.customer_id <> new.customer_id
"""

ADD_MESSAGES = """
INSERT INTO renkei_interactionmessage (interaction_id, position, speaker, author, kind, text, url, sent_at)
SELECT interaction_id, position, speaker, author, kind, text, url, sent_at
FROM unnest(%(ids)s::bigint[], %(positions)s::int[], %(speakers)s::text[], %(authors)s::text[], %(kinds)s::text[],
    %(texts)s::text[], %(urls)s::text[], %(times)s::timestamptz[])
    AS new (interaction_id, position, speaker, author, kind, text, url, sent_at)
"""

ADD_OUTBOX = """
INSERT INTO renkei_outboxevent (kind, dedupe_key, refs, at)
SELECT new.kind, new.key, jsonb_build_object('interaction', new.id, 'setting', %(setting)s::bigint), clock_timestamp()
FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(ids)s::bigint[]) AS new (kind, key, id)
ON CONFLICT (dedupe_key) DO NOTHING
"""

FINISH_ITEMS = """
UPDATE renkei_inboxitem item SET state = 'done', error = '', error_params = '{}', interaction_id = new.interaction_id,
    attempts = item.attempts + 1, changed_at = clock_timestamp()
FROM unnest(%(items)s::bigint[], %(interactions)s::bigint[]) AS new (id, interaction_id)
WHERE item.id = new.id
"""

TELL = "SELECT pg_notify('renkei_imported', %(setting)s::text)"

QUARANTINE = """
UPDATE renkei_inboxitem SET state = 'quarantined', error = %(error)s, error_params = %(params)s::jsonb,
    attempts = attempts + 1, changed_at = clock_timestamp()
WHERE id = %(item)s AND setting_id = %(setting)s AND revision = %(revision)s AND state = 'pending'
RETURNING id
"""

DELAY = """
UPDATE renkei_inboxitem SET attempts = attempts + 1,
    next_try_at = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE id = %(item)s AND setting_id = %(setting)s AND state = 'pending' RETURNING attempts
"""

FORGET_OPEN = """
DELETE FROM renkei_inboxitem WHERE id = %(item)s AND setting_id = %(setting)s AND state = 'pending'
"""

# The digest is domain/inbox.py NEVER_REPLACED.
SETTLE_RAW = """
UPDATE renkei_inboxitem SET state = 'done', error = '', error_params = '{}', payload = '',
    payload_sha256 = repeat('z', 64), changed_at = clock_timestamp()
WHERE id = %(item)s AND setting_id = %(setting)s AND state = 'pending'
"""

CUSTOMERS_BY_CHAT = """
SELECT interaction.external_id, whole.customer_id FROM renkei_interaction interaction
JOIN renkei_case whole ON whole.id = interaction.case_id
WHERE interaction.setting_id = %(setting)s AND interaction.external_id = ANY(%(keys)s::text[])
    AND interaction.customer_key = 'chat'
"""

SUCCEED = """
UPDATE renkei_importservice SET ran_at = clock_timestamp(), failures = 0, problem = '', problem_params = '{}',
    next_run_at = clock_timestamp() + make_interval(secs => %(seconds)s),
    run_asked_at = CASE WHEN run_asked_at <= %(began)s::timestamptz THEN NULL ELSE run_asked_at END
WHERE setting_id = %(setting)s AND epoch = %(epoch)s
"""

FAIL = """
UPDATE renkei_importservice SET failures = failures + 1, problem = %(problem)s, problem_params = %(params)s::jsonb,
    is_halted = %(halted)s, next_run_at = clock_timestamp() + make_interval(secs => %(seconds)s),
    run_asked_at = CASE WHEN run_asked_at <= %(began)s::timestamptz THEN NULL ELSE run_asked_at END
WHERE setting_id = %(setting)s AND epoch = %(epoch)s
"""

WAITING_SERVICES = """
SELECT setting_id FROM renkei_importservice WHERE is_wanted AND NOT is_halted
    AND (lease_until IS NULL OR lease_until < clock_timestamp()) ORDER BY setting_id
"""

DUTY = """
SELECT service.is_wanted, service.is_halted,
    setting.is_enabled AND coalesce((SELECT chat_import FROM renkei_installation WHERE id = 1), true) AS is_enabled,
    service.snapshot, service.snapshot_at,
    service.cursor_at, service.bookmark, service.run_asked_at,
    GREATEST(0, extract(epoch FROM service.next_run_at - clock_timestamp()))::float AS seconds_left,
    EXISTS (SELECT FROM renkei_inboxitem item WHERE item.setting_id = service.setting_id AND item.state = 'pending'
        AND item.next_try_at <= clock_timestamp()) AS has_pending,
    service.failures, clock_timestamp() AS asked_at,
    (SELECT max(report.at) FROM renkei_reconciliation report WHERE report.setting_id = service.setting_id)
        AS reconciled_at
FROM renkei_importservice service JOIN renkei_chatsetting setting ON setting.id = service.setting_id
WHERE service.setting_id = %(setting)s AND service.epoch = %(epoch)s
"""

GROUND = """
SELECT EXISTS (SELECT FROM renkei_agent WHERE id = %(agent)s::bigint) AS has_agent,
    EXISTS (SELECT FROM renkei_businessgroup WHERE id = %(group)s::bigint) AS has_group,
    (SELECT zone FROM renkei_installation WHERE id = 1) AS zone
"""

PUSH_SETTING = """
SELECT setting.connector, setting.is_enabled, setting.call_url, setting.connector_settings, setting.secrets
FROM renkei_chatsetting setting WHERE setting.id = %(setting)s
    AND coalesce((SELECT chat_import FROM renkei_installation WHERE id = 1), true)
"""

WAKE = "SELECT pg_notify('renkei_imports', %(setting)s::text)"

ZONE = "SELECT zone FROM renkei_installation WHERE id = 1"
