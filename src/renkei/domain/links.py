"""Which addresses in a chat may become a link, and where such a link really leads (R92 to R95)."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import idna

LONGEST_ADDRESS = 8192
LONGEST_HOST = 253

# Characters that browsers drop, turn into something else or show in another order, and quotes and brackets that an
# honest sender escapes: an address with one of them may lead elsewhere than it seems to.
_TREACHEROUS = frozenset("\\<>\"'`{}|^")
_TREACHEROUS_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
_ASCII_HOST = re.compile(r"(?=.*[a-z0-9])[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?\Z")
_BEGINS_LIKE_ONE = re.compile("https?:", re.IGNORECASE | re.ASCII)
# Browsers read a last label like ``1`` or ``0x7f`` as a piece of an IPv4 address in one of its odd notations.
_NUMBER_LABEL = re.compile(r"(?:\d+|0x[0-9a-f]*)\.?\Z")


@dataclass(frozen=True, slots=True)
class Link:
    """An address that may be opened. ``href`` has its host in ASCII, and ``host`` (with a port, when one is given) is
    what the page between us and the address shows: what people read is where they go."""

    href: str
    host: str


def read_link(address: str) -> Link | None:
    """The link for an address that somebody else wrote, or None when it must stay text.

    Only http and https with a host; no user name or password, no control character, no change of direction.
    """
    address = address.strip(" \t\r\n\u3000")
    # Most texts are no address at all, and every message of a chat is asked.
    if not _BEGINS_LIKE_ONE.match(address) or len(address) > LONGEST_ADDRESS or _is_treacherous(address):
        return None
    try:
        parts = urlsplit(address)
        port, host = parts.port, _to_ascii(parts)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.netloc.endswith(":"):
        return None
    if host is None:
        return None
    if port is not None:
        host = f"{host}:{port}"
    return Link(href=parts._replace(netloc=host).geturl(), host=host)


def find_only_link(text: str) -> Link | None:
    """The link of a message that consists of one address and nothing else (R93, R95)."""
    return read_link(text)


def _is_treacherous(address: str) -> bool:
    if address.isascii():
        return not address.isprintable() or not _TREACHEROUS.isdisjoint(address) or " " in address
    return any(c in _TREACHEROUS or unicodedata.category(c) in _TREACHEROUS_CATEGORIES for c in address)


def _to_ascii(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    if not host or len(host) > LONGEST_HOST or "%" in host:
        return None
    if parts.netloc.startswith("["):
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    if not _ASCII_HOST.match(host):
        return None
    if _NUMBER_LABEL.search(host.rstrip(".").rpartition(".")[2]):
        return host if _is_plain_ipv4(host) else None
    return host


def _is_plain_ipv4(host: str) -> bool:
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False
