"""The look-up API: its keys, the call it stands for, the transcript it may return."""

KEY = """
SELECT key.id, key.name, key.secret_sha256, key.permissions, key.revoked_at IS NOT NULL, maker.is_active,
    EXISTS (
        SELECT FROM renkei_user_groups member JOIN auth_group role ON role.id = member.group_id
        WHERE member.user_id = maker.id AND (role.name = 'administrator' OR (role.name = 'supervisor'
            AND NOT EXISTS (SELECT FROM renkei_agent agent WHERE agent.user_id = maker.id)))),
    ARRAY(
        SELECT permission.codename FROM auth_permission permission
        WHERE permission.codename = ANY(key.permissions) AND (maker.is_superuser
            OR EXISTS (
                SELECT FROM renkei_user_groups member
                JOIN auth_group_permissions given ON given.group_id = member.group_id
                WHERE member.user_id = maker.id AND given.permission_id = permission.id)
            OR EXISTS (
                SELECT FROM renkei_user_user_permissions given
                WHERE given.user_id = maker.id AND given.permission_id = permission.id))),
    COALESCE(key.last_used_at < clock_timestamp() - interval '1 minute', true), clock_timestamp()
FROM renkei_apikey key JOIN renkei_user maker ON maker.id = key.created_by_id
WHERE key.prefix = %(prefix)s
"""
"""A key and its maker as they are now; whether it is time to note its use; the moment of asking, by the database's
clock. Who reaches every row is told by queries.scope; a test holds the two to it."""

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
    WHERE renkei_call.caller_e164 IS NOT DISTINCT FROM EXCLUDED.caller_e164
        AND renkei_call.caller_unknown = EXCLUDED.caller_unknown
        AND (EXCLUDED.caller_e164 IS NOT NULL OR renkei_call.caller_raw = EXCLUDED.caller_raw)
RETURNING id, arrived_at
"""
"""The telephone system that asks us has the call in hand: here it is over at once, handed on (B13). No row comes back
when the line id belongs to a call of another caller: that call stays as it is."""

ENTER = """
INSERT INTO renkei_ivrstep (call_id, position, ivr_id, ivr_name, kind, detail, at)
SELECT %(call)s, (SELECT COALESCE(max(position) + 1, 0) FROM renkei_ivrstep WHERE call_id = %(call)s), ivr.id,
    %(ivr_name)s, 'entered', %(detail)s::jsonb, %(at)s
FROM (SELECT 1) AS one LEFT JOIN renkei_ivr ivr ON ivr.id = %(ivr)s::bigint
WHERE NOT EXISTS (
    SELECT FROM renkei_ivrstep had WHERE had.call_id = %(call)s AND had.ivr_id = ivr.id AND had.kind = 'entered')
ON CONFLICT (call_id, position) DO NOTHING
"""
"""Who asks again, before or after the answer, has not entered the IVR a second time."""

TOLD = """
SELECT reason, source, window_minutes, conversation_id, jsonb_array_length(COALESCE(record->'claimed_by', '[]'::jsonb))
FROM renkei_chatlink WHERE call_id = %(call)s AND record->>'look_up' = %(look_up)s ORDER BY id LIMIT 1
"""
"""What this question was answered before."""

NEXT_STEP = "SELECT COALESCE(max(position) + 1, 0) FROM renkei_ivrstep WHERE call_id = %(call)s"

READ_CHAT = """
WITH noted AS (
    INSERT INTO renkei_auditentry (at, user_id, actor, action, resource, object_id, detail)
    VALUES (clock_timestamp(), NULL, %(actor)s, 'chat.read', 'conversation', %(conversation)s::bigint::text,
        %(detail)s::jsonb)
)
SELECT speaker, kind, text, url, sent_at FROM renkei_chatmessage WHERE conversation_id = %(conversation)s::bigint
ORDER BY position
"""
"""Nothing is read that is not written down: one statement does both."""
