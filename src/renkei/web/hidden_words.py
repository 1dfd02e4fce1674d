"""Words that a person typed and that must not be readable in an address or a log: encrypted with the installation's
own key. Not a promise for ever: a new key makes old addresses forget the word."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def hide_words(words: str) -> str:
    """The words, encrypted, fit for an address."""
    return _key().encrypt(words.encode()).decode()


def reveal_words(token: str) -> str:
    """What was hidden; empty for anything else."""
    try:
        return _key().decrypt(token.encode()).decode()
    except (InvalidToken, UnicodeError):
        return ""


def _key() -> Fernet:
    digest = hashlib.sha256(b"renkei.web.hidden_words:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
