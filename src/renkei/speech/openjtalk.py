"""The voice that comes with Renkei's extra ``speech``: Open JTalk with Mei's voice, on this machine, no network.

It holds a lock of its own while it speaks; fifteen seconds of speech take half a second.
"""

from importlib import import_module
from typing import Any

from renkei.speech.port import RATE, NoVoiceError, SpeechError
from renkei.speech.reading import write_for_reading

_TAPS = 96
_LOUDEST = 0.7
"""Of full scale: what a telephone takes without distortion."""


class OpenJTalk:
    """A Voice (speech/port.py). Raises NoVoiceError where the extra is not installed."""

    def __init__(self) -> None:
        try:
            self._numpy: Any = import_module("numpy")
            self._speaker: Any = import_module("pyopenjtalk")
        except ImportError as error:
            raise NoVoiceError("pyopenjtalk-plus is not installed") from error

    def speak(self, words: str) -> bytes:
        """The words as samples (RATE)."""
        text = write_for_reading(words)
        if not text:
            raise SpeechError("nothing to say")
        try:
            wave, rate = self._speaker.tts(text)
        except (RuntimeError, ValueError) as error:
            raise SpeechError(type(error).__name__) from error
        return self._for_telephones(wave, int(rate))

    def _for_telephones(self, wave: Any, rate: int) -> bytes:
        """48 kHz floats down to RATE: everything above 3.4 kHz is filtered off first, or it would fold back."""
        numpy = self._numpy
        if len(wave) == 0 or rate % RATE:
            raise SpeechError(f"no sound at {rate} samples a second")
        positions = numpy.arange(-_TAPS, _TAPS + 1)
        cut = 2 * 3400.0 / rate
        kernel = numpy.sinc(positions * cut) * numpy.hamming(len(positions))
        smooth = numpy.convolve(wave, kernel / kernel.sum(), mode="same")[:: rate // RATE]
        peak = max(float(numpy.abs(smooth).max()), 1.0)
        return bytes((smooth / peak * _LOUDEST * 32767).astype("<i2").tobytes())
