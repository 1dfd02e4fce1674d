"""The only HTTP client: every request leaves through an address guard, a deadline and size caps."""

from renkei.outbound.addresses import AllowList, Destination
from renkei.outbound.breakers import BreakerKey, Breakers
from renkei.outbound.client import Answer, Caps, HttpClient, OutgoingRequest
from renkei.outbound.failures import (
    BadAnswerError,
    ConnectFailedError,
    NameNotFoundError,
    OutboundError,
    RefusedAddressError,
    ResetByPeerError,
    TimedOutError,
    TlsFailedError,
    TooLargeError,
)

__all__ = [
    "AllowList",
    "Answer",
    "BadAnswerError",
    "BreakerKey",
    "Breakers",
    "Caps",
    "ConnectFailedError",
    "Destination",
    "HttpClient",
    "NameNotFoundError",
    "OutboundError",
    "OutgoingRequest",
    "RefusedAddressError",
    "ResetByPeerError",
    "TimedOutError",
    "TlsFailedError",
    "TooLargeError",
]
