"""Sounds lie as telephones play them, are never half written, and are spoken anew only when their words changed."""

import struct
import wave
from pathlib import Path

import pytest

from renkei.speech.media import Spoken, read_seconds, sound_path, speak_missing, write_sound
from renkei.speech.music import MUSIC_KEY, play_waiting_music
from renkei.speech.openjtalk import OpenJTalk
from renkei.speech.port import RATE, SpeechError


class Parrot:
    """A voice of a tenth of a second; notes what it was asked to say."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def speak(self, words: str) -> bytes:
        if "無理" in words:
            raise SpeechError("no")
        self.said.append(words)
        return b"\x00\x10" * (RATE // 10)


def test_a_sound_is_8_khz_mono_16_bit(tmp_path: Path) -> None:
    assert write_sound(tmp_path, "guidance/1", b"\x00\x10" * RATE) == 1.0
    with wave.open(str(tmp_path / "guidance/1.wav"), "rb") as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
    assert read_seconds(tmp_path, "guidance/1") == 1.0
    assert [path.name for path in (tmp_path / "guidance").iterdir()] == ["1.wav"]


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a//b", "a.b", "", "a/b/c/d/e", "a\n", "あ"])
def test_a_key_never_leaves_the_media_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="media key"):
        sound_path(tmp_path, key)


def test_only_what_is_missing_or_changed_is_spoken(tmp_path: Path) -> None:
    voice = Parrot()
    first = [Spoken("a", "こんにちは"), Spoken("b", "無理です"), Spoken("c", "さようなら")]
    assert set(speak_missing(voice, tmp_path, first)) == {"a", "c"}
    assert speak_missing(voice, tmp_path, first) == {}
    assert set(speak_missing(voice, tmp_path, [Spoken("a", "こんばんは"), first[2]])) == {"a"}
    assert voice.said == ["こんにちは", "さようなら", "こんばんは"]


def test_a_sound_that_a_person_put_there_is_left_alone(tmp_path: Path) -> None:
    write_sound(tmp_path, "a", b"\x00\x00" * 10)
    voice = Parrot()
    assert speak_missing(voice, tmp_path, [Spoken("a", "ほかの言葉")]) == {}
    assert voice.said == []


@pytest.mark.parametrize("broken", [b"", b"RIFF", b"no sound at all" * 10])
def test_a_broken_file_has_no_length(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(broken)
    assert read_seconds(tmp_path, "a") is None
    assert read_seconds(tmp_path, "missing") is None


def test_the_waiting_music_is_audible_and_never_distorts(tmp_path: Path) -> None:
    write_sound(tmp_path, MUSIC_KEY, play_waiting_music())
    samples = [abs(sample) for (sample,) in struct.iter_unpack("<h", play_waiting_music())]
    assert 3000 < max(samples) < 20000
    assert 5 < (read_seconds(tmp_path, MUSIC_KEY) or 0) < 30


@pytest.fixture(scope="module")
def voice() -> OpenJTalk:
    pytest.importorskip("pyopenjtalk")
    return OpenJTalk()


def test_the_voice_speaks_japanese_for_telephones(voice: OpenJTalk) -> None:
    samples = voice.speak("お電話ありがとうございます。㈱連携でございます。")
    levels = [abs(sample) for (sample,) in struct.iter_unpack("<h", samples)]
    assert 3 < len(samples) / 2 / RATE < 7
    assert 10000 < max(levels) < 32000
    assert sum(levels) / len(levels) > 500


def test_the_voice_says_nothing_of_nothing(voice: OpenJTalk) -> None:
    with pytest.raises(SpeechError):
        voice.speak("\u200b\n ")
