"""The text of an API key: ``rk_<8 letters or digits>_<secret>``. The middle finds the row, the whole is checked by its
digest; only the digest is ever stored. A key acts with at most what its maker may do at that moment (judge_key)."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

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


class KeyState(StrEnum):
    """What has become of a key."""

    VALID = "valid"
    FEWER_RIGHTS = "fewer_rights"
    """Its maker lost some of the rights it was given; those sleep."""
    NO_RIGHTS = "no_rights"
    MAKER_DISABLED = "maker_disabled"
    MAKER_BOUND = "maker_bound"
    """Its maker no longer reaches every call, which a key does (P6)."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Standing:
    """A key as it stands now, with the rights it may use; none unless it opens."""

    state: KeyState
    rights: frozenset[str] = frozenset()

    @property
    def opens(self) -> bool:
        """Whether it signs anybody in; one that does not is answered like an unknown one."""
        return self.state in (KeyState.VALID, KeyState.FEWER_RIGHTS, KeyState.NO_RIGHTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who made a key, as they are now. ``rights`` may hold more than the key was given."""

    is_active: bool
    reaches_all: bool
    rights: frozenset[str]


def judge_key(given: frozenset[str], maker: Maker, *, is_revoked: bool) -> Standing:
    """What a key that was given these rights may do now. Nothing is taken from it for good but by revoking it: it
    wakes when its maker may again."""
    if is_revoked:
        return Standing(KeyState.REVOKED)
    if not maker.is_active:
        return Standing(KeyState.MAKER_DISABLED)
    if not maker.reaches_all:
        return Standing(KeyState.MAKER_BOUND)
    rights = given & maker.rights
    if not rights:
        return Standing(KeyState.NO_RIGHTS)
    return Standing(KeyState.VALID if rights == given else KeyState.FEWER_RIGHTS, rights)
