"""JSON from strangers: refused with a reason, or made storable."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.foreign_json import DEEPEST, MOST_VALUES, clean_text, read_json
from renkei.errors import MalformedPayloadError

CODES = {"duplicate_key", "not_a_number", "not_json", "not_utf8", "too_deep", "too_many_values"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"<!doctype html><p>200", "not_json"),
        (b'{"a": [1, 2', "not_json"),
        (b'{"a": 1} trailing', "not_json"),
        (b'{"a": NaN}', "not_a_number"),
        (b'{"a": -Infinity}', "not_a_number"),
        (b'{"a": 1e999}', "not_a_number"),
        (b"9" * 5_000, "not_json"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a\\u0000": 1, "a\\ud800": 2}', "duplicate_key"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too_deep"),
        (b"[" + b"1," * MOST_VALUES + b"1]", "too_many_values"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "too_deep"),
        ('{"a": "あ"}'.encode("utf-16"), "not_utf8"),
        ('{"a": "あ"}'.encode("utf-16-le"), "not_json"),
        ('{"a": "あ"}'.encode("cp932"), "not_utf8"),
        (b'{"a": "\xed\xa0\x80"}', "not_utf8"),
        (b'{"a": "\x00"}', "not_json"),
    ],
    ids=lambda each: str(each)[:24],
)
def test_what_is_no_plain_json_is_refused_with_its_reason(body: bytes, code: str) -> None:
    with pytest.raises(MalformedPayloadError) as refused:
        read_json(body)
    assert refused.value.code == code


def test_what_no_column_can_hold_is_replaced_wherever_it_stands() -> None:
    document = read_json(b'\xef\xbb\xbf{"k\\u0000": "\\ud83d", "l": ["\\udc00", {"m": "a\\u0000b"}, ["\\u0000"]]}')
    assert document == {"k\ufffd": "\ufffd", "l": ["\ufffd", {"m": "a\ufffdb"}, ["\ufffd"]]}
    assert read_json(b'"\\u0000"') == "\ufffd"


def test_a_paired_surrogate_is_the_letter_it_stands_for() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "😀"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_every_document_it_returns_can_be_stored(document: object) -> None:
    try:
        read = read_json(json.dumps(document).encode())
    except MalformedPayloadError:
        return  # two keys that differ only in what cannot be stored
    stored = json.dumps(read, ensure_ascii=False)
    assert stored.encode("utf-8")
    assert "\\u0000" not in stored


def judge(body: bytes) -> str:
    """Read, and then storable as it is, or refused with a code."""
    try:
        read = read_json(body)
    except MalformedPayloadError as refused:
        return refused.code
    return "read" if json.loads(json.dumps(read)) == read else "changed"


@given(st.binary(max_size=200) | JSON_VALUES.map(lambda document: json.dumps(document).encode()))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    assert judge(body) in ("read", *CODES)


@given(st.text())
def test_cleaning_keeps_the_length_and_all_that_can_be_stored(text: str) -> None:
    cleaned = clean_text(text)
    assert len(cleaned) == len(text)
    assert all(a == b or b == "\ufffd" for a, b in zip(text, cleaned, strict=True))
