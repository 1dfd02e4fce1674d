"""Characters that leave nothing to be seen where they stand alone: joiners, marks, odd spaces, controls."""

import unicodedata

_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and a symbol by their category, empty to the eye."""


def is_unseen(character: str) -> bool:
    """Whether one character shows nothing of its own, so that only its name tells which it is.

    Unicode's general categories: all separators but the space, everything in C (controls, joiners, private use,
    unassigned), and marks that only change what stands before them.
    """
    if character == " ":
        return False
    category = unicodedata.category(character)
    return category[0] in "CZ" or category in ("Mn", "Me") or character in _BLANK_LETTERS
