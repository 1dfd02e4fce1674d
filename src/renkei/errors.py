"""The five things that may go wrong on purpose; everything else is a bug.

Each carries a code and parameters, never a sentence: the words people read live in ``messages.py``.
"""

from collections.abc import Mapping
from typing import Any


class RenkeiError(Exception):
    """An expected failure.

    ``code`` is a key of the catalogue in ``messages.py``; ``params`` are the values its sentence names.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, Any] = params


class RejectedError(RenkeiError):
    """A person asked for what the rules forbid; shown to them."""


class BadSignatureError(RenkeiError):
    """A delivery is not from whom it claims to be: 401, counted, no details."""


class MalformedPayloadError(RenkeiError):
    """Theirs, but not understood: kept raw, go on with the next."""


class RetryLaterError(RenkeiError):
    """The outside is tired or limits us; ``after`` is in seconds."""

    def __init__(self, code: str, *, after: float, **params: Any) -> None:
        super().__init__(code, **params)
        self.after = after


class MisconfiguredError(RenkeiError):
    """Settings are wrong (token, mapping): stop this connection, say so in the console."""
