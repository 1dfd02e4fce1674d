"""A telephone number as an identity: whatever was typed or delivered becomes E.164 or a named ignorance (B3, R78).

``read_number`` is the one place where text becomes a number. It never guesses: a doubtful text is UNPARSABLE, keeps
its original elsewhere, and at most earns a tentative grade. Nothing here tells who somebody is; a number is a hint.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

HOME = "JP"
"""The region whose national notation is read when a text has no country code."""

_LONGEST_TEXT = 256


@dataclass(frozen=True, slots=True)
class Telephone:
    """A valid public telephone number; ``e164`` is ``+`` and 7 to 15 digits. Made by read_number only."""

    e164: str


class NoNumber(StrEnum):
    """Why there is no number: the details of D2's caller_withheld."""

    WITHHELD = "withheld"
    PAYPHONE = "payphone"
    OUT_OF_AREA = "out_of_area"
    UNKNOWN = "unknown"
    UNPARSABLE = "unparsable"


@dataclass(frozen=True, slots=True)
class Extension:
    """An internal extension, three to six digits: not a telephone number."""

    digits: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """110, 118 or 119 (D20)."""

    digits: str


class Grade(StrEnum):
    """How surely two texts name one number; tentative is only ever offered to a person, never acted on."""

    EXACT = "exact"
    EQUIVALENT = "equivalent"
    TENTATIVE = "tentative"


# Number display in Japan knows P (the user withheld), C (coin box), O (the network cannot deliver) and S (another
# service interferes); telephones show both O and S as 表示圏外. The English forms are the display names of Japanese SIP
# networks (TTC JT-Q3401), ``unknown`` and the like come from Asterisk and other exchanges.
_ABSENCES = {
    NoNumber.WITHHELD: "p,anonymous,private,withheld,restricted,非通知,非通知設定,番号非通知,ヒツウチ",
    NoNumber.PAYPHONE: "c,payphone,coin line/payphone,coin line,公衆電話,公衆,コウシュウデンワ",
    NoNumber.OUT_OF_AREA: "o,s,unavailable,out of area,out_of_area,interaction with other service,表示圏外,通知不可能",
    NoNumber.UNKNOWN: ",unknown,<unknown>,asterisk,不明",
}
_ABSENCE_BY_WORD = {word: absence for absence, words in _ABSENCES.items() for word in words.split(",")}
_PRECISE = (NoNumber.PAYPHONE, NoNumber.OUT_OF_AREA)

_DASHES = "‐‑‒–—―−─━ーｰ－﹣～〜~"
_SPACES = "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"
_WRITTEN_OTHERWISE = str.maketrans({
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_SPACES, " "),
    "＋": "+", "（": "(", "）": ")", "．": ".", "：": ":", "；": ";", "＝": "=", "＠": "@", "＃": "#", "＊": "*",
})  # fmt: skip
# Invisible marks that address books paste around numbers and that cannot change the order digits are seen in.
# Every other format character (U+202E above all) makes the text unparsable: what is seen must be what is read.
_HARMLESS = frozenset("\u00ad\u200b\u200e\u202a\u202c\u202d\u2060\ufeff")

_ADDRESS = re.compile(r"<([^<>]*)>\s*$")
_SIP = re.compile(r"sips?:(?P<user>[^@]*)(?:@(?P<host>.*))?\Z", re.IGNORECASE)
_DOTTED_QUAD = re.compile(r"\d{1,3}(\.\d{1,3}){3}(:\d+)?\Z")
_CONTEXT = re.compile(r";phone-context=(\+[\d.()-]*\d)", re.IGNORECASE)
_EXTENSION = re.compile(r"\s*(?:,?\s*extension|,?\s*ext\.?|x|\(?内線)\s*[:.]?\s*\d{1,6}\)?\Z", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().-]")
_NUMBER = re.compile(r"(?:18[46](?=[+0]))?(\+?\d+)\Z")
_E164 = re.compile(r"\+[1-9]\d{6,14}\Z")


