"""A moment as people type it into a filter: ``2025/01/31``, ``2025/1/31 9:05``, ``2025/01/31 24:00`` (D19)."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from renkei.errors import RejectedError

_TYPED = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\Z")


def read_moment(typed: str, *, zone: ZoneInfo, is_end: bool = False) -> datetime:
    """The moment in UTC. A bare day means its beginning, as the end of a period the beginning of the next day;
    24:00 is that too. RejectedError("bad_moment") for anything else, also for a day that does not exist."""
    found = _TYPED.match(unicodedata.normalize("NFKC", typed).strip())
    if found is None:
        raise RejectedError("bad_moment")
    year, month, day = (int(part) for part in found.groups()[:3])
    hour, minute, second = (int(part or 0) for part in found.groups()[3:])
    if found[4] is None and is_end:
        hour = 24
    if hour > 24 or (hour == 24 and (minute or second)):
        raise RejectedError("bad_moment")
    try:
        wall = datetime(year, month, day, hour % 24, minute, second, tzinfo=zone)
        # Adding to a wall-clock time keeps the wall clock, also over a summer-time change.
        moment = (wall + timedelta(days=1) if hour == 24 else wall).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RejectedError("bad_moment") from error
    return moment
