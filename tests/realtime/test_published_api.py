"""What docs/realtime-api publishes is valid and says what the code says; answers are held to it in test_look_up."""

import json
import re
from pathlib import Path

import schemathesis
from starlette.routing import Route

from renkei.domain.matching import Branch, Message, Reason, Source
from renkei.realtime import look_up, webhooks
from renkei.realtime.app import routes
from renkei.realtime.questions import LONGEST_CALL_ID, LONGEST_TEXT
from tests.realtime.published import DOCUMENT, is_valid

SCHEMAS = DOCUMENT["components"]["schemas"]


def test_the_published_description_is_a_valid_openapi_document() -> None:
    """Every operation and every reference resolves."""
    operations = [result.ok() for result in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]
    assert {operation.label for operation in operations} == {
        "POST /api/look-up", "POST /webhooks/{connector}", "POST /webhooks/chat-settings/{setting}",
        "GET /healthz", "GET /metrics",
    }  # fmt: skip


def test_every_route_for_programs_is_published() -> None:
    """The event stream is the pages' own business; everything else stands in the description."""
    ours = {
        (re.sub(r":(str|int)\}", "}", route.path), tuple(sorted((route.methods or set()) - {"HEAD"})))
        for route in routes()
        if isinstance(route, Route) and route.path != "/events"
    }
    published = {(path, tuple(sorted(verb.upper() for verb in verbs))) for path, verbs in DOCUMENT["paths"].items()}
    assert ours == published


def test_the_published_words_are_those_of_the_code() -> None:
    """Reasons, branches, sources, messages and limits."""
    decision = SCHEMAS["Decision"]["properties"]
    assert set(decision["reason"]["enum"]) == {reason.value for reason in Reason}
    assert set(decision["branch"]["enum"]) == {branch.value for branch in Branch}
    assert set(decision["source"]["enum"]) == {source.value for source in Source} | {None}
    assert set(decision["message"]["oneOf"][1]["properties"]["code"]["enum"]) == {each.value for each in Message}
    question = SCHEMAS["Question"]["properties"]
    assert question["caller"]["maxLength"] == LONGEST_TEXT
    assert question["call_id"]["maxLength"] == LONGEST_CALL_ID
    told = DOCUMENT["paths"]["/api/look-up"]["post"]["responses"]["413"]["description"]
    assert f"{look_up.LONGEST_BODY:,}".replace(",", " ") in told
    told = DOCUMENT["paths"]["/webhooks/{connector}"]["post"]["responses"]["413"]["description"]
    assert f"{webhooks.LONGEST_BODY:,}".replace(",", " ") in told


def test_every_route_has_a_lock() -> None:
    """A right of the table, or open on purpose."""
    for route in routes():
        assert isinstance(route, Route)
        assert getattr(route.endpoint, "renkei_lock", None) in {"desk.view", "look_up.view", "open to all"}


def test_the_example_of_the_page_fits_the_description() -> None:
    """What a newcomer copies works."""
    page = (Path(__file__).parents[2] / "docs/realtime-api/README.md").read_text(encoding="utf-8")
    question = next(line for line in page.splitlines() if line.startswith('{"ivr"'))
    assert is_valid("Question", json.loads(question))
    answer = page.split("```json\n")[1].split("```")[0]
    assert is_valid("Decision", json.loads(answer))
