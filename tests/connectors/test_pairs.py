"""Every pair name.in.json / name.out.json of a connector: what came in, and what we make of it.

Pairs in ``<system>/closed/`` are records of a listing of completed chats, read by that system's parse_closed; those
beside them are read by the parser named here. A delivery or an answer that was not understood becomes a test by laying
its file here.
"""

import dataclasses
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from renkei.connectors import described, standard
from renkei.connectors.contract import Delivery
from renkei.connectors.reading import read_conversations
from renkei.connectors.registry import CONNECTORS, get_connector
from renkei.domain.chat import Conversation
from renkei.domain.foreign_json import read_json
from renkei.errors import MalformedPayloadError
from renkei.messages import SENTENCES

HERE = Path(__file__).parent


def parse_push(body: bytes) -> tuple[Conversation, ...]:
    return standard.parse(Delivery(headers={}, body=body))


def parse_lookup(body: bytes) -> tuple[Conversation, ...]:
    return read_conversations(read_json(body), standard.SHAPE, project_id="P", channel_id="C")


def parse_described(name: str, body: bytes) -> tuple[Conversation, ...]:
    lookup = described.shipped(name).lookup
    assert lookup is not None
    return read_conversations(read_json(body), lookup.shape, project_id="P", channel_id="C")


def parse_record(name: str, body: bytes) -> Any:
    parse_closed = get_connector(name).parse_closed
    assert parse_closed is not None
    chat = parse_closed(read_json(body))
    return None if chat is None else dataclasses.asdict(chat)


PARSERS: dict[str, Callable[[bytes], tuple[Conversation, ...]]] = {
    "standard": parse_push,
    "standard_lookup": parse_lookup,
    "dec_support": partial(parse_described, "dec_support"),
}
PAIRS = sorted([*HERE.glob("*/*.in.json"), *HERE.glob("*/closed/*.in.json")])
NAMES = [str(pair.relative_to(HERE))[: -len(".in.json")] for pair in PAIRS]


def outcome(pair: Path, body: bytes) -> Any:
    try:
        if pair.parent.name == "closed":
            return parse_record(pair.parent.parent.name, body)
        conversations = PARSERS[pair.parent.name](body)
    except MalformedPayloadError as refused:
        return {"refused": refused.code} | dict(refused.params)
    return [dataclasses.asdict(each) for each in conversations]


def test_there_are_pairs_for_every_parser() -> None:
    assert {pair.parent.name for pair in PAIRS} - {"closed"} == set(PARSERS)
    closed = {pair.parent.parent.name for pair in PAIRS if pair.parent.name == "closed"}
    assert closed == {each.name for each in CONNECTORS if each.parse_closed is not None}


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_what_came_in_is_understood_as_written_beside_it(pair: Path) -> None:
    expected = json.loads(pair.with_name(pair.name.replace(".in.json", ".out.json")).read_text(encoding="utf-8"))
    seen = json.loads(json.dumps(outcome(pair, pair.read_bytes()), default=lambda each: each.isoformat()))
    assert seen == expected


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_no_cut_and_no_changed_byte_makes_a_parser_crash(pair: Path) -> None:
    body = pair.read_bytes().rstrip()
    step = max(1, len(body) // 150)
    for position in range(0, len(body), step):
        before, after = body[:position], body[position + 1 :]
        for spoilt in (before, before + b"\x00" + after, before + b"1" + after):
            seen = outcome(pair, spoilt)
            assert not (isinstance(seen, dict) and "refused" in seen) or seen["refused"] in SENTENCES, spoilt
        assert "refused" in outcome(pair, before), "half a document is no document"
