"""How a search finds a part of a word by an index: words are cut into overlapping pieces, as search_grams in the
database cuts the numbers and names of calls. What holds the word holds all its pieces."""

LONGEST_SEARCHED = 40


def cut_words(words: str, size: int) -> list[str]:
    """The pieces of ``size`` letters of a searched word, in small letters; none when it is shorter.

    Of a very long word the first LONGEST_SEARCHED letters: the pieces only find, what is found is compared anyway.
    """
    small = words.lower()[:LONGEST_SEARCHED]
    return sorted({small[place : place + size] for place in range(len(small) - size + 1)})
