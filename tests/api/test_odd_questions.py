"""Whatever is asked of the REST API, the answer is one that its description promises."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkei.actions.accounts import create_api_key
from renkei.permissions import ADMINISTRATOR
from tests.api.published import DOCUMENT, is_published
from tests.sample_centre import make_call, make_linked_call, make_person, make_unlinked_call, say

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 31, tzinfo=UTC)
ODD = [
    "", " ", "null", "NaN", "-1", "0", "1e9", str(2**31), str(2**63), str(2**70), "\x00", "\ud83d", "𠮷", "٣", "%",
    "'; --", "{{7*7}}", "2025-01-31", "2025-01-31T09:00:00", "2025-01-31T09:00:00+09:00", "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "a" * 81, "a" * 600, "answered", "090-1234-5678",
]  # fmt: skip
words = st.sampled_from(ODD) | st.text(max_size=20) | st.integers().map(str) | st.datetimes().map(datetime.isoformat)
moments = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
numbers = st.sampled_from([0, 1, 2**31, 2**63 - 1, 2**63, 2**70]) | st.integers(0, 50)


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, dict[str, str], dict[str, int]]:
    """A described path, a query of its parameters and others, and numbers for its place holders."""
    path = draw(st.sampled_from(sorted(DOCUMENT["paths"])))
    described = DOCUMENT["paths"][path]["get"].get("parameters", [])
    names = [each["name"] for each in described if each["in"] == "query"]
    query = draw(st.dictionaries(st.sampled_from([*names, "nonsense"]), words | moments, max_size=3))
    places = {each["name"]: draw(numbers) for each in described if each["in"] == "path"}
    return path, query, places


def test_odd_questions_get_only_described_answers() -> None:
    """Each operation × odd parameters × a key with the right, with another one, and none; rows of every kind there."""
    rows = [
        make_call().pk,
        make_linked_call([say("届きません", AT), say("", AT, url="https://files.example.jp/a.png")]).call.pk,
        make_unlinked_call("no_chat").pk,
        make_call(caller_raw="anonymous", caller_e164=None, caller_unknown="withheld", answered_at=None).pk,
    ]
    person = make_person(ADMINISTRATOR)
    clients = {
        "holds": _client(create_api_key(person, name="a", rights=["call_history.view", "chat_content.view"]).secret),
        "other": _client(create_api_key(person, name="b", rights=["look_up.view"]).secret),
        "none": Client(),
    }
    seen: Counter[tuple[str, int]] = Counter()

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(questions(), st.sampled_from(["holds", "holds", "holds", "other", "none"]))
    def ask(question: tuple[str, dict[str, str], dict[str, int]], who: str) -> None:
        path, query, places = question
        places = {name: rows[number] if number < len(rows) else number for name, number in places.items()}
        with transaction.atomic():
            answer: Any = clients[who].get(f"{path.format(**places)}?{urlencode(query, errors='surrogatepass')}")
        seen[path, answer.status_code] += 1
        assert is_published(path, status=answer.status_code, body=answer.json()), (answer.status_code, answer.content)

    ask()
    for path in DOCUMENT["paths"]:
        answers = [clients["holds"].get(path.format(call_id=row)) for row in rows]
        assert all(is_published(path, status=each.status_code, body=each.json()) for each in answers), path
        assert answers[1].status_code == answers[2].status_code == 200, "a linked call and one that found no chat"
    assert {status for _path, status in seen} >= {200, 401, 403}


def _client(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})
