"""Every screen of a running demonstration, from the URL table: with a row behind each parameter, or the build fails."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import APIRequestContext

from tests.house.doors import DOORS, Door
from tests.journeys.stack import Stack, wait_for

ADDRESS = "'^https?://[^ ]+$'"
LINKED = (
    "SELECT max(call_id) FROM renkei_chatlink link JOIN renkei_chatmessage message USING (conversation_id)"
    f" WHERE reason = 'linked' AND text ~ {ADDRESS}"
)
LINK = (
    "SELECT min(position) + 1 FROM renkei_chatlink link JOIN renkei_chatmessage message USING (conversation_id)"
    f" WHERE call_id = ({LINKED}) AND text ~ {ADDRESS}"
)
SETTING = "SELECT min(id) FROM renkei_chatsetting"
MERGE = (
    "SELECT min(made.id) FROM renkei_customermerge made"
    " JOIN renkei_snscustomer entry ON entry.customer_id = made.survivor_id"
)
REVISED = "SELECT max(interaction_id) FROM renkei_interactionrevision"

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "accounts/first/": {"token": "'used'"},
    "console/ivrs/": {
        "ivr_id": "SELECT id FROM renkei_ivr WHERE name = '通販 チャット連携'",
        "condition": "'success'",
    },
    "console/rules/": {"row_id": "SELECT id FROM renkei_incomingrule WHERE name = '通販窓口を呼び出す'"},
    "console/guidance/": {"row_id": "SELECT min(id) FROM renkei_guidance WHERE ivr_id IS NULL"},
    "console/labels/": {"row_id": "SELECT min(id) FROM renkei_businesslabel"},
    "console/numbers/": {"row_id": "SELECT min(id) FROM renkei_phonenumber"},
    "console/calls/": {"call_id": LINKED, "number": LINK},
    "console/ivr-history/": {"call_id": LINKED},
    "console/external-api/": {"request_id": "SELECT max(id) FROM renkei_externalapicall WHERE status = 200"},
    "console/cases/": {
        "interaction_id": REVISED,
        "case_id": f"SELECT case_id FROM renkei_interaction WHERE id = ({REVISED})",
        "number": "1",
        "tab": "'sns'",
    },
    "console/customers/": {
        "merge_id": MERGE,
        "row_id": f"SELECT survivor_id FROM renkei_customermerge WHERE id = ({MERGE})",
        "other_id": f"SELECT merged_id FROM renkei_customermerge WHERE id = ({MERGE})",
        "entry_id": "SELECT max(entry.id) FROM renkei_snscustomer entry JOIN renkei_customermerge made"
        f" ON survivor_id = customer_id WHERE made.id = ({MERGE})",
    },
    "console/agents/": {
        "entry_id": "SELECT max(id) FROM renkei_snsagent",
        "row_id": "SELECT agent_id FROM renkei_snsagent ORDER BY id DESC LIMIT 1",
    },
    "console/business-groups/": {
        "template_id": "SELECT min(id) FROM renkei_interactiontemplate",
        "row_id": "SELECT business_group_id FROM renkei_interactiontemplate ORDER BY id LIMIT 1",
    },
    "console/chat-settings/": {"row_id": SETTING},
    "console/services/": {
        "row_id": SETTING,
        "item_id": "SELECT max(id) FROM renkei_inboxitem WHERE state = 'quarantined'",
    },
    "console/api-keys/": {"key_id": "SELECT min(id) FROM renkei_apikey"},
    "desk/calls/": {"call_id": LINKED, "number": LINK, "kind": "'hold'"},
    "desk/sentences/": {"code": "'not-found'"},
    "try/be/": {"username": "'sato'"},
    "try/line/": {"line_id": "'sim-pictured'"},
}
"""What stands behind an address's parameters, by the beginning of the address: SQL that the sample office answers."""

