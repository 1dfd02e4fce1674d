"""The agents' telephones as PJSIP objects, and what their displays may be told."""

import unicodedata
from collections.abc import Mapping

from renkei.telephony.asterisk.names import PHONES, endpoint_of, safe_word
from renkei.telephony.port import Phone

_LONGEST_NAME = 60
KINDS = ("auth", "aor", "endpoint")
"""The objects of a telephone, in the order in which they are made and taken away."""


def objects_of(phone: Phone) -> tuple[tuple[str, str, Mapping[str, str]], ...]:
    """The objects of a browser's telephone as (kind, name, fields), in the order in which they must be made.

    G.711 needs no transcoder between a prompt, a trunk and a browser. A browser that is shut without a word is noticed
    by the sound that stops coming (rtp_timeout).
    """
    name = endpoint_of(phone.extension)
    auth = {"auth_type": "userpass", "username": name, "password": safe_word(phone.password)}
    aor = {"max_contacts": "1", "remove_existing": "yes", "qualify_frequency": "0"}
    endpoint = {
        "context": PHONES,
        "disallow": "all",
        "allow": "ulaw,alaw",
        "webrtc": "yes",
        "direct_media": "no",
        "allow_transfer": "no",
        "rtp_timeout": "30",
        "rtp_timeout_hold": "300",
        "language": "ja",
        "auth": name,
        "aors": name,
    }
    return (("auth", name, auth), ("aor", name, aor), ("endpoint", name, endpoint))


def caller_id(name: str, number: str) -> str:
    """What the agent's display shows of the caller: ``"name" <number>``, nothing that could leave its quotes."""
    shown = "".join(c for c in name if unicodedata.category(c)[0] not in "CZ" or c == " ")
    shown = "".join(c for c in shown if c not in '"\\<>').strip()[:_LONGEST_NAME]
    digits = "".join(c for c in number if c in "+0123456789*#")[:32]
    return f'"{shown}" <{digits}>'


def header_value(text: str) -> str:
    """A SIP header's value: printable ASCII without what a channel variable would read otherwise."""
    return "".join(c for c in text if " " < c < "\x7f" and c not in "${}[]\\\"';,")[:200]
