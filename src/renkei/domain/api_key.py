"""The text of an API key: ``rk_<8 letters or digits>_<secret>``. The middle finds the row, the whole is checked by its
digest; only the digest is ever stored."""

import hashlib
import hmac
import re
from dataclasses import dataclass

PREFIX_LENGTH = 8
_KEY = re.compile(r"rk_([a-z0-9]{8})_([A-Za-z0-9_-]{32,128})\Z")


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as somebody sent it, well formed and not yet checked."""

    prefix: str
    sha256: str


def write_key(prefix: str, secret: str) -> str:
    """The text that is shown once; ``secret`` comes from the caller's source of chance. ValueError for bad parts."""
    text = f"rk_{prefix}_{secret}"
    if not _KEY.match(text):
        raise ValueError("not a key")
    return text


def read_key(text: str) -> KeyText | None:
    """The parts of a key, or None for anything that cannot be one."""
    found = _KEY.match(text)
    return KeyText(found[1], hashlib.sha256(text.encode()).hexdigest()) if found else None


def is_same_secret(key: KeyText, stored_sha256: str) -> bool:
    """Whether the key is the stored one, in constant time."""
    return hmac.compare_digest(key.sha256, stored_sha256)
