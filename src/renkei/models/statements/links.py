"""Linking a chat to a call: the candidates, the stored attempt, the requests that were made for it."""

from renkei.models.statements.calls import LISTENERS

_CANDIDATE = """
SELECT conversation.id, channel_id, e164, typed_number, identified_at, received_at,
    -- D4 counts from the last customer message received before the arrival. What was told to us later, unless the
    -- provider told it in answer to this very call, must not move the age; nor what no fast clock explains.
    CASE WHEN last_customer_at <= %(arrived_at)s::timestamptz + %(fast_clock)s::interval
            AND (updated_at <= %(arrived_at)s OR conversation.id = ANY(%(fetched)s::bigint[])) THEN last_customer_at
        ELSE COALESCE(
            (SELECT max(sent_at) FROM renkei_chatmessage message
                WHERE message.conversation_id = conversation.id AND message.speaker = 'customer'
                    AND message.sent_at <= %(arrived_at)s),
            CASE WHEN last_customer_at > %(arrived_at)s::timestamptz + %(fast_clock)s::interval
                THEN last_customer_at END
        ) END AS last_customer_at,
    EXISTS (SELECT FROM renkei_chatlink link WHERE link.conversation_id = conversation.id) AS linked
FROM renkei_chatconversation conversation
WHERE connector = %(connector)s AND project_id = %(project)s AND channel_id = %(channel)s
"""

OWN_CANDIDATES = _CANDIDATE + "AND e164 = %(e164)s ORDER BY received_at DESC LIMIT 200"

NEAR_NUMBERS = """
WITH near AS MATERIALIZED (
    SELECT id, connector, project_id, channel_id, e164, typed_number, received_at FROM renkei_chatconversation
    WHERE near_keys && (SELECT %(near_keys)s::bigint[])
)
SELECT id, e164, typed_number FROM near
WHERE connector = %(connector)s AND project_id = %(project)s AND channel_id = %(channel)s
    AND e164 IS DISTINCT FROM %(e164)s AND received_at > %(arrived_at)s::timestamptz - %(window)s::interval
    AND NOT EXISTS (SELECT FROM renkei_chatlink link WHERE link.conversation_id = near.id)
ORDER BY received_at DESC LIMIT 1000
"""
"""Numbers that may be near the caller's; domain.phone says which are. Who plans by the keys at hand would rather read
the whole window by its times, or the whole table, and compare two hundred keys with each row: so they are not shown
(SELECT), and the rest waits for what the index finds (MATERIALIZED)."""

NEAR_CANDIDATES = _CANDIDATE + "AND id = ANY(%(near)s::bigint[])"

ADD_LINK = f"""
WITH added AS (
    INSERT INTO renkei_chatlink (call_id, ivr_id, conversation_id, reason, source, record, window_minutes, at)
    SELECT %(call)s, ivr.id, %(conversation)s::bigint, %(reason)s, %(source)s, %(record)s::jsonb, %(window_minutes)s,
        clock_timestamp()
    FROM (SELECT 1) AS one LEFT JOIN renkei_ivr ivr ON ivr.id = %(ivr)s::bigint
    RETURNING id
), listening AS ({LISTENERS})
SELECT added.id, listening.agents FROM added, listening
"""  # noqa: S608 - made of our own text
"""Returns the attempt's id and who listens to the call."""

ADD_UNANSWERED = """
INSERT INTO renkei_chatlink (call_id, ivr_id, reason, source, record, window_minutes, at)
SELECT call.id, (SELECT ivr_id FROM renkei_ivrstep step WHERE step.call_id = call.id ORDER BY position DESC LIMIT 1),
    %(reason)s, '', %(record)s::jsonb, %(window_minutes)s, clock_timestamp()
FROM renkei_call call
WHERE call.id = %(call)s AND call.passed_linkage
    AND NOT EXISTS (SELECT FROM renkei_chatlink link WHERE link.call_id = call.id)
"""
"""For a call whose look-up nobody will ever answer; nothing where an attempt stands."""

LOCK_CALL = "SELECT id FROM renkei_call WHERE id = %(call)s FOR UPDATE"
"""Waits for a transaction that is just storing an attempt: its row points at the call."""

HAD_LINK = """
SELECT EXISTS (SELECT FROM renkei_chatlink link WHERE link.call_id = %(call)s
    AND link.record->>'look_up' = %(look_up)s)
"""
"""A statement of its own, after LOCK_CALL: one that waits still reads what was there before it waited."""

ADD_EXCHANGE = """
INSERT INTO renkei_externalapicall (call_id, ivr_id, connector, method, url, request_headers, request_body, status,
    outcome, error, duration_ms, answer_excerpt, is_confidential, at)
SELECT %(call)s::bigint, ivr.id, %(connector)s, %(method)s, %(url)s, %(request_headers)s::jsonb, %(request_body)s,
    %(status)s::int, %(outcome)s, %(error)s, %(duration_ms)s, %(answer_excerpt)s, %(is_confidential)s, %(at)s
FROM (SELECT 1) AS one LEFT JOIN renkei_ivr ivr ON ivr.id = %(ivr)s::bigint
"""
