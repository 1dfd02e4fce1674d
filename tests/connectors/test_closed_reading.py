"""Reading completed chats: any JSON at all, pages with one broken record in them, and pages that are none."""

import json
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.cli.emulate.closed.chats import make_up
from renkei.cli.emulate.closed.records import write_own, write_standard
from renkei.connectors import described, standard
from renkei.connectors.closed_reading import UNREADABLE, read_records
from renkei.connectors.contract import Delivery
from renkei.connectors.registry import CONNECTORS
from renkei.connectors.splitting import split_records
from renkei.domain.chat import Kind, Speaker
from renkei.domain.closed_chat import ClosedChat
from renkei.errors import BadSignatureError, MalformedPayloadError
from tests.connectors.conftest import NOW
from tests.connectors.test_standard import NEW, OLD, signed

PARSERS = {each.name: each.parse_closed for each in CONNECTORS if each.parse_closed is not None}
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.sampled_from([10**4_000, -(10**700), 1e308])
)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4), max_leaves=20
)
WORDS = sorted(
    {"status", "closed", "id", "chat_id", "messages", "customer", "agent", "operator", "text", "sent_at", "closed_at"}
    | {"updated_at", "started_at", "speaker", "kind", "sender", "type", "url", "phone", "name", "resolved", UNREADABLE}
)
NEAR_JSON = st.dictionaries(st.sampled_from(WORDS), ANY_JSON | st.sampled_from(WORDS), max_size=8)


def records(count: int = 3) -> list[bytes]:
    return [write_standard(make_up(random.Random(each), chat_id=f"c-{each}", closed_at=NOW)) for each in range(count)]


def page(*each: bytes) -> bytes:
    return b'{"total": 3, "conversations": [' + b", ".join(each) + b'], "next": "n"}'


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@given(payload=ANY_JSON | NEAR_JSON)
@settings(max_examples=300)
def test_no_json_makes_a_parser_raise_anything_but_malformed(parse: Any, payload: object) -> None:
    """Proves D16."""
    try:
        chat = parse(payload)
    except MalformedPayloadError:
        return
    assert chat is None or isinstance(chat, ClosedChat)


@pytest.mark.parametrize("system", ["standard", "smart_m_talk"])
@given(data=st.data())
@settings(max_examples=300)
def test_a_good_record_with_anything_in_the_place_of_any_value_is_read_or_refused(system: str, data: Any) -> None:
    """Proves D16."""
    write = {"standard": write_standard, "smart_m_talk": write_own}[system]
    record = json.loads(write(make_up(random.Random(1), chat_id="c", closed_at=NOW)))
    holder = record
    while True:
        key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        if not (isinstance(holder[key], dict | list) and holder[key] and data.draw(st.booleans())):
            break
        holder = holder[key]
    holder[key] = data.draw(ANY_JSON)
    try:
        chat = PARSERS[system](record)
    except MalformedPayloadError:
        return
    assert chat is None or (chat.closed_at.tzinfo is not None and chat.version_at.tzinfo is not None)


BROKEN = {
    "not_a_number": b'{"id": "c-9", "score": NaN}',
    "endless": b'{"id": "c-9", "score": 1e999}',
    "too_deep": b'{"id": "c-9", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "duplicate_key": b'{"id": "c-9", "a": 1, "a": 2}',
    "not_utf8": b'{"id": "c-9", "text": "\xff\xfe \x83e\\\\"}',
    "not_json": b'{"id": "c-9", "text": nothing, "list": [1 2]}',
    "huge_number": b'{"id": "c-9", "n": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_record_that_is_no_json_stands_alone_and_its_neighbours_are_read(broken: bytes) -> None:
    """Proves D16."""
    good = records()
    document, read = read_records(page(good[0], broken, good[1], good[2]), standard.CLOSED_SHAPE)
    assert document["next"] == "n"
    assert [each.source_id for each in read] == ["c-0", "c-9", "c-1", "c-2"]
    assert [each.payload for each in read if each.source_id != "c-9"] == [json.loads(each) for each in good]
    with pytest.raises(MalformedPayloadError) as refused:
        standard.parse_closed(read[1].payload)
    assert refused.value.code == read[1].payload[UNREADABLE]
    assert read[1].payload["raw"].startswith('{"id": "c-9"')
    json.dumps(read[1].payload).encode()
    assert "\x00" not in read[1].payload["raw"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"<!doctype html>",
        b"[]",
        b'{"conversations": {}}',
        b'{"conversations": null}',
        b'{"conversations": [{"id": "c"}',
        b'{"conversations": [], "conversations": []}',
        b'{"conversations": [], "next": NaN}',
        b'{"other": {"conversations": [NaN]}}',
        page(*records()).decode().encode("utf-16"),
        b"[" * 1_000_000,
        b'{"conversations": [' + b"[" * 1_000_000,
        b'{"conversations": ["' + b'\\"' * 1_000_000,
        b'{"conversations": ["' + b"\\" * 1_000_001,
        b'{"conversations": [' + b'{"a":' * 1_000_000,
        b'"' * 1_000_001,
        b"{" * 500_000 + b'"',
    ],
    ids=range(18),
)
def test_what_is_no_page_is_refused_whole_and_at_once(body: bytes) -> None:
    """Proves D16."""
    with pytest.raises(MalformedPayloadError):
        read_records(body, standard.CLOSED_SHAPE)


