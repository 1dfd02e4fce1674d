"""Small files of secrets, made once, readable for this account alone."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from renkei.cli.refusal import RefusalError, because_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kept = TypeVar("Kept", bound="DataclassInstance")


def keep_once(path: Path, kind: type[Kept], make: Callable[[], Kept], *, needed_for: str) -> Kept:
    """What `path` holds; made there when it is missing, whole or not at all. A damaged file is never replaced."""
    try:
        if path.exists():
            return kind(**json.loads(path.read_text(encoding="utf-8")))
        made = make()
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(made), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return made
    except OSError as error:
        raise because_of(error, path) from None
    except (ValueError, TypeError):
        raise RefusalError(f"{path} is damaged: restore it from a backup, {needed_for}.") from None
