"""A call from its arrival to its end: rows, rings, presence. Repeating any of them is harmless."""

BEGIN = """
INSERT INTO renkei_call (line_id, direction, state, outcome, caller_raw, caller_name, caller_e164, caller_unknown,
    dialled_raw, number_id, business_group_id, owner, passed_linkage, arrived_at, during_outage)
SELECT %(line_id)s, 'in', 'in_ivr', '', %(caller_raw)s, %(caller_name)s, %(caller_e164)s, %(caller_unknown)s,
    %(dialled_raw)s, number.id, number.business_group_id, %(owner)s, false,
    COALESCE(%(arrived_at)s::timestamptz, clock_timestamp()), %(during_outage)s::boolean
FROM (SELECT 1) AS one LEFT JOIN renkei_phonenumber number ON number.id = %(number)s::bigint
ON CONFLICT (line_id) DO UPDATE SET owner = EXCLUDED.owner,
    state = CASE renkei_call.state WHEN 'ended' THEN 'in_ivr' ELSE renkei_call.state END, outcome = '', ended_at = NULL
RETURNING id, arrived_at,
    (SELECT COALESCE(max(position) + 1, 0) FROM renkei_ivrstep step WHERE step.call_id = renkei_call.id)
"""
"""The last column is where the IVR steps go on: a call may come to a second worker after a first one died. The first
one may have entered its end a moment before: what arrives is not over."""

STEP = """
INSERT INTO renkei_ivrstep (call_id, position, ivr_id, ivr_name, kind, detail, at)
SELECT %(call)s, %(position)s, ivr.id, %(ivr_name)s, %(kind)s, %(detail)s::jsonb, %(at)s
FROM (SELECT 1) AS one LEFT JOIN renkei_ivr ivr ON ivr.id = %(ivr)s::bigint
ON CONFLICT (call_id, position) DO NOTHING
"""

LISTENERS = """
SELECT array_agg(DISTINCT agent_id) AS agents FROM renkei_callring
WHERE call_id = %(call)s AND (ended_at IS NULL OR ended_why = 'answered')
"""

_ROUTE = f"""
WITH passed AS (
    UPDATE renkei_call SET passed_linkage = true
    WHERE id = %(call)s AND %(passed_linkage)s::boolean AND NOT passed_linkage
), stepped AS (
    INSERT INTO renkei_ivrstep (call_id, position, ivr_id, ivr_name, kind, detail, at)
    SELECT %(call)s, step.position, ivr.id, step.ivr_name, step.kind, step.detail, step.at
    FROM jsonb_to_recordset(%(steps)s::jsonb) AS step (
        position int, ivr bigint, ivr_name text, kind text, detail jsonb, at timestamptz)
    LEFT JOIN renkei_ivr ivr ON ivr.id = step.ivr
    ON CONFLICT (call_id, position) DO NOTHING
), labelled AS (
    INSERT INTO renkei_calllabel (call_id, label_id, at)
    SELECT DISTINCT %(call)s::bigint, label.id, given.at
    FROM jsonb_to_recordset(%(labels)s::jsonb) AS given (label bigint, at timestamptz)
    JOIN renkei_businesslabel label ON label.id = given.label
    WHERE NOT EXISTS (
        SELECT FROM renkei_calllabel had
        WHERE had.call_id = %(call)s AND had.label_id = given.label AND had.at = given.at)
), listening AS ({LISTENERS})
"""  # noqa: S608 - made of our own text

ROUTE = _ROUTE + "SELECT agents FROM listening"  # noqa: S608 - made of our own text
"""Which way a call went: its IVR steps, the labels it was given, whether it passed a linkage IVR. Returns who listens
to the call."""

_TELL_ROUTE = """
SELECT announce(agents, %(kind)s, jsonb_build_object('call', %(call)s::bigint)) FROM listening
WHERE agents IS NOT NULL AND %(is_changed)s::boolean
"""

ROUTE_TOLD = _ROUTE + _TELL_ROUTE
"""The same, telling them at once: where nothing else is to be told this statement is the whole transaction."""

