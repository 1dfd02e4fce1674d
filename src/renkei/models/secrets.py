"""What is secret in the database: encrypted with keys that live outside it (RENKEI_FIELD_KEYS, newest first)."""

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from renkei.errors import MisconfiguredError
from renkei.settings import config


def seal_text(text: str) -> bytes:
    """Encrypt with the newest key. Raises MisconfiguredError ``field_keys_missing``."""
    return _keys().encrypt(text.encode("utf-8"))


def open_text(sealed: bytes | memoryview) -> str:
    """Decrypt with any of the keys. Raises MisconfiguredError ``unreadable_secret``."""
    try:
        return _keys().decrypt(bytes(sealed)).decode("utf-8")
    except (InvalidToken, UnicodeDecodeError) as error:
        raise MisconfiguredError("unreadable_secret") from error


def seal_fields(fields: Mapping[str, str]) -> bytes:
    """Encrypt a connector's secret fields together."""
    return seal_text(json.dumps(dict(fields), ensure_ascii=False, sort_keys=True))


def open_fields(sealed: bytes | memoryview | None) -> dict[str, str]:
    """Decrypt a connector's secret fields; nothing stored means no fields."""
    if sealed is None:
        return {}
    try:
        fields = json.loads(open_text(sealed))
    except json.JSONDecodeError as error:
        raise MisconfiguredError("unreadable_secret") from error
    if not isinstance(fields, dict):
        raise MisconfiguredError("unreadable_secret")
    return {str(name): str(value) for name, value in fields.items()}


def _keys() -> MultiFernet:
    written = [key.strip() for key in config.field_keys.get_secret_value().split(",") if key.strip()]
    try:
        return MultiFernet([Fernet(key) for key in written])
    except ValueError as error:
        raise MisconfiguredError("field_keys_missing") from error
