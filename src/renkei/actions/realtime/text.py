"""Makes foreign text fit a column: what PostgreSQL cannot hold is replaced, what is too long is cut."""

import re

from renkei.domain.phone import NoNumber, Telephone

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def fit(text: str, longest: int | None = None) -> str:
    """No NUL, no unpaired surrogate (both become U+FFFD), at most ``longest`` characters."""
    text = _UNSTORABLE.sub("\ufffd", text)
    return text if longest is None else text[:longest]


def fit_json(value: object) -> object:
    """The same for every string of a JSON value."""
    match value:
        case str():
            return fit(value)
        case dict():
            return {fit(str(key)): fit_json(each) for key, each in value.items()}
        case list() | tuple():
            return [fit_json(each) for each in value]
    return value


def caller_columns(caller: Telephone | NoNumber, *, raw: str, name: str, dialled: str) -> dict[str, str | None]:
    """Who called whom, as a call's row keeps it: as the line delivered it, and as we read it."""
    return {
        "caller_raw": fit(raw, 200),
        "caller_name": fit(name, 200),
        "caller_e164": caller.e164 if isinstance(caller, Telephone) else None,
        "caller_unknown": caller.value if isinstance(caller, NoNumber) else "",
        "dialled_raw": fit(dialled, 200),
    }
