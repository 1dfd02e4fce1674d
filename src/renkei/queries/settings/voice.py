"""Whether guidance without a file of its own can be spoken on this machine."""

from importlib.util import find_spec


def has_voice() -> bool:
    """The voice is a package of its own (requirements/speech.txt); the simulated line shows words and needs none."""
    return find_spec("pyopenjtalk") is not None
