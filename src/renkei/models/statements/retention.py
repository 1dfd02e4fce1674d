"""Taking histories and chats away when their days are over (R110, R111), in batches that hold no lock for long."""

OLD_CALLS = """
SELECT array_agg(id) FROM (
    SELECT id FROM renkei_call
    WHERE arrived_at < clock_timestamp() - %(days)s * interval '1 day' AND state = 'ended'
    ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) AS old
"""

# The order follows the foreign keys: what points at a call goes first.
FORGET_IN_PRESENCE = "UPDATE renkei_presence SET call_id = NULL WHERE call_id = ANY(%(calls)s::bigint[])"
DELETE_LABELS = "DELETE FROM renkei_calllabel WHERE call_id = ANY(%(calls)s::bigint[])"
DELETE_RINGS = "DELETE FROM renkei_callring WHERE call_id = ANY(%(calls)s::bigint[])"
DELETE_LINKS = "DELETE FROM renkei_chatlink WHERE call_id = ANY(%(calls)s::bigint[])"
DELETE_STEPS = "DELETE FROM renkei_ivrstep WHERE call_id = ANY(%(calls)s::bigint[])"
DELETE_EXCHANGES = "DELETE FROM renkei_externalapicall WHERE call_id = ANY(%(calls)s::bigint[])"
DELETE_COMMANDS = "DELETE FROM renkei_callcommand WHERE call_id = ANY(%(calls)s::bigint[])"
DELETE_CALLS = "DELETE FROM renkei_call WHERE id = ANY(%(calls)s::bigint[])"

OLD_CHATS = """
SELECT array_agg(id) FROM (
    SELECT id FROM renkei_chatconversation conversation
    WHERE received_at < clock_timestamp() - %(days)s * interval '1 day'
        AND updated_at < clock_timestamp() - %(days)s * interval '1 day'
        AND NOT EXISTS (SELECT FROM renkei_chatlink link WHERE link.conversation_id = conversation.id)
    ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) AS old
"""
"""By the later of its two times: a conversation that still grows is not old. The first finds them by its index."""
DELETE_MESSAGES = "DELETE FROM renkei_chatmessage WHERE conversation_id = ANY(%(chats)s::bigint[])"
DELETE_CHATS = "DELETE FROM renkei_chatconversation WHERE id = ANY(%(chats)s::bigint[])"

DELETE_LOOSE_EXCHANGES = """
DELETE FROM renkei_externalapicall
WHERE call_id IS NULL AND at < clock_timestamp() - %(days)s * interval '1 day'
"""
DELETE_DELIVERIES = """
DELETE FROM renkei_chatdelivery WHERE received_at < clock_timestamp() - %(days)s * interval '1 day'
"""
DELETE_SIMULATED = """
DELETE FROM renkei_simulatedaction WHERE asked_at < clock_timestamp() - interval '1 day'
"""