def _ordinary_numbers() -> re.Pattern[str]:
    """Fixed, mobile and IP numbers of home as E.164 or with their trunk zero, by the library's own patterns; the group
    is the national number. Whatever else is valid, the library knows."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(HOME)
    assert metadata is not None
    kinds = (metadata.mobile, metadata.fixed_line, metadata.voip)
    patterns = "|".join(f"(?:{kind.national_number_pattern})" for kind in kinds if kind is not None)
    return re.compile(rf"(?:\+81|0)({patterns})\Z", re.ASCII)


_ORDINARY = _ordinary_numbers()
"""Reading such a number takes the library a tenth of a millisecond, and every call and look-up reads several."""


def read_number(raw: str, *, region: str = HOME) -> Telephone | NoNumber:
    """Read what a customer typed or a line delivered; national notation is that of ``region``.

    Digits of every script, separators, ``sip:`` and ``tel:`` addresses, the prefixes 184 and 186, ``+81(0)`` and an
    appended extension are understood; anything left over, two numbers or an invalid one is UNPARSABLE. Never raises.
    """
    text = _fold(raw)
    if text is None:
        return NoNumber.UNPARSABLE
    if (absence := _absence(text)) is not None:
        return absence
    text = _address_user(text)
    if (absence := _absence(text)) is not None:
        return absence
    written = _written(text)
    return NoNumber.UNPARSABLE if written is None else _validate(written, region)


def read_caller(number: str, name: str, withheld: bool) -> Telephone | NoNumber:
    """Read a line's caller (telephony's Caller, field by field).

    A caller who withheld the number has none, even where the trunk delivered it; the name only makes the reason
    more precise (a coin box), never overrides a number.
    """
    named = _absence(_fold(name) or "") or NoNumber.UNKNOWN
    if withheld:
        absences = (named, read_number(number))
        return next((precise for precise in _PRECISE if precise in absences), NoNumber.WITHHELD)
    read = read_number(number)
    if read in (NoNumber.UNKNOWN, NoNumber.WITHHELD) and named is not NoNumber.UNKNOWN:
        return named
    return read


def read_dialled(raw: str, *, region: str = HOME) -> Telephone | Extension | Emergency | NoNumber:
    """Read a number that somebody dialled: here three to six plain digits are an extension or an emergency number."""
    text = _fold(raw)
    written = None if text is None else _written(_address_user(text))
    if written is not None and written.isdigit() and 3 <= len(written) <= 6:
        return Emergency(written) if written in ("110", "118", "119") else Extension(written)
    return read_number(raw, region=region)


def compare(a_raw: str, b_raw: str, *, region: str = HOME) -> Grade | None:
    """Grade two texts: exact (one number, written with the same digits), equivalent (one number, written differently),
    tentative (nearly: see digits_are_near, or one lacks its area code) or None."""
    a, b = read_number(a_raw, region=region), read_number(b_raw, region=region)
    a_written, b_written = digits_of(a_raw), digits_of(b_raw)
    if isinstance(a, Telephone) and a == b:
        return Grade.EXACT if a_written == b_written else Grade.EQUIVALENT
    if isinstance(a, Telephone):
        return Grade.TENTATIVE if _resembles(a, b, b_written) else None
    if isinstance(b, Telephone):
        return Grade.TENTATIVE if _resembles(b, a, a_written) else None
    return None


def digits_of(raw: str) -> str:
    """The digits of a number as somebody wrote it, ``+`` kept, 184/186 taken off; empty when it is no number at all."""
    text = _fold(raw)
    return (None if text is None else _written(_address_user(text))) or ""


def digits_are_near(a: str, b: str) -> bool:
    """Whether two different digit strings are one slip apart: at most two digits differ, are missing or are too many.

    A transposition is two differing digits, so D2's "or one transposition" is included."""
    if a == b:
        return False
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) <= 2
    short, long = sorted((a, b), key=len)
    return len(long) - len(short) <= 2 and _is_subsequence(short, long)


def is_near(telephone: Telephone, typed: str, *, region: str = HOME) -> bool:
    """Whether ``typed`` is the number mistyped (D2 number_mismatch); the same number is not near, it is equal."""
    other = read_number(typed, region=region)
    if isinstance(other, Telephone):
        return digits_are_near(telephone.e164, other.e164)
    written = digits_of(typed).lstrip("+")
    return any(digits_are_near(form, written) for form in (national_digits(telephone), telephone.e164[1:]))