REASONED = "SELECT '/console/calls/' || max(call_id) || '/' FROM renkei_chatlink WHERE reason = "
UNFINISHED = "FROM renkei_ivr WHERE starts_with(name, '返品専用')"
STATES: Mapping[str, str] = {
    "nothing here": "'/console/nothing/'",
    "not without mail": "'/accounts/signup/'",
    "first sign-in over": "'/accounts/first/used/'",
    "no call fits": "'/console/calls/?until=2001/01/01'",
    "no step fits": "'/console/ivr-history/?until=2001/01/01'",
    "no request fits": "'/console/external-api/?until=2001/01/01'",
    "no case fits": "'/console/cases/?until=2001/01/01'",
    "a filter not understood": "'/console/calls/?since=yesterday'",
    "call without a chat": f"{REASONED}'no_chat'",
    "call with a number nearly equal": f"{REASONED}'number_mismatch'",
    "call with a provider that failed": f"{REASONED}'provider_error'",
    "call that nothing could be asked for": f"{REASONED}'caller_withheld'",
    "failed request": "SELECT '/console/external-api/' || max(id) || '/' FROM renkei_externalapicall"
    " WHERE status = 500",
    "unfinished linkage": f"SELECT '/console/ivrs/' || id || '/linkage/' {UNFINISHED}",
    "unfinished branches": f"SELECT '/console/ivrs/' || id || '/branches/' {UNFINISHED}",
    "rule of the product": "SELECT '/console/rules/' || id || '/' FROM renkei_incomingrule WHERE builtin = 'busy'",
    "own account": "SELECT '/console/agents/' || agent.id || '/' FROM renkei_agent agent"
    " JOIN renkei_user u ON u.id = user_id WHERE username = 'demo'",
    "chat system chosen": "'/console/chat-settings/new/?connector=standard'",
    "earlier contents": "SELECT '/console/cases/' || case_id || '/' || id || '/revisions/' FROM renkei_interaction"
    f" WHERE id = ({REVISED})",
}
"""Faces of screens that no address alone shows."""

PLANT = """
INSERT INTO renkei_interactionrevision (interaction_id, revision, content_sha256, messages, replaced_at)
SELECT id, 1, repeat('0', 64), jsonb_build_array(jsonb_build_object('speaker', 'customer', 'kind', 'text', 'text',
    '解約の方法を教えてください', 'url', '', 'author', '', 'sent_at', registered_at)), now()
FROM renkei_interaction WHERE setting_id IS NOT NULL ORDER BY id LIMIT 1;
UPDATE renkei_interactionmessage SET text = '', kind = 'image', url = 'https://files.example.jp/receipt.png'
WHERE position = (SELECT min(position) FROM renkei_interactionmessage WHERE interaction_id = ({revised}))
AND interaction_id = ({revised});
INSERT INTO renkei_inboxitem (setting_id, external_id, source_id, revision, version_at, message_count, payload,
    payload_sha256, state, attempts, error, error_params, next_try_at, first_seen_at, changed_at)
SELECT id, 'T-PICTURED', 'T-PICTURED', 1, now(), 1,
    convert_to('{{"chat_id":"T-PICTURED","closed_at":"きのう"}}', 'UTF8'), repeat('0', 64), 'quarantined', 1,
    'bad_time', '{{}}', now(), now(), now() FROM renkei_chatsetting;
INSERT INTO renkei_reconciliation (setting_id, at, since, theirs, ours, missing, differing, unknown, error)
SELECT id, now() - n * interval '1 day', now() - (n + 3) * interval '1 day', 128, 128 - n,
    jsonb_build_array('T-000777'), '[]', '[]', CASE n WHEN 2 THEN 'bad_time' ELSE '' END
FROM renkei_chatsetting, generate_series(0, 2) n ORDER BY n DESC;
INSERT INTO renkei_customermerge (survivor_id, merged_id, survivor_before, survivor_after, merged_before, entries,
    cases_moved, cases_kept, followers, interactions_moved, made_at, undone_at, undone)
SELECT max(customer_id), min(customer_id), '{{}}', '{{}}', '{{}}', '[]', '{{}}', '{{}}', '{{}}', 0, now(), now(), '{{}}'
FROM renkei_snscustomer;
INSERT INTO renkei_simulatedaction (line_id, kind, args, asked_at, done_at, error_code)
VALUES ('sim-pictured', 'dial', '{{}}', now(), now(), 'bad_number')
"""
"""Rows that the sample office does not have by itself: a chat changed after its import, one set aside, comparisons of
the night, a merge that was taken back, a call on the simulated line that was refused."""