@given(st.binary(max_size=60), st.integers(0, len(page(*records()))), st.integers(0, 60))
@settings(max_examples=300)
def test_whatever_stands_anywhere_in_a_page_it_is_refused_or_what_stood_before_is_read(
    junk: bytes, at: int, gone: int
) -> None:
    """Nothing but malformed is raised; a page that is read keeps every record before the spoilt place, as it was."""
    good = records()
    body = page(*good)
    spoilt = body[:at] + junk + body[at + gone :]
    try:
        _document, read = read_records(spoilt, standard.CLOSED_SHAPE)
    except MalformedPayloadError:
        return
    whole = [each for each in good if body.index(each) + len(each) < at]
    assert [each.payload for each in read[: len(whole)]] == [json.loads(each) for each in whole]


@given(
    st.lists(
        st.recursive(
            SCALARS.filter(lambda x: not isinstance(x, int) or abs(x) < 10**400),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
        ),
        max_size=5,
    )
)
def test_cutting_a_page_apart_and_reading_it_whole_find_the_same_records(listed: list[Any]) -> None:
    body = json.dumps({"a": {"b": listed, "c": [1, {"b": 2}]}, "next": "]"}).encode()
    skeleton, pieces = split_records(body, "a.b")
    assert json.loads(skeleton) == {"a": {"b": [], "c": [1, {"b": 2}]}, "next": "]"}
    again = [json.loads(piece) for piece in pieces]
    assert json.dumps(again) == json.dumps(listed)
    assert all(not isinstance(each, float) or math.isnan(each) or each == each for each in again)


def test_times_numbers_people_and_files_come_over() -> None:
    """Proves R145, R153, R161, R163."""
    chat = make_up(random.Random(3), chat_id="T-1", closed_at=NOW)
    for system, write in (("standard", write_standard), ("smart_m_talk", write_own)):
        read = PARSERS[system](json.loads(write(chat)))
        assert isinstance(read, ClosedChat)
        assert chat.operator is not None
        assert chat.customer is not None
        assert (read.external_id, read.closed_at, read.version_at, read.started_at) == (
            "T-1", NOW, NOW, chat.started_at
        )  # fmt: skip
        assert (read.agent_number, read.agent_name) == (chat.operator.number, chat.operator.name)
        assert (read.customer_number, read.customer_phone) == (chat.customer.number, chat.customer.phone)
        assert (read.customer_name, read.customer_email) == (chat.customer.name, chat.customer.email)
        assert (read.subject, read.entrance) == (chat.subject, chat.entrance)
        assert [(each.text, each.sent_at, each.author) for each in read.messages] == [
            (line.text, line.sent_at, line.author) for line in chat.lines
        ]
        assert read.messages[0].speaker is Speaker.BOT
        assert read.messages[0].kind is Kind.TEXT


def push(body: bytes) -> Delivery:
    return signed(NEW, body=body)


def test_a_signed_push_brings_its_chat_and_a_forged_one_nothing() -> None:
    """What could not be read is kept, and what came with it is read (P3 is proven over the database)."""
    connector = standard.CONNECTOR
    assert connector.verify_closed is not None
    assert connector.parse_pushed is not None
    entered = standard.ClosedChatSettings(signing_keys=f"{OLD}\n{NEW}")
    body = b'{"type": "conversation.closed", "conversation": ' + records(1)[0] + b"}"
    assert connector.verify_closed(entered, push(body)) == "msg-1"
    (record,) = connector.parse_pushed(push(body))
    assert record.source_id == "c-0"
    assert isinstance(standard.parse_closed(record.payload), ClosedChat)
    for wrong in (standard.ClosedChatSettings(signing_keys=OLD), standard.ClosedChatSettings()):
        with pytest.raises(BadSignatureError):
            connector.verify_closed(wrong, push(body))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"type": 1}', b'{"type": "conversation.closed"}', b"\xff", b'{"type": "x", "type": "y"}']
)
def test_a_body_that_is_no_push_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedPayloadError):
        standard.parse_pushed(Delivery(headers={}, body=body))


@pytest.mark.parametrize("conversation", [None, 1, [], {}, {"id": {}}, "text"])
def test_a_record_in_a_push_is_kept_whatever_it_is(conversation: object) -> None:
    """What could not be read is kept, and what came with it is read (P3 is proven over the database)."""
    body = json.dumps({"type": "conversation.closed", "conversation": conversation}).encode()
    (record,) = standard.parse_pushed(push(body))
    assert record.payload == conversation
    assert record.source_id == ""
    assert standard.parse_pushed(push(b'{"type": "conversation.updated", "conversation": {}}')) == ()


def test_descriptions_name_only_states_that_mean_open_or_closed() -> None:
    closed = described.shipped("smart_m_talk").closed
    assert closed is not None
    assert set(closed.listing.shape.states.values()) == {True, False}