def national_digits(telephone: Telephone) -> str:
    """The digits one dials inside the number's own country: ``09012345678``."""
    if ordinary := _ORDINARY.match(telephone.e164):
        return f"0{ordinary[1]}"
    parsed = phonenumbers.parse(telephone.e164)
    return "".join(filter(str.isdigit, phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)))


def show_number(telephone: Telephone, *, region: str = HOME) -> str:
    """The number for people: ``090-1234-5678`` at home, ``+1 212-555-0123`` from abroad."""
    parsed = phonenumbers.parse(telephone.e164)
    at_home = parsed.country_code == phonenumbers.country_code_for_region(region)
    return phonenumbers.format_number(
        parsed, PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    )


def last_four(number: str) -> str:
    """The last four digits of a number in any notation, as much as a decision record may keep of it (B2)."""
    return "".join(filter(str.isdigit, digits_of(number)))[-4:]


def mask_number(telephone: Telephone, *, region: str = HOME) -> str:
    """The number with all but its last four digits hidden: ``***-****-5678``."""
    shown = show_number(telephone, region=region)
    return re.sub(r"\d(?=(?:\D*\d){4})", "*", shown)


def _fold(raw: str) -> str | None:
    """One notation for all scripts; None when the text holds what no honest number holds."""
    text = raw.strip(" \t\r\n\u3000\u00a0")
    if len(text) > _LONGEST_TEXT:
        return None
    if text.isascii():
        return text if text.isprintable() else None
    folded = []
    for character in text.translate(_WRITTEN_OTHERWISE):
        category = unicodedata.category(character)
        if character in _HARMLESS:
            continue
        if category in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            return None
        folded.append(str(unicodedata.decimal(character)) if category == "Nd" else character)
    return "".join(folded).strip()


def _absence(text: str) -> NoNumber | None:
    word = unicodedata.normalize("NFKC", text).strip().strip('"').casefold()
    # Folding turned the long vowel mark into a hyphen; no word of the table has one.
    return _ABSENCE_BY_WORD.get(word)


def _address_user(text: str) -> str:
    """The part of a ``sip:`` or ``tel:`` address that holds the number; other text unchanged."""
    if bracketed := _ADDRESS.search(text):
        text = bracketed[1]
    if text[:4].lower() == "tel:":
        text = text[4:]
    elif sip := _SIP.match(text):
        if sip["host"] is None and _DOTTED_QUAD.match(sip["user"]):
            return "sip"
        text = sip["user"]
    elif "@" in text:
        text = text.partition("@")[0]
    else:
        return text
    text = re.sub("%2b", "+", text, flags=re.IGNORECASE)
    number = text.partition(";")[0]
    context = _CONTEXT.search(text)
    return f"{context[1]}{number}" if context and not number.startswith("+") else number


def _written(text: str) -> str | None:
    """Digits with an optional leading plus; None when anything but one number is in the text."""
    without_extension = _EXTENSION.sub("", text.partition(";ext=")[0])
    number = _NUMBER.match(_SEPARATORS.sub("", without_extension))
    return number[1] if number else None


def _validate(written: str, region: str) -> Telephone | NoNumber:
    # The library would read ``7025550123`` as 070-2555-0123; without its trunk zero a number is only tentative.
    if region == HOME and not written.startswith(("+", "0", "81")):
        return NoNumber.UNPARSABLE
    if (written[0] == "+" or region == HOME) and (ordinary := _ORDINARY.match(written)):
        return Telephone(f"+81{ordinary[1]}")
    try:
        parsed = phonenumbers.parse(written, region)
    except NumberParseException:
        return NoNumber.UNPARSABLE
    if not phonenumbers.is_valid_number(parsed):
        return NoNumber.UNPARSABLE
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return Telephone(e164) if _E164.match(e164) else NoNumber.UNPARSABLE


def _resembles(number: Telephone, other: Telephone | NoNumber, other_written: str) -> bool:
    if isinstance(other, Telephone):
        return digits_are_near(number.e164, other.e164)
    if not other_written:
        return False
    national, other_written = national_digits(number), other_written.lstrip("+")
    without_area = len(other_written) >= 6 and national.endswith(other_written)
    return without_area or digits_are_near(national, other_written) or digits_are_near(number.e164[1:], other_written)


def _is_subsequence(short: str, long: str) -> bool:
    rest = iter(long)
    return all(digit in rest for digit in short)
