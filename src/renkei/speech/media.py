"""The sound files below the media folder: WAV, 8 kHz, mono, 16 bits, named by a media key without extension."""

import hashlib
import os
import re
import tempfile
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from renkei.speech.port import RATE, SpeechError, Voice

_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}(/[A-Za-z0-9_-]{1,80}){0,3}\Z")


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words that shall lie under a media key."""

    key: str
    words: str


def sound_path(media_dir: Path, key: str) -> Path:
    """The file of a media key. Raises ValueError for anything that is none."""
    if not _KEY.match(key):
        raise ValueError("media key")
    return media_dir / f"{key}.wav"


def write_sound(media_dir: Path, key: str, samples: bytes) -> float:
    """Put a sound in place at once, and return its length in seconds. ``samples`` are RATE, mono, 16 bits."""
    path = sound_path(media_dir, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples)
    Path(scratch).chmod(0o644)  # the telephone system may run as another account
    Path(scratch).replace(path)
    return len(samples) / 2 / RATE


def read_seconds(media_dir: Path, key: str) -> float | None:
    """The length of the sound under a key; None when there is none or it is no such WAV."""
    try:
        with wave.open(str(sound_path(media_dir, key)), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error, ValueError, ZeroDivisionError):
        return None


def speak_missing(voice: Voice, media_dir: Path, wanted: Iterable[Spoken]) -> dict[str, float]:
    """Speak what has no sound yet or had other words when it was spoken; the new lengths by key.

    A sound without a note of its words was put there by a person and is left alone. What cannot be spoken is left out.
    """
    lengths = {}
    for spoken in wanted:
        note = sound_path(media_dir, spoken.key).with_suffix(".words")
        print_of_words = hashlib.sha256(spoken.words.encode()).hexdigest()
        if not _is_due(sound_path(media_dir, spoken.key), note, print_of_words):
            continue
        try:
            samples = voice.speak(spoken.words)
        except SpeechError:
            continue
        lengths[spoken.key] = write_sound(media_dir, spoken.key, samples)
        note.write_text(print_of_words, encoding="ascii")
    return lengths


def _is_due(sound: Path, note: Path, print_of_words: str) -> bool:
    if not sound.exists():
        return True
    return note.exists() and note.read_text(encoding="ascii") != print_of_words