# ── rings and presence ──

RESERVE = """
WITH wanted AS (
    SELECT agent_id FROM renkei_presence
    WHERE agent_id = ANY(%(agents)s::bigint[])
        AND (state = 'available' OR (state = 'ringing' AND call_id = %(call)s))
    ORDER BY agent_id FOR UPDATE
), taken AS (
    UPDATE renkei_presence SET state = 'ringing', since = clock_timestamp(), call_id = %(call)s
    FROM wanted WHERE renkei_presence.agent_id = wanted.agent_id
    RETURNING renkei_presence.agent_id
), rung AS (
    INSERT INTO renkei_callring (call_id, agent_id, ring_id, rang_at, ended_why)
    SELECT %(call)s, agent_id, %(ring_id)s, clock_timestamp(), '' FROM taken
    ON CONFLICT (call_id, ring_id, agent_id) DO UPDATE SET ring_id = EXCLUDED.ring_id
    RETURNING id, agent_id
), ringing AS (
    UPDATE renkei_call SET state = 'ringing'
    WHERE id = %(call)s AND state = 'in_ivr' AND EXISTS (SELECT FROM rung)
)
SELECT id, agent_id FROM rung ORDER BY agent_id
"""

RING_OVER = """
UPDATE renkei_callring SET ended_at = %(at)s, ended_why = %(why)s
WHERE call_id = %(call)s AND ring_id = %(ring_id)s AND ended_at IS NULL
    AND (%(agent)s::bigint IS NULL OR agent_id = %(agent)s)
RETURNING id, agent_id
"""

ALL_RINGS_OVER = """
UPDATE renkei_callring SET ended_at = %(at)s, ended_why = %(why)s
WHERE call_id = %(call)s AND ended_at IS NULL RETURNING id, agent_id
"""

CALL_WAITS_AGAIN = """
UPDATE renkei_call SET state = 'in_ivr' WHERE id = %(call)s AND state = 'ringing'
    AND NOT EXISTS (SELECT FROM renkei_callring WHERE call_id = %(call)s AND ended_at IS NULL)
"""

FREE_AGENTS = """
WITH theirs AS (
    SELECT agent_id FROM renkei_presence
    WHERE agent_id = ANY(%(agents)s::bigint[]) AND state = 'ringing' AND call_id = %(call)s
    ORDER BY agent_id FOR UPDATE
)
UPDATE renkei_presence SET since = clock_timestamp(), call_id = NULL, next_state = '',
    state = CASE WHEN %(state)s::text = 'available' AND next_state <> '' THEN next_state ELSE %(state)s::text END
FROM theirs WHERE renkei_presence.agent_id = theirs.agent_id
RETURNING renkei_presence.agent_id
"""
"""Locks them in the order of their ids, as RESERVE does: two that meet wait, and never for each other."""

RING_ANSWERED = """
INSERT INTO renkei_callring (call_id, agent_id, ring_id, rang_at, ended_at, ended_why)
SELECT %(call)s, agent.id, %(ring_id)s, %(at)s, %(at)s, 'answered' FROM renkei_agent agent WHERE agent.id = %(agent)s
ON CONFLICT (call_id, ring_id, agent_id) DO UPDATE SET ended_at = EXCLUDED.ended_at, ended_why = 'answered'
    WHERE renkei_callring.ended_why <> 'answered'
"""

AGENT_TALKS = """
UPDATE renkei_presence SET state = 'talking', since = clock_timestamp(), call_id = %(call)s
WHERE agent_id = %(agent)s AND NOT (state = 'talking' AND call_id = %(call)s)
"""

ANSWERED = """
UPDATE renkei_call SET state = 'talking', answered_by_id = %(agent)s, answered_at = %(at)s
WHERE id = %(call)s AND state IN ('in_ivr', 'ringing') RETURNING id
"""

HELD = """
UPDATE renkei_call SET state = CASE WHEN %(is_held)s::boolean THEN 'held' ELSE 'talking' END
WHERE id = %(call)s AND state IN ('talking', 'held') RETURNING answered_by_id
"""

