"""The names that we and the generated dialplan share, and what a value must look like to be put into either.

Whatever comes from a person or a network is checked here before it reaches a dialplan, a dial string or a file name.
"""

import re

from renkei.telephony.port import LineError

TRUNK = "renkei-trunk"
"""Endpoint and dialplan context of the calls that come from outside."""
RUN = "renkei-run"
"""Context that runs the compiled rule named by FALLBACK, busy when there is none of that name."""
NUMBERS = "renkei-numbers"
PHONES = "renkei-phones"
"""Context of the agents' telephones: they are rung, they dial nothing."""
MUSIC = "renkei"
"""Music class of waiting callers."""
BUSY = "busy"

CALLED = "RENKEI_CALLED"
"""Channel variable: the number dialled, verbatim."""
FALLBACK = "RENKEI_FALLBACK"
"""Channel variable: the compiled rule that runs when the net catches the call."""
LEG = "RENKEI_LEG"
"""Channel variable of an agent's leg: ``ring id,extension,line id``."""
NET = "TIMEOUT(absolute)"
PRESENTATION = "CALLERID(pres)"
PRIVACY = "RENKEI_PRIVACY"
"""Channel variable: the Privacy header (RFC 3323), which Asterisk minds only beside a P-Asserted-Identity."""
CHANNEL_VARIABLES = (CALLED, LEG, PRESENTATION, PRIVACY)
"""What Asterisk tells with every channel, so that nothing has to be asked for."""

_RULE = re.compile(r"[a-z0-9-]{1,40}\Z")
_MEDIA = re.compile(r"[A-Za-z0-9_-]{1,80}(/[A-Za-z0-9_-]{1,80}){0,3}\Z")
_EXTENSION = re.compile(r"[0-9]{2,6}\Z")
_APP = re.compile(r"[a-z][a-z0-9-]{0,38}\Z")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}(/[0-9]{1,3})?\Z")
_PATH = re.compile(r"/[A-Za-z0-9_./-]{1,200}\Z")
_WORD = re.compile(r"[A-Za-z0-9_.~-]{1,128}\Z")


class UnsafeValueError(LineError, ValueError):
    """A value that must not reach the telephone system's configuration; ``args`` say which kind it is."""


def _checked(pattern: re.Pattern[str], kind: str, value: str) -> str:
    if not pattern.match(value) or ".." in value:
        raise UnsafeValueError(kind, value[:80])
    return value


def rule_context(rule: str) -> str:
    """The dialplan context of a compiled rule (``rule-12``, ``busy``)."""
    return "renkei-" + _checked(_RULE, "rule", rule)


def safe_rule(rule: str) -> str:
    """A compiled rule's name, as a channel variable may hold it."""
    return _checked(_RULE, "rule", rule)


def safe_media(key: str) -> str:
    """A media key: path segments of letters, digits, ``-`` and ``_``, no extension."""
    return _checked(_MEDIA, "media", key)


def endpoint_of(extension: str) -> str:
    """The PJSIP object of an extension's telephone in the browser."""
    return _checked(_EXTENSION, "extension", extension) + "-web"


def is_endpoint(name: str) -> bool:
    """Whether a PJSIP object is an extension's telephone in the browser, and not a trunk or somebody else's."""
    extension = name.removesuffix("-web")
    return extension != name and _EXTENSION.match(extension) is not None


def safe_app(name: str) -> str:
    """A worker's name, which is its ARI application too."""
    return _checked(_APP, "application", name)


def safe_host(host: str) -> str:
    """A host name, an address or a network."""
    return _checked(_HOST, "host", host)


def safe_path(path: str) -> str:
    """An absolute path without anything the configuration files would read otherwise."""
    return _checked(_PATH, "path", path)


def safe_word(word: str) -> str:
    """A user name or password of ours."""
    return _checked(_WORD, "word", word)
