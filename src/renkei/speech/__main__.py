"""``python -m renkei.speech MEDIA_FOLDER``: speaks what is missing, in a process of its own.

Reads ``[["key", "words"], …]`` as JSON from standard input, writes ``{"key": seconds}``. Exit code 3 where no voice is
installed. A process and not a thread: the voice lets nothing else run while it thinks.
"""

import contextlib
import json
import os
import sys
from pathlib import Path

from renkei.speech.media import Spoken, speak_missing
from renkei.speech.openjtalk import OpenJTalk
from renkei.speech.port import NoVoiceError

NO_VOICE = 3


def main() -> int:
    """Speak; returns the exit code."""
    wanted = [Spoken(key, words) for key, words in json.load(sys.stdin)]
    os.nice(10)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # the library greets there
            voice = OpenJTalk()
    except NoVoiceError:
        return NO_VOICE
    json.dump(speak_missing(voice, Path(sys.argv[1]), wanted), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
