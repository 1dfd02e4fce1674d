"""What a voice is: words in, telephone sound out."""

from typing import Protocol

RATE = 8000
"""Samples a second of all sound here: mono, 16 bits, little-endian; the one form that every telephone line plays."""


class SpeechError(Exception):
    """The words could not be spoken; the guidance stays without sound."""


class NoVoiceError(SpeechError):
    """No voice is installed (the extra ``speech``)."""


class Voice(Protocol):
    """A voice. It takes its time: call it in a thread or a job, never in an event loop."""

    def speak(self, words: str) -> bytes:
        """The words as samples (RATE). Raises SpeechError."""
        ...
