"""Conversations: stored as they come, newest content wins."""

ADD = """
INSERT INTO renkei_chatconversation (connector, project_id, channel_id, external_id, typed_number, e164, identified_at,
    last_customer_at, received_at, updated_at, revision, content_sha256, near_keys)
VALUES (%(connector)s, %(project)s, %(channel)s, %(external)s, %(typed_number)s, %(e164)s, %(identified_at)s,
    %(last_customer_at)s, clock_timestamp(), clock_timestamp(), 1, %(sha256)s,
    ARRAY(SELECT floor(extract(epoch FROM clock_timestamp()) / 604800)::bigint << 32 | key
        FROM unnest(%(near_keys)s::bigint[]) AS key))
ON CONFLICT (connector, project_id, channel_id, external_id) DO NOTHING
RETURNING id
"""
"""The keys go into their week as domain.near_numbers.in_weeks looks for them."""

LOCK = """
SELECT id, content_sha256,
    (SELECT count(*) FROM renkei_chatmessage message WHERE message.conversation_id = conversation.id) AS messages,
    (SELECT max(sent_at) FROM renkei_chatmessage message WHERE message.conversation_id = conversation.id) AS newest
FROM renkei_chatconversation conversation
WHERE connector = %(connector)s AND project_id = %(project)s AND channel_id = %(channel)s
    AND external_id = %(external)s
FOR UPDATE
"""

RENEW = """
UPDATE renkei_chatconversation SET typed_number = %(typed_number)s, e164 = %(e164)s, identified_at = %(identified_at)s,
    last_customer_at = %(last_customer_at)s, updated_at = clock_timestamp(), revision = revision + 1,
    content_sha256 = %(sha256)s, near_keys =
        ARRAY(SELECT floor(extract(epoch FROM received_at) / 604800)::bigint << 32 | key
            FROM unnest(%(near_keys)s::bigint[]) AS key)
WHERE id = %(conversation)s
"""

CUT_MESSAGES = "DELETE FROM renkei_chatmessage WHERE conversation_id = %(conversation)s AND position >= %(length)s"

PUT_MESSAGES = """
INSERT INTO renkei_chatmessage (conversation_id, position, speaker, kind, text, url, sent_at)
SELECT %(conversation)s, position, speaker, kind, text, url, sent_at
FROM unnest(%(positions)s::int[], %(speakers)s::text[], %(kinds)s::text[], %(texts)s::text[], %(urls)s::text[],
    %(times)s::timestamptz[]) AS new (position, speaker, kind, text, url, sent_at)
ON CONFLICT (conversation_id, position) DO UPDATE SET speaker = EXCLUDED.speaker, kind = EXCLUDED.kind,
    text = EXCLUDED.text, url = EXCLUDED.url, sent_at = EXCLUDED.sent_at
"""

LIVE_LISTENERS = """
SELECT link.call_id, link.id AS link, array_agg(DISTINCT ring.agent_id) AS agents
FROM renkei_chatlink link
JOIN renkei_call call ON call.id = link.call_id AND call.state <> 'ended'
JOIN renkei_callring ring ON ring.call_id = call.id AND (ring.ended_at IS NULL OR ring.ended_why = 'answered')
WHERE link.conversation_id = ANY(%(conversations)s::bigint[])
    AND link.id = (SELECT max(id) FROM renkei_chatlink newest WHERE newest.call_id = link.call_id)
GROUP BY link.call_id, link.id
"""

ADD_DELIVERY = """
INSERT INTO renkei_chatdelivery (connector, delivery_id, received_at, error_code, raw)
VALUES (%(connector)s, %(delivery)s, clock_timestamp(), %(error)s, %(raw)s)
ON CONFLICT (connector, delivery_id) DO NOTHING RETURNING id
"""
