"""Where a request may go: the address guard.

Without an entry in the allow-list only ``https`` on port 443 of a public address is allowed. An entry names one
scheme, host and port (an on-premises system, the demonstration's emulator) and there also allows private addresses.
There is no switch that turns the guard off. Link-local addresses, where clouds keep their secrets, are never allowed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Self

import httpx2

from renkei.outbound.failures import RefusedAddressError

IpAddress = IPv4Address | IPv6Address

DEFAULT_PORTS = {"https": 443, "http": 80}

_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_V4_COMPATIBLE = IPv6Network("::/96")
_PROTOCOL_ASSIGNMENTS = IPv4Network("192.0.0.0/24")  # one cloud keeps its metadata at 192.0.0.192
_CLOUD_WIRE_SERVER = IPv4Address("168.63.129.16")  # a public address that is answered inside one cloud only


_HOST = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,252}|[0-9a-f:.]{2,45}")


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    """One scheme, host and port. The host is in lower case and ASCII (IDNA), an IPv6 literal without brackets."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Read the destination of a URL; raises RefusedAddressError with a code for what is no plain http(s) URL."""
        try:
            parsed = httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError) as error:
            raise RefusedAddressError("bad_url") from error
        if parsed.scheme not in DEFAULT_PORTS:
            raise RefusedAddressError("scheme_not_allowed")
        if parsed.userinfo:
            raise RefusedAddressError("userinfo_in_url")
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
        if not _HOST.fullmatch(host) or parsed.port == 0:
            raise RefusedAddressError("bad_url")
        return cls(scheme=parsed.scheme, host=host, port=parsed.port or DEFAULT_PORTS[parsed.scheme])


@dataclass(frozen=True, slots=True)
class AllowList:
    """The destinations an administrator has named; equal lists share their connections."""

    entries: frozenset[Destination] = frozenset()

    @classmethod
    def of(cls, urls: Iterable[str]) -> Self:
        """Read entries such as ``http://192.168.10.5:8080``; raises RefusedAddressError for one that is no such URL."""
        return cls(frozenset(Destination.of(url) for url in urls))

    def check(self, destination: Destination) -> None:
        """Refuse a scheme or port nobody named. The address itself is checked when it is known."""
        if destination in self.entries:
            return
        if destination.scheme != "https":
            raise RefusedAddressError("scheme_not_allowed")
        if destination.port != DEFAULT_PORTS["https"]:
            raise RefusedAddressError("port_not_allowed")

    def check_address(self, address: str, *, host: str, port: int) -> None:
        """Refuse an address that ``host`` resolved to, unless it is public or its host and port were named."""
        ip = _inner(ip_address(address.partition("%")[0]))
        if _is_never_allowed(ip):
            raise RefusedAddressError("address_never_allowed")
        if any(entry.host == host and entry.port == port for entry in self.entries):
            return
        if not _is_public(ip):
            raise RefusedAddressError("address_not_public")


def _inner(ip: IpAddress) -> IpAddress:
    """Unwrap an IPv4 address that travels inside IPv6 (mapped, compatible, NAT64, 6to4, Teredo)."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64 or (ip in _V4_COMPATIBLE and int(ip) > 1):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    return ip


def _is_never_allowed(ip: IpAddress) -> bool:
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return True
    if isinstance(ip, IPv6Address):
        return ip.is_site_local
    return ip == _CLOUD_WIRE_SERVER or ip in _PROTOCOL_ASSIGNMENTS or ip == IPv4Address("255.255.255.255")


def _is_public(ip: IpAddress) -> bool:
    if isinstance(ip, IPv6Address) and ip in _NAT64_LOCAL:
        return False
    return ip.is_global and not (ip.is_private or ip.is_loopback or ip.is_reserved)