ENDED = f"""
WITH ended AS (
    UPDATE renkei_call SET state = 'ended', outcome = %(outcome)s, ended_at = %(at)s
    WHERE id = %(call)s AND state <> 'ended' RETURNING answered_by_id
), rings AS ({ALL_RINGS_OVER}), commands AS (
    UPDATE renkei_callcommand SET done_at = clock_timestamp(), error_code = %(error)s
    WHERE call_id = %(call)s AND done_at IS NULL RETURNING id, call_id, agent_id
)
SELECT (SELECT answered_by_id FROM ended), (SELECT array_agg(ARRAY[id, agent_id] ORDER BY id) FROM rings),
    (SELECT array_agg(ARRAY[id, call_id, agent_id] ORDER BY id) FROM commands)
"""  # noqa: S608 - made of our own text
"""The end of a call, of all its rings and of what agents asked to be done with it: who had answered, ring and agent,
command and call and agent."""

AFTER_CALL = """
UPDATE renkei_presence SET state = 'after_call', since = clock_timestamp()
WHERE agent_id = %(agent)s AND call_id = %(call)s AND state = 'talking' RETURNING agent_id
"""

# ── announcing ──

ANNOUNCE = """
WITH locked AS MATERIALIZED (
    SELECT count(*) FROM (
        SELECT FROM renkei_streamhead WHERE agent_id = ANY(%(everyone)s::bigint[]) ORDER BY agent_id FOR UPDATE
    ) AS heads
), told AS (
    SELECT told FROM jsonb_array_elements(%(told)s::jsonb) WITH ORDINALITY AS each (told, place) ORDER BY place
)
SELECT announce(
    ARRAY(SELECT agent::bigint FROM jsonb_array_elements_text(told->'agents') AS agent), told->>'kind', told->'refs')
FROM locked, told
"""
"""All streams are locked in one order before the first is told anything: two transactions that tell the same people
several things must not wait for each other."""

# ── commands ──

CLOSE_COMMAND = """
UPDATE renkei_callcommand SET done_at = clock_timestamp(), error_code = %(error)s
WHERE id = %(command)s AND done_at IS NULL RETURNING id, call_id, agent_id
"""

CLOSE_ORPHANED_COMMANDS = """
UPDATE renkei_callcommand SET done_at = clock_timestamp(), error_code = %(error)s
FROM renkei_call call
WHERE call.id = renkei_callcommand.call_id AND done_at IS NULL
    AND asked_at < clock_timestamp() - %(seconds)s * interval '1 second'
RETURNING renkei_callcommand.id, call_id, agent_id
"""

OPEN_COMMAND = """
SELECT command.id, command.call_id, call.line_id, call.owner, command.agent_id, agent.extension, command.kind
FROM renkei_callcommand command
JOIN renkei_call call ON call.id = command.call_id
JOIN renkei_agent agent ON agent.id = command.agent_id
WHERE command.id = %(command)s AND command.done_at IS NULL
"""

OPEN_COMMANDS_OF = """
SELECT command.id FROM renkei_callcommand command JOIN renkei_call call ON call.id = command.call_id
WHERE command.done_at IS NULL AND call.owner = %(owner)s ORDER BY command.id
"""

OPEN_SIMULATED = """
SELECT id, line_id, kind, args FROM renkei_simulatedaction WHERE id = %(action)s AND done_at IS NULL
"""

OPEN_SIMULATED_ALL = """
SELECT id FROM renkei_simulatedaction
WHERE done_at IS NULL AND asked_at > clock_timestamp() - interval '30 seconds' ORDER BY id
"""

CLOSE_STALE_SIMULATED = """
UPDATE renkei_simulatedaction SET done_at = clock_timestamp(), error_code = 'worker_gone'
WHERE done_at IS NULL AND asked_at < clock_timestamp() - %(seconds)s * interval '1 second' RETURNING id
"""

CLOSE_SIMULATED = """
UPDATE renkei_simulatedaction SET done_at = clock_timestamp(), error_code = %(error)s
WHERE id = %(action)s AND done_at IS NULL RETURNING id
"""
