"""Reading the agents' streams, and who may go on reading them."""

HEAD_AND_EVENTS = """
SELECT head.number AS head, event.number, event.kind, event.refs
  FROM (SELECT coalesce((SELECT number FROM renkei_streamhead WHERE agent_id = %(agent)s), 0) AS number) AS head
  LEFT JOIN renkei_streamevent AS event ON event.agent_id = %(agent)s AND event.number > %(after)s
 ORDER BY event.number
 LIMIT %(most)s
"""
"""One statement and so one snapshot: what the head counts is what the rows hold. At least one row, perhaps of NULLs."""

NEW_EVENTS = """
SELECT event.agent_id, event.number, event.kind, event.refs
  FROM unnest(%(agents)s::bigint[], %(after)s::bigint[]) AS wanted (agent_id, after)
  JOIN renkei_streamevent AS event ON event.agent_id = wanted.agent_id AND event.number > wanted.after
 ORDER BY event.agent_id, event.number
"""

_MAY = """
  (EXISTS (
     SELECT FROM renkei_user_groups AS member
       JOIN auth_group_permissions AS granted ON granted.group_id = member.group_id
       JOIN auth_permission AS permission ON permission.id = granted.permission_id
      WHERE member.user_id = person.id AND permission.codename = %(right)s)
   OR EXISTS (
     SELECT FROM renkei_user_user_permissions AS granted
       JOIN auth_permission AS permission ON permission.id = granted.permission_id
      WHERE granted.user_id = person.id AND permission.codename = %(right)s)
   OR person.is_superuser)
"""

STILL_SIGNED_IN = f"""
SELECT wanted.session_key, coalesce(presence.state, '') AS state
  FROM unnest(%(keys)s::text[], %(users)s::bigint[], %(passwords)s::text[]) AS wanted (session_key, user_id, password)
  JOIN django_session AS session
    ON session.session_key = wanted.session_key AND session.expire_date > clock_timestamp()
  JOIN renkei_user AS person
    ON person.id = wanted.user_id AND person.is_active
   AND encode(sha256(convert_to(person.password, 'UTF8')), 'hex') = wanted.password
  LEFT JOIN renkei_agent AS agent ON agent.user_id = person.id
  LEFT JOIN renkei_presence AS presence ON presence.agent_id = agent.id
 WHERE {_MAY}
"""  # noqa: S608  # put together from constants
"""Of many open streams those whose session, account, password and right still stand, with their person's presence; one
statement for all."""

SESSION_DATA = """
SELECT session_key, session_data
  FROM django_session
 WHERE session_key = ANY(%(keys)s::text[])
"""

NOTE_OPEN = """
WITH theirs AS (
    SELECT agent_id FROM renkei_presence WHERE agent_id = ANY(%(agents)s::bigint[]) FOR UPDATE SKIP LOCKED)
UPDATE renkei_presence SET stream_at = clock_timestamp() FROM theirs WHERE renkei_presence.agent_id = theirs.agent_id
"""
"""These agents' desks are open now. Whose row is in use just now is noted the next time: nobody waits for this."""
