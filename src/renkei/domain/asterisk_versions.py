"""Which Asterisk is too old for us, or known to be open to attack; decided from its version string alone."""

import re
from dataclasses import dataclass

OLDEST = 20
"""The oldest branch whose ARI is the one that we use."""

FIXED: dict[int, tuple[tuple[int, int], str]] = {
    20: ((15, 2), "GHSA-64qc-9x89-rx5j"),
    21: ((9, 1), "CVE-2025-47779"),
    22: ((5, 2), "GHSA-64qc-9x89-rx5j"),
}
"""By branch: the release that closed the newest hole we know of, and the advisory that says so.

Source: https://github.com/asterisk/asterisk/security/advisories. A branch that is not named here had none when this was
written; the table ages, so no finding is no promise."""

_VERSION = re.compile(r"(?:\A|\s)(certified[/-])?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class TooOld:
    """Not one that we can work with."""

    version: str


@dataclass(frozen=True, slots=True)
class Holed:
    """Open to attack: ``fixed`` is the first release of its branch that is not, ``advisory`` says what it is about."""

    version: str
    fixed: str
    advisory: str


def judge_asterisk(said: str) -> TooOld | Holed | None:
    """What is wrong with the Asterisk that calls itself ``said`` (``asterisk -V``, or ARI's version).

    None for nothing known, also when it is no version. Certified releases are counted otherwise: only their branch is
    judged."""
    found = _VERSION.search(said)
    if found is None:
        return None
    certified, branch, minor, patch = found[1], int(found[2]), int(found[3]), int(found[4] or 0)
    version = found[0].strip()
    if branch < OLDEST:
        return TooOld(version)
    if certified or branch not in FIXED:
        return None
    (fixed_minor, fixed_patch), advisory = FIXED[branch]
    if (minor, patch) >= (fixed_minor, fixed_patch):
        return None
    return Holed(version, f"{branch}.{fixed_minor}.{fixed_patch}", advisory)
