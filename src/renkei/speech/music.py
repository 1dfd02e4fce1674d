"""What a waiting caller hears: a few soft notes, made here so that no installation waits in silence."""

import math
import struct

from renkei.speech.port import RATE

MUSIC_KEY = "music/waiting"
_NOTE_SECONDS = 0.6
_MELODY = (
    392.0,
    493.9,
    587.3,
    493.9,
    440.0,
    523.3,
    659.3,
    523.3,
    392.0,
    493.9,
    587.3,
    783.99,
    659.3,
    587.3,
    523.3,
    493.9,
)
_LOUDNESS = 4200


def play_waiting_music() -> bytes:
    """About twelve seconds to be repeated: single notes that ring out, with a short silence at the end."""
    samples: list[int] = []
    for pitch in _MELODY:
        samples += [_sample(pitch, position) for position in range(int(RATE * _NOTE_SECONDS))]
    samples += [0] * (RATE * 2)
    return struct.pack(f"<{len(samples)}h", *samples)


def _sample(pitch: float, position: int) -> int:
    seconds = position / RATE
    rise = min(1.0, seconds / 0.02)
    fade = math.exp(-3.5 * seconds)
    tone = math.sin(2 * math.pi * pitch * seconds) + 0.3 * math.sin(4 * math.pi * pitch * seconds)
    return int(_LOUDNESS * rise * fade * tone)
