"""Which worker lives, and which call is whose."""

TAKE_LEASE = """
INSERT INTO renkei_worker (name, epoch, lease_until, line)
VALUES (%(name)s, 1, clock_timestamp() + %(seconds)s * interval '1 second', %(line)s)
ON CONFLICT (name) DO UPDATE
    SET epoch = renkei_worker.epoch + 1, lease_until = EXCLUDED.lease_until, line = EXCLUDED.line
RETURNING epoch
"""

RENEW_LEASE = """
UPDATE renkei_worker SET lease_until = clock_timestamp() + %(seconds)s * interval '1 second'
WHERE name = %(name)s AND epoch = %(epoch)s RETURNING epoch
"""

GIVE_LEASE_BACK = """
UPDATE renkei_worker SET lease_until = clock_timestamp() WHERE name = %(name)s AND epoch = %(epoch)s
"""

STANDING = """
SELECT call.id, call.line_id, call.owner, call.state, call.caller_raw, call.caller_name, call.caller_e164,
    call.caller_unknown, call.dialled_raw, call.arrived_at, call.answered_by_id,
    (SELECT COALESCE(max(position) + 1, 0) FROM renkei_ivrstep step WHERE step.call_id = call.id) AS steps
FROM renkei_call call
LEFT JOIN renkei_worker worker ON worker.name = call.owner
WHERE call.state <> 'ended'
    AND (call.owner = %(name)s OR worker.name IS NULL
        OR (worker.lease_until < clock_timestamp() AND worker.line = %(line)s))
ORDER BY call.id
"""

ADOPT = """
UPDATE renkei_call SET owner = %(name)s
WHERE id = ANY(%(calls)s::bigint[]) AND state <> 'ended'
    AND (owner = %(name)s OR NOT EXISTS (
        SELECT FROM renkei_worker worker
        WHERE worker.name = renkei_call.owner AND worker.lease_until >= clock_timestamp()))
    AND EXISTS (SELECT FROM renkei_worker me WHERE me.name = %(name)s AND me.epoch = %(epoch)s)
RETURNING id
"""

TELL_SYSTEM = """
UPDATE renkei_worker SET system = %(system)s WHERE name = %(name)s AND epoch = %(epoch)s AND system <> %(system)s
"""

TELL_RULES = """
INSERT INTO renkei_rulestold (worker, read_at, problem)
VALUES (%(worker)s, clock_timestamp() - %(age)s * interval '1 second', %(problem)s)
ON CONFLICT (worker) DO UPDATE SET read_at = EXCLUDED.read_at, problem = EXCLUDED.problem
"""
"""By the database's clock, as the changes of the rules are stamped."""

OWNED = "SELECT id FROM renkei_call WHERE owner = %(name)s AND state <> 'ended' AND id = ANY(%(calls)s::bigint[])"
"""Who woke from a freeze asks this before it commands anything."""
