"""Who telephones: invented numbers, and the ways people type their own number into a chat."""

from random import Random

from renkei.domain.phone import Telephone, read_number, show_number

_BEGINNINGS = ("090", "080", "070", "080", "090", "03", "06", "052", "045", "011", "092", "050")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def make_customers(chance: Random, count: int) -> list[Telephone]:
    """``count`` different valid numbers, most of them mobile."""
    found: dict[str, Telephone] = {}
    while len(found) < count:
        beginning = chance.choice(_BEGINNINGS)
        length = 11 if beginning in ("090", "080", "070", "050") else 10
        rest = "".join(chance.choices("123456789", k=1) + chance.choices("0123456789", k=length - len(beginning) - 1))
        number = read_number(beginning + rest)
        if isinstance(number, Telephone):
            found[number.e164] = number
    return list(found.values())


def type_number(chance: Random, number: Telephone) -> str:
    """The number as somebody types it."""
    shown = show_number(number)
    digits = shown.replace("-", "")
    return chance.choices(
        (shown, digits, digits.translate(_FULL_WIDTH), f"{shown}です", number.e164), (40, 45, 8, 0, 7)
    )[0]


def mistype_number(chance: Random, number: Telephone) -> str:
    """The number with two digits swapped or one wrong; never the same number."""
    digits = list(show_number(number).replace("-", ""))
    place = chance.randrange(4, len(digits) - 1)
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    if "".join(digits) == show_number(number).replace("-", ""):
        digits[place] = str((int(digits[place]) + 1) % 10)
    return "".join(digits)
