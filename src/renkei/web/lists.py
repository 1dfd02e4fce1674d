"""How several words stand in one sentence: with 、 in Japanese, with a comma in English."""

from collections.abc import Iterable

from django.utils.translation import pgettext


def join_words(words: Iterable[object]) -> str:
    """The words one after the other, in the present language's manner; empty without any."""
    return pgettext("between the parts of a list", ", ").join(map(str, words))
