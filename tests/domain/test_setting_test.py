"""What the connection test of a chat setting counts, and to whom the chats of a page would go."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.chat import Kind, Speaker
from renkei.domain.closed_chat import ClosedChat, ClosedMessage
from renkei.domain.setting_test import PATIENCE, Finding, Verdict, is_overdue, judge, look_through

NOON = datetime(2025, 1, 31, 3, 0, tzinfo=UTC)


def closed(number: str, *, minutes_ago: int = 0, text: str = "秘密") -> ClosedChat:
    at = NOON - timedelta(minutes=minutes_ago)
    said = ClosedMessage(Speaker.CUSTOMER, Kind.TEXT, text, at)
    return ClosedChat(
        external_id="1", started_at=at, closed_at=at, version_at=at, agent_number=number, messages=(said,)
    )


def test_a_page_is_counted_by_agent_and_the_rest_falls_to_the_default_agent() -> None:
    page = [closed("op-1", minutes_ago=3), closed("op-1"), closed("op-9"), closed(""), None, "bad_time"]
    finding = judge(look_through(page, has_more=True), {"op-1": 5, "op-2": 6}, duration_ms=12)
    assert finding.verdict is Verdict.FETCHED
    assert (finding.chats, finding.open, finding.unreadable, finding.default_chats) == (4, 1, 1, 2)
    assert {(each.number, each.chats, each.agent_id) for each in finding.agents} == {("op-1", 2, 5), ("op-9", 1, None)}
    assert (finding.newest, finding.has_more) == (NOON, True)


@given(st.lists(st.sampled_from(["a", "b", "c", ""])), st.sets(st.sampled_from(["a", "b", "c", "d"])))
def test_every_chat_of_a_page_goes_to_a_known_agent_or_to_the_default_agent(
    numbers: list[str], known: set[str]
) -> None:
    finding = judge(look_through(map(closed, numbers), has_more=False), dict.fromkeys(known, 1), duration_ms=0)
    mapped = sum(each.chats for each in finding.agents if each.agent_id is not None)
    assert mapped + finding.default_chats == finding.chats == len(numbers)


def test_an_empty_listing_and_one_that_cannot_be_read_are_told_apart() -> None:
    assert judge(look_through([], has_more=False), {}, duration_ms=0).verdict is Verdict.EMPTY
    assert judge(look_through([None], has_more=False), {}, duration_ms=0).verdict is Verdict.EMPTY
    assert judge(look_through(["bad_time"], has_more=False), {}, duration_ms=0).verdict is Verdict.UNREADABLE


def test_what_is_kept_survives_its_json_and_holds_no_word_of_a_chat() -> None:
    finding = judge(look_through([closed("op-1", text="暗証番号1234")], has_more=False), {}, duration_ms=1)
    kept = json.dumps(finding.to_json(), ensure_ascii=False)
    assert Finding.from_json(json.loads(kept)) == finding
    assert "暗証番号" not in kept


def test_a_test_that_takes_too_long_has_died() -> None:
    assert not is_overdue(NOON, now=NOON + PATIENCE)
    assert is_overdue(NOON, now=NOON + PATIENCE + timedelta(seconds=1))
