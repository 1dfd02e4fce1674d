"""What the emulated provider knows: its customers' contracts, the chats, the uploads. Kept in memory, and in a folder.

Nothing here is shared with the product: it plays another company, with its own idea of a telephone number.
"""

import base64
import dataclasses
import hmac
import json
import os
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

DEMO_PROJECT = "demo-project"
DEMO_CHANNELS = ("demo-web", "demo-line")
DEMO_API_KEY = "demo-api-key"
APP_CHANNEL = "shop-app"
"""The channel of the provider's app, which speaks the standard chat API and pushes."""
A_DAY_AND_MORE = timedelta(hours=25)

MOST_CHATS = 500
MOST_MESSAGES = 500
LONGEST_TEXT = 2_000
MOST_FILES = 200
REMEMBERED = timedelta(days=7)


class TooMuchError(Exception):
    """A chat or the whole emulator is full."""


@dataclass(slots=True)
class Said:
    """One message; ``created_at`` is ISO 8601 with an offset."""

    sender: str
    type: str
    text: str
    url: str
    created_at: str


@dataclass(slots=True)
class Chat:
    """One chat session; ``phone_number`` is what the customer typed, as typed."""

    session_id: str
    project_id: str
    channel_id: str
    started_at: str
    phone_number: str = ""
    phone_number_entered_at: str | None = None
    messages: list[Said] = field(default_factory=list)

    def say(self, sender: str, text: str, *, now: datetime, kind: str = "text", url: str = "") -> Said:
        """Add a message at its end."""
        if len(self.messages) >= MOST_MESSAGES:
            raise TooMuchError
        said = Said(sender, kind, text[:LONGEST_TEXT], url, now.isoformat(timespec="milliseconds"))
        self.messages.append(said)
        return said

    def grow_older(self, by: timedelta) -> None:
        """Let everything have happened that much earlier."""
        self.started_at = _earlier(self.started_at, by)
        if self.phone_number_entered_at is not None:
            self.phone_number_entered_at = _earlier(self.phone_number_entered_at, by)
        for said in self.messages:
            said.created_at = _earlier(said.created_at, by)


def _earlier(at: str, by: timedelta) -> str:
    return (datetime.fromisoformat(at) - by).isoformat(timespec="milliseconds")


def demo_signing_key(secret: str) -> str:
    """The key this provider signs its pushes with, agreed with the one installation that has this secret."""
    digest = hmac.digest(secret.encode(), b"the emulated provider signs its pushes", "sha256")
    return f"whsec_{base64.b64encode(digest).decode()}"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file a customer sent; it stays here, the product holds the link (R96)."""

    name: str
    content_type: str
    body: bytes


def digits_of(number: str) -> str:
    """This provider's own reading of a number: digits only, any width, +81 taken for a leading zero."""
    digits = "".join(
        str(unicodedata.decimal(each)) if each.isdecimal() else each
        for each in unicodedata.normalize("NFKC", number)
        if each.isdecimal() or each == "+"
    )
    if digits.startswith("+81"):
        return "0" + digits[3:].removeprefix("0")
    return digits.lstrip("+")


class Office:
    """The chats. ``folder`` keeps them over a restart; without one they live as long as the process."""

    def __init__(self, *, folder: Path | None = None, api_key: str = DEMO_API_KEY) -> None:
        self.api_key = api_key
        self.projects: dict[str, set[str]] = {DEMO_PROJECT: {*DEMO_CHANNELS, APP_CHANNEL}}
        self.chats: dict[str, Chat] = {}
        self.files: dict[str, Upload] = {}
        self._folder = folder
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._load(folder / "chats.json")

    def start(self, project_id: str, channel_id: str, *, now: datetime) -> Chat:
        """Open a chat under an id nobody can guess; the oldest make room."""
        chat = Chat(secrets.token_urlsafe(16), project_id, channel_id, now.isoformat(timespec="milliseconds"))
        self.chats[chat.session_id] = chat
        while len(self.chats) > MOST_CHATS:
            del self.chats[next(iter(self.chats))]
        return chat

    def give_number(self, chat: Chat, number: str, *, now: datetime) -> None:
        """Keep the number as typed and the moment it was given (D4)."""
        chat.phone_number = number[:100]
        chat.phone_number_entered_at = now.isoformat(timespec="milliseconds")

    def find(self, project_id: str, channel_id: str, number: str, *, now: datetime) -> list[dict[str, Any]]:
        """The sessions of the last seven days in which that number was given, newest first."""
        wanted = digits_of(number)
        oldest = (now - REMEMBERED).timestamp()
        found = [
            chat
            for chat in self.chats.values()
            if (chat.project_id, chat.channel_id) == (project_id, channel_id)
            and chat.phone_number_entered_at is not None
            and digits_of(chat.phone_number) == wanted != ""
            and datetime.fromisoformat(chat.phone_number_entered_at).timestamp() >= oldest
        ]
        found.sort(key=lambda chat: chat.phone_number_entered_at or "", reverse=True)
        return [dataclasses.asdict(chat) for chat in found]

    def keep_file(self, upload: Upload) -> str:
        """Keep an upload and return its id; it may be fetched until the oldest make room."""
        file_id = secrets.token_urlsafe(16)
        self.files[file_id] = upload
        while len(self.files) > MOST_FILES:
            del self.files[next(iter(self.files))]
        if self._folder is not None:
            (self._folder / f"{file_id}.bin").write_bytes(upload.body)
            for old in self._folder.glob("*.bin"):
                if old.stem not in self.files:
                    old.unlink(missing_ok=True)
        return file_id

    def save(self) -> None:
        """Write the chats down, whole or not at all."""
        if self._folder is None:
            return
        kept = {
            "chats": [dataclasses.asdict(chat) for chat in self.chats.values()],
            "files": {key: [each.name, each.content_type] for key, each in self.files.items()},
        }
        temporary = self._folder / "chats.json.new"
        temporary.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        os.replace(temporary, self._folder / "chats.json")

    def _load(self, path: Path) -> None:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            for each in kept["chats"]:
                chat = Chat(**{**each, "messages": [Said(**said) for said in each["messages"]]})
                self.chats[chat.session_id] = chat
            for key, (name, content_type) in kept["files"].items():
                body = path.with_name(f"{key}.bin").read_bytes()
                self.files[key] = Upload(name, content_type, body)
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError):
            # A torn or foreign file must not stop the demonstration; it is kept for whoever wants to look.
            path.replace(path.with_name("chats.json.unreadable"))