ELSEWHERE = (
    "",
    "accounts/",
    "console/ivrs/<int:ivr_id>/linkage/test/result/",
    "console/chat-settings/<int:row_id>/test/result/",
    "try/chat/",
    "try/app-chat/",
    "try/trouble/",
)
"""Addresses that lead on to another screen, or to another company's."""
RINGING_ONLY = "desk/calls/"
"""Parts of the desk for a call that rings at this moment."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen and where it stands. ``name`` is fit for a file and keeps from one installation to the next."""

    name: str
    path: str


def list_screens(stack: Stack, browser: APIRequestContext) -> list[Screen]:
    """Whatever answers a GET with a whole page, asked of the running demonstration; KeyError for an address without an
    example. Fragments, files and commands are no screens."""
    furnish(stack)
    screens = [_look(stack, browser, door) for door in DOORS if not door.is_api and _may_be_asked(door)]
    states = [Screen(name.replace(" ", "-"), _value(stack, where)) for name, where in STATES.items()]
    return [screen for screen in screens if screen] + states


def furnish(stack: Stack) -> None:
    """Let the service of the sample office import its chats, and put in what no office has by itself. Once."""
    if stack.rows("SELECT 1 FROM renkei_inboxitem WHERE external_id = 'T-PICTURED'"):
        return
    is_ours = "jobs" not in stack.children
    if is_ours:
        stack.start("jobs")
    imported = "SELECT 1 FROM renkei_interaction JOIN renkei_snscustomer USING (setting_id) HAVING count(*) > 20"
    wait_for(lambda: stack.rows(imported), within=90, said="no chats were imported")
    if is_ours:
        stack.end("jobs")
    stack.change(PLANT.format(revised=REVISED))


def _may_be_asked(door: Door) -> bool:
    """A library's rows are not ours to make; the pattern of ours is what cannot be done without mail (STATES)."""
    return "(" not in door.route and not (door.is_library and door.parameters)


def _look(stack: Stack, browser: APIRequestContext, door: Door) -> Screen | None:
    path = _fill(stack, door)
    answer = browser.get(stack.url + path, max_redirects=0)
    if answer.status == 200 and answer.text()[:15].lower() == "<!doctype html>":
        return Screen(re.sub(r"[^a-z0-9]+", "-", door.route.lower()).strip("-"), path)
    there = answer.headers.get("location", "")
    if there.endswith(quote(path, safe="")):  # asks for the password first
        return Screen(re.sub(r"[^a-z0-9]+", "-", door.route.lower()).strip("-"), path)
    if answer.status == 302:
        assert door.is_library or door.route in ELSEWHERE, f"{path} leads to {there}"
    if answer.status == 404:
        assert door.is_library or door.route.startswith(RINGING_ONLY), f"the example {path} does not exist"
    return None


def _fill(stack: Stack, door: Door) -> str:
    given: dict[str, str] = {}
    for prefix, values in sorted(EXAMPLES.items()):
        if door.route.startswith(prefix):
            given |= values
    missing = [name for name in door.parameters if name not in given]
    if missing:
        raise KeyError(f"{door.route}: give {missing} an example in tests/journeys/screens.py")
    return door.fill({name: _value(stack, given[name]) for name in door.parameters})


def _value(stack: Stack, asked: str) -> str:
    [(value,)] = stack.rows(asked if asked.startswith("SELECT") else f"SELECT {asked}")
    assert value is not None, f"the sample office has no row for {asked}"
    return str(value)
