"""The API for other systems."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from renkei.actions.accounts import create_api_key, revoke_api_key
from renkei.errors import RejectedError
from renkei.models import ApiKey, AuditEntry, Installation, User
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from tests.sample_centre import make_call, make_linked_call, make_person, say

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 31, tzinfo=UTC)


@pytest.fixture
def administrator() -> User:
    return make_person(ADMINISTRATOR)


def caller(administrator: User, *rights: str) -> Client:
    key = create_api_key(administrator, name="CRM", rights=rights)
    return Client(headers={"Authorization": f"Bearer {key.secret}"})


def test_pages_of_calls_follow_each_other(administrator: User) -> None:
    for _ in range(5):
        make_call()
    client = caller(administrator, "call_history.view")
    seen: list[Any] = []
    cursor = ""
    while cursor is not None:
        answer = client.get("/api/v1/calls", {"size": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [call["id"] for call in answer["calls"]]
        cursor = answer["next_cursor"]
    assert len(seen) == len(set(seen)) == answer["count"] == 5


def test_the_chat_needs_its_own_right_and_is_written_down(administrator: User) -> None:
    """Proves R108, R109."""
    linked = make_linked_call([say("秘密の話", AT)])
    path = f"/api/v1/calls/{linked.call.pk}/chat"
    refused = caller(administrator, "call_history.view").get(path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert "秘密の話" not in refused.content.decode()
    told = caller(administrator, "chat_content.view").get(path).json()
    assert [line["content"] for line in told["lines"]] == ["秘密の話"]
    entry = AuditEntry.objects.get(action="chat.read")
    assert (entry.user, entry.actor.startswith("key:"), entry.detail["via"]) == (None, True, "api")


def test_a_revoked_key_and_a_wrong_one_open_nothing(administrator: User) -> None:
    made = create_api_key(administrator, name="CRM", rights=["call_history.view"])
    assert made.secret not in str(ApiKey.objects.values_list())
    good = Client(headers={"Authorization": f"Bearer {made.secret}"})
    assert good.get("/api/v1/calls").status_code == 200
    for wrong in (made.secret[:-1] + "~", made.secret + "x", "rk_", "", "rk__", "x" * 10_000):
        assert Client(headers={"Authorization": f"Bearer {wrong}"}).get("/api/v1/calls").status_code == 401
    revoke_api_key(administrator, made.id)
    assert good.get("/api/v1/calls").status_code == 401


def test_a_key_gets_only_rights_that_its_maker_has_and_that_keys_may_have() -> None:
    maker = make_person(SUPERVISOR, rights=["api_key.create"])
    for rights in (["look_up.view"], ["system_settings.edit"], ["nonsense"]):
        with pytest.raises(RejectedError, match="forbidden"):
            create_api_key(maker, name="x", rights=rights)
    assert create_api_key(maker, name="x", rights=["call_history.view"]).id


def test_who_does_not_reach_every_row_makes_no_key_that_does() -> None:
    """P6: a key reaches every row."""
    for maker in (
        make_person(None, rights=["api_key.create", "call_history.view"]),
        make_person(AGENT, rights=["api_key.create"]),
    ):
        with pytest.raises(RejectedError, match="forbidden"):
            create_api_key(maker, name="x", rights=["call_history.view"])


@pytest.mark.parametrize(
    ("query", "status"),
    [("size=1000000", 422), ("size=-1", 422), ("cursor=x", 400), ("since=yesterday", 422), ("who=%00", 200)],
)
def test_a_bad_question_gets_a_clear_answer(administrator: User, query: str, status: int) -> None:
    assert caller(administrator, "call_history.view").get(f"/api/v1/calls?{query}").status_code == status


def test_a_switched_off_option_is_refused_with_a_code(administrator: User) -> None:
    """Proves D12."""
    linked = make_linked_call([say("x", AT)])
    Installation.objects.update(chatbot_linkage=False)
    answer = caller(administrator, "chat_content.view").get(f"/api/v1/calls/{linked.call.pk}/chat")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "feature_off")
