"""Marks of what somebody was shown: a form saves nothing over what somebody else has written meanwhile."""

import json
from hashlib import sha256


def mark_of(*values: object) -> str:
    """A short mark that differs when a value does. The order within a list or set does not matter."""
    return sha256(json.dumps([_plain(value) for value in values]).encode("ascii")).hexdigest()[:16]


def _plain(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(str(each) for each in value)
    if isinstance(value, dict):
        return sorted((str(name), str(each)) for name, each in value.items())
    return value if value is None or isinstance(value, bool) else str(value)
