"""Japanese search without an extension: text folded for comparison, and the letters and letter pairs it holds.

Two-character words (解約, 料金) are the norm, so the unit is the pair; a word of one letter is found by the letter.
"""

import unicodedata

import jaconv

MOST_PAIRS = 20_000


def fold(text: str) -> str:
    """The form texts are compared in: NFKC, case folded, katakana as hiragana, white space as one space."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(str(jaconv.kata2hira(plain)).replace("\x00", " ").split())


def pairs_of(folded: str) -> list[str]:
    """The distinct letters and neighbouring pairs of a folded text, sorted; spaces part words. At most 20 000."""
    found: set[str] = set()
    for word in folded.split(" "):
        found.update(word)
        found.update(word[at : at + 2] for at in range(len(word) - 1))
        if len(found) > MOST_PAIRS:
            break
    return sorted(found)[:MOST_PAIRS]


def pairs_to_find(folded: str) -> list[str]:
    """What a text must hold for the folded words to be in it: the pairs of each word, or the letter of a single one."""
    found: set[str] = set()
    for word in folded.split(" "):
        found.update({word} if len(word) == 1 else {word[at : at + 2] for at in range(len(word) - 1)})
    return sorted(found)
