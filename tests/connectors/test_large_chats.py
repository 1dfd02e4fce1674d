"""A chat that alone is more than a page may be: it stands aside with its reason, and those behind it are reached."""

from collections.abc import AsyncIterator

import pytest

from renkei.connectors import fetching
from renkei.connectors.closed_reading import LARGEST_HEAD, LARGEST_RECORD, UNREADABLE, cut_large
from renkei.connectors.contract import ClosedRecord
from renkei.errors import RetryLaterError
from renkei.outbound import Caps
from tests.connectors.closed_desk import RunningDesk, patient, running_desk


@pytest.fixture
async def desk() -> AsyncIterator[RunningDesk]:
    async with running_desk("standard") as there:
        yield there


async def test_a_chat_beyond_the_cap_of_a_page_stands_aside_and_the_listing_goes_on(
    desk: RunningDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves R148. It would otherwise be asked for again for ever, and hide what was closed after it."""
    monkeypatch.setattr(fetching, "CAPS", Caps(inflated_bytes=LARGEST_RECORD))
    before = await desk.seed(3, minutes_ago=30)
    await desk.seed(minutes_ago=20, poison="ten_megabyte_message")
    after = await desk.seed(3, minutes_ago=10)
    pages = await patient(desk, 60.0).walk()
    assert set(desk.read(*pages)) == {*before, *after}
    (huge,) = [each for page in pages for each in page.records if UNREADABLE in dict(each.payload or {})]  # type: ignore[arg-type]
    assert isinstance(huge.payload, dict)
    assert huge.payload[UNREADABLE] == "record_too_large"
    assert len(str(huge.payload["raw"])) <= LARGEST_HEAD
    assert huge.source_id
    assert huge.version_at is not None
    assert desk.parse(huge.payload) == "record_too_large"


async def test_what_is_beyond_all_measure_is_tried_again_later(
    desk: RunningDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody makes us read without end."""
    monkeypatch.setattr(fetching, "CAPS", Caps(inflated_bytes=1_000_000))
    monkeypatch.setattr(fetching, "CAPS_OF_ONE", Caps(inflated_bytes=2_000_000))
    await desk.seed(minutes_ago=20, poison="ten_megabyte_message")
    with pytest.raises(RetryLaterError, match="too_large"):
        await patient(desk, 60.0).walk()


def test_only_what_is_too_large_is_cut() -> None:
    small, large = ClosedRecord({"id": "a"}, "a"), ClosedRecord({"id": "b", "text": "あ" * (LARGEST_RECORD // 3)}, "b")
    kept, cut = cut_large([small, large])
    assert kept is small
    assert (cut.source_id, len(str(cut.payload))) < ("c", LARGEST_HEAD + 100)
