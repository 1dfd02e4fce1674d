"""Why a request of ours got no answer. Each failure has a code and never quotes what the other side sent."""

from typing import ClassVar


class OutboundError(Exception):
    """A request that ended without a usable HTTP answer.

    ``code`` is stable and stored in the external-API history; ``is_transport`` tells whether the circuit
    breaker counts it (transport errors and time-outs do, our own refusals do not).
    """

    code: ClassVar[str] = "outbound_failed"
    is_transport: ClassVar[bool] = True

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.code)
        self.detail = detail


class RefusedAddressError(OutboundError):
    """The guard forbids this destination; nothing was sent."""

    code = "address_refused"
    is_transport = False


class NameNotFoundError(OutboundError):
    """The host name does not resolve."""

    code = "name_not_found"


class ConnectFailedError(OutboundError):
    """Nobody listens there, or the network has no way to it."""

    code = "connect_failed"


class TlsFailedError(OutboundError):
    """The secure connection could not be agreed (certificate, protocol)."""

    code = "tls_failed"


class TimedOutError(OutboundError):
    """The total deadline passed: connecting, sending and reading together."""

    code = "timed_out"


class ResetByPeerError(OutboundError):
    """The other side closed the connection before its answer was whole."""

    code = "connection_reset"


class BadAnswerError(OutboundError):
    """What came back is not HTTP, or its compression is broken."""

    code = "not_http"


class TooLargeError(OutboundError):
    """The answer passed a size cap, on the wire or inflated; the rest was not read."""

    code = "too_large"
    is_transport = False
