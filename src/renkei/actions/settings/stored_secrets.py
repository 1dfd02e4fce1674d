"""Stored secrets go only to the hosts they were entered for: who may change an address need not know the secrets."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from renkei.errors import MisconfiguredError
from renkei.models.secrets import open_fields


def is_web_address(url: str) -> bool:
    """A first look only; where requests may go is decided when they are made."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(each.isspace() for each in url)
    except ValueError:
        return False


def hosts_in(values: Iterable[object]) -> frozenset[str]:
    """Scheme, host and port of each value that is an address."""
    words = [str(value) for value in values]
    return frozenset(
        f"{urlsplit(word).scheme}://{urlsplit(word).netloc}".casefold() for word in words if is_web_address(word)
    )


def open_readable(sealed: bytes | memoryview | None) -> dict[str, str]:
    """The secrets as they are; what cannot be decrypted any more is lost and is entered again."""
    try:
        return open_fields(sealed)
    except MisconfiguredError as error:
        if error.code != "unreadable_secret":
            raise
        return {}
