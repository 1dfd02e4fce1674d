"""Calls that the telephone system recorded while no worker lived."""

BOOKMARK = "SELECT place FROM renkei_pastcallsbookmark WHERE source = %(source)s"

BEGIN_BOOKMARK = """
INSERT INTO renkei_pastcallsbookmark (source, place, read_at) VALUES (%(source)s, %(place)s, clock_timestamp())
ON CONFLICT (source) DO NOTHING
"""

MOVE_BOOKMARK = """
UPDATE renkei_pastcallsbookmark SET place = %(place)s, read_at = clock_timestamp()
WHERE source = %(source)s AND place = %(read_from)s RETURNING place
"""
"""Nothing when a fellow worker has read on from there meanwhile."""

ENTER = """
INSERT INTO renkei_call (line_id, direction, state, outcome, caller_raw, caller_name, caller_e164, caller_unknown,
    dialled_raw, number_id, business_group_id, owner, passed_linkage, arrived_at, answered_at, ended_at, during_outage)
SELECT %(line_id)s, 'in', 'ended', %(outcome)s, %(caller_raw)s, %(caller_name)s, %(caller_e164)s, %(caller_unknown)s,
    %(dialled_raw)s, number.id, number.business_group_id, '', false,
    %(arrived_at)s::timestamptz, %(answered_at)s::timestamptz, %(ended_at)s::timestamptz, true
FROM (SELECT 1) AS one LEFT JOIN renkei_phonenumber number ON number.id = %(number)s::bigint
ON CONFLICT (line_id) DO NOTHING RETURNING id
"""
