"""The look-up API: its keys, the call it stands for, the transcript it may return."""

KEY = """
SELECT id, name, secret_sha256, permissions FROM renkei_apikey WHERE prefix = %(prefix)s AND revoked_at IS NULL
"""

KEY_USED = """
UPDATE renkei_apikey SET last_used_at = clock_timestamp()
WHERE id = %(key)s AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')
"""

BEGIN = """
INSERT INTO renkei_call (line_id, direction, state, outcome, caller_raw, caller_name, caller_e164, caller_unknown,
    dialled_raw, number_id, business_group_id, owner, passed_linkage, arrived_at, ended_at, during_outage)
SELECT %(line_id)s, 'in', 'ended', 'forwarded', %(caller_raw)s, %(caller_name)s, %(caller_e164)s, %(caller_unknown)s,
    %(dialled_raw)s, number.id, number.business_group_id, '', true,
    COALESCE(%(arrived_at)s::timestamptz, clock_timestamp()), clock_timestamp(), false
FROM (SELECT 1) AS one LEFT JOIN renkei_phonenumber number ON number.id = %(number)s::bigint
ON CONFLICT (line_id) DO UPDATE SET passed_linkage = true
RETURNING id, arrived_at,
    (SELECT COALESCE(max(position) + 1, 0) FROM renkei_ivrstep step WHERE step.call_id = renkei_call.id)
"""
"""The telephone system that asks us has the call in hand: here it is over at once, handed on (B13)."""

NOW = "SELECT clock_timestamp()"

MESSAGES = """
SELECT speaker, kind, text, url, sent_at FROM renkei_chatmessage WHERE conversation_id = %(conversation)s
ORDER BY position
"""

CHAT_READ = """
INSERT INTO renkei_auditentry (at, user_id, actor, action, resource, object_id, detail)
VALUES (clock_timestamp(), NULL, %(actor)s, 'chat.read', 'conversation', %(conversation)s, %(detail)s::jsonb)
"""
