"""The body of a look-up: read strictly, refused by field."""

from datetime import UTC, datetime

import pytest

from renkei.domain.phone import NoNumber, Telephone
from renkei.errors import MalformedPayloadError
from renkei.realtime.questions import read_question


def test_a_whole_question_is_read() -> None:
    """Numbers become telephones, times UTC; what is left out has its default."""
    read = read_question(
        '{"ivr": 3, "caller": "０９０－１２３４－５６７８", "arrived_at": "2025-01-31T09:00:00+09:00"}'.encode()
    )
    assert (read.ivr, read.caller, read.mode) == (3, Telephone("+819012345678"), "full")
    assert read.arrived_at == datetime(2025, 1, 31, tzinfo=UTC)
    assert (read.call_id, read.dialled, read.caller_name) == ("", "", "")


@pytest.mark.parametrize(
    ("body", "caller"),
    [
        (b'{"ivr": 1, "caller": null}', NoNumber.UNKNOWN),
        (b'{"ivr": 1, "caller": "anonymous"}', NoNumber.WITHHELD),
        (b'{"ivr": 1, "caller": "09012345678", "withheld": true}', NoNumber.WITHHELD),
        (b'{"ivr": 1, "caller": "\\u0000"}', NoNumber.UNPARSABLE),
    ],
)
def test_a_caller_without_a_number_has_a_reason(body: bytes, caller: NoNumber) -> None:
    """The same reading as on the line."""
    assert read_question(body).caller is caller


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"", "not_json", None),
        (b"[]", "wrong_type", None),
        (b"{}", "field_missing", "caller"),
        (b'{"ivr": 1}', "field_missing", "caller"),
        (b'{"caller": "1"}', "field_missing", "ivr"),
        (b'{"ivr": "1", "caller": "1"}', "bad_field", "ivr"),
        (b'{"ivr": true, "caller": "1"}', "bad_field", "ivr"),
        (b'{"ivr": 1.5, "caller": "1"}', "bad_field", "ivr"),
        (b'{"ivr": 0, "caller": "1"}', "bad_field", "ivr"),
        (b'{"ivr": 9223372036854775808, "caller": "1"}', "bad_field", "ivr"),
        (b'{"ivr": 1, "caller": ["1"]}', "bad_field", "caller"),
        (b'{"ivr": 1, "caller": "1", "withheld": "no"}', "bad_field", "withheld"),
        (b'{"ivr": 1, "caller": "1", "arrived_at": "2025-01-31T09:00:00"}', "bad_field", "arrived_at"),
        (b'{"ivr": 1, "caller": "1", "arrived_at": "yesterday"}', "bad_field", "arrived_at"),
        (b'{"ivr": 1, "caller": "1", "arrived_at": "9999-12-31T23:59:59-23:59"}', "bad_field", "arrived_at"),
        (b'{"ivr": 1, "caller": "1", "mode": "wild"}', "bad_field", "mode"),
        (b'{"ivr": 1, "caller": "1", "mode": {}}', "bad_field", "mode"),
        (b'{"ivr": 1, "caller": "1", "channel": "x"}', "bad_field", "channel"),
        (b'{"ivr": 1, "ivr": 2, "caller": "1"}', "duplicate_key", None),
        (b'{"ivr": 1, "caller": "' + b"1" * 201 + b'"}', "bad_field", "caller"),
        (b"[" * 20_000, "too_deep", None),
    ],
)
def test_a_bad_question_is_refused_by_name(body: bytes, code: str, field: str | None) -> None:
    """Never anything but our own error, whatever comes."""
    with pytest.raises(MalformedPayloadError) as refused:
        read_question(body)
    assert refused.value.code == code
    if field is not None:
        assert refused.value.params["field"] == field
