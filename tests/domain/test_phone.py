"""Telephone identity: whatever was typed or delivered becomes one number or one named ignorance."""

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from renkei.domain.phone import (
    Emergency,
    Extension,
    Grade,
    NoNumber,
    Telephone,
    compare,
    digits_are_near,
    digits_of,
    is_near,
    last_four,
    mask_number,
    national_digits,
    read_caller,
    read_dialled,
    read_number,
    show_number,
)

MOBILE = Telephone("+819012345678")
TOKYO = Telephone("+81312345678")
SEPARATORS = ["", "-", " ", ".", "‐", "−", "ー", "－", "\u3000", "\u00a0", "\u200b", " - "]
SCRIPTS = ["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९"]

OTHER_NOTATIONS = [
    ("090-1234-5678", MOBILE),
    ("09012345678", MOBILE),
    ("０９０ー１２３４ー５６７８", MOBILE),
    ("０９０　１２３４　５６７８", MOBILE),
    ("(090)1234-5678", MOBILE),
    ("（０９０）１２３４－５６７８", MOBILE),
    ("+81 90 1234 5678", MOBILE),
    ("＋８１９０１２３４５６７８", MOBILE),
    ("+81(0)90-1234-5678", MOBILE),
    ("＋８１（０）９０－１２３４－５６７８", MOBILE),
    ("(+81)90-1234-5678", MOBILE),
    ("819012345678", MOBILE),
    ("010 81 90 1234 5678", MOBILE),
    ("184-090-1234-5678", MOBILE),
    ("18609012345678", MOBILE),
    ("１８６ ０９０１２３４５６７８", MOBILE),
    ("186+819012345678", MOBILE),
    ("٠٩٠١٢٣٤٥٦٧٨", MOBILE),
    ("\u202a090-1234-5678\u202c", MOBILE),
    ("\ufeff090-1234-5678\u200e", MOBILE),
    (" 090-1234-5678\r\n", MOBILE),
    ("tel:+81-90-1234-5678", MOBILE),
    ("TEL:090-1234-5678;phone-context=+81", MOBILE),
    ("sip:+819012345678@itsp.example;user=phone", MOBILE),
    ("sips:09012345678;npdi;cpc=ordinary@itsp.example:5061", MOBILE),
    ("sip:%2B819012345678@itsp.example", MOBILE),
    ('"Suzuki" <sip:+819012345678@itsp.example>;tag=1', NoNumber.UNPARSABLE),
    ('"Suzuki" <sip:+819012345678@itsp.example>', MOBILE),
    ("+819012345678@itsp.example", MOBILE),
    ("03-1234-5678", TOKYO),
    ("03-1234-5678 内線12", TOKYO),
    ("03-1234-5678（内線12）", TOKYO),
    ("03-1234-5678 ext. 12", TOKYO),
    ("tel:+81-3-1234-5678;ext=12", TOKYO),
    ("03-1234-5678x9", TOKYO),
    ("0120-123-456", Telephone("+81120123456")),
    ("050-1234-5678", Telephone("+815012345678")),
    ("+1 (212) 555-0123", Telephone("+12125550123")),
    ("010-1-212-555-0123", Telephone("+12125550123")),
    ("+39 06 1234 5678", Telephone("+390612345678")),
    ("+44 (0)20 7946 0000", Telephone("+442079460000")),
]

HOSTILE = [
    "0" * 300,
    "9" * 79,
    "09012345678" * 500,
    "+",
    "++819012345678",
    "0901234567",
    "090123456789",
    "9012345678",
    "7025550123",
    "090-1234-5678/03-1234-5678",
    "090-1234-5678,03-1234-5678",
    "090-1234-5678、03-1234-5678",
    "090-1234-5678 03-1234-5678",
    "0312345678+81312345678",
    "090-1234-5678\n03-1234-5678",
    "090\x001234-5678",
    "090-1234\r\nX-Evil: 1",
    "090-1234-5678\u202e",
    "\u202e8765-4321-090",
    "\u2067090-1234-5678\u2069",
    "090-1234-5678\u2028",
    "\x1b[31m09012345678",
    "090&PJSIP/itsp/900",
    "09012345678&PJSIP/itsp/900",
    "${SHELL(id)}",
    "${EXTEN}09012345678",
    "{{7*7}}",
    "%s%n",
    "<script>alert(1)</script>",
    "09012345678<script>",
    "' OR 1=1 --",
    "=1+1",
    "①②③",
    "090-1234-567²",
    "０９０‐１２３４‐五六七八",
    "ninety",
    "1-800-FLOWERS",
    "#31#09012345678",
    "*67 09012345678",
    "09012345678#1",
    "sip:10.0.0.1",
    "sip:203.104.153.1",
    "sip:%00@x",
    "\ud800",
    "👨\u200d👩\u200d👧",
    "０",
    "201",
    "110",
    "00777012345",
]

ABSENT = [
    ("", NoNumber.UNKNOWN),
    ("   ", NoNumber.UNKNOWN),
    ("\u3000", NoNumber.UNKNOWN),
    ("sip:", NoNumber.UNKNOWN),
    ("sip:@itsp.example", NoNumber.UNKNOWN),
    ("tel:", NoNumber.UNKNOWN),
    ("unknown", NoNumber.UNKNOWN),
    ("anonymous", NoNumber.WITHHELD),
    ("Anonymous", NoNumber.WITHHELD),
    ("sip:anonymous@anonymous.invalid", NoNumber.WITHHELD),
    ('"Anonymous" <sip:anonymous@anonymous.invalid>', NoNumber.WITHHELD),
    ("anonymous@anonymous.invalid", NoNumber.WITHHELD),
    ("Restricted", NoNumber.WITHHELD),
    ("P", NoNumber.WITHHELD),
    ("Ｐ", NoNumber.WITHHELD),
    ("非通知", NoNumber.WITHHELD),
    ("ﾋﾂｳﾁ", NoNumber.WITHHELD),
    ("C", NoNumber.PAYPHONE),
    ("公衆電話", NoNumber.PAYPHONE),
    ("Coin line/payphone", NoNumber.PAYPHONE),
    ("O", NoNumber.OUT_OF_AREA),
    ("S", NoNumber.OUT_OF_AREA),
    ("表示圏外", NoNumber.OUT_OF_AREA),
    ("Unavailable", NoNumber.OUT_OF_AREA),
    ("Interaction with other service", NoNumber.OUT_OF_AREA),
]


def _is_valid(e164: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(e164))


@st.composite
def japanese_numbers(draw: st.DrawFn) -> str:
    """Valid national digits, ``09012345678``; valid by the numbering plan, not by our own reader."""
    start = draw(st.sampled_from(["90", "80", "70", "50", "3", "6", "45", "11", "92", "120", "800", "570"]))
    length = 10 if start in ("90", "80", "70", "50", "800") else 9
    rest = draw(st.text("0123456789", min_size=length - len(start), max_size=length - len(start)))
    assume(_is_valid(f"+81{start}{rest}"))
    return f"0{start}{rest}"


@st.composite
def foreign_numbers(draw: st.DrawFn) -> str:
    """Valid E.164 from any country: an example of the numbering plan with its last three digits changed."""
    region = draw(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
    kind = draw(st.sampled_from([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]))
    example = phonenumbers.example_number_for_type(region, kind)
    assume(example is not None)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    changed = e164[:-3] + draw(st.text("0123456789", min_size=3, max_size=3))
    assume(_is_valid(changed))
    return changed


@st.composite
def rewritten(draw: st.DrawFn, digits: str) -> str:
    """The same digits in another script with separators strewn between."""
    script = draw(st.sampled_from(SCRIPTS))
    gaps = draw(st.lists(st.sampled_from(SEPARATORS), min_size=len(digits), max_size=len(digits)))
    pieces = (script[int(digit)] + gap for digit, gap in zip(digits, gaps, strict=True))
    return draw(st.sampled_from(["", "184", "186-"])) + "".join(pieces)


@pytest.mark.parametrize(("text", "number"), OTHER_NOTATIONS)
def test_every_honest_notation_of_a_number_is_read(text: str, number: Telephone | NoNumber) -> None:
    """Proves R78."""
    assert read_number(text) == number


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_text_that_is_not_exactly_one_valid_number_is_unparsable(text: str) -> None:
    """Proves R68."""
    assert read_number(text) is NoNumber.UNPARSABLE


@pytest.mark.parametrize(("text", "absence"), ABSENT)
def test_every_form_of_a_missing_number_has_its_name(text: str, absence: NoNumber) -> None:
    """Proves R70."""
    assert read_number(text) is absence


@given(st.text(max_size=40) | st.text("+0123456789()-. ;=@sipte:", max_size=40))
def test_any_text_gives_a_valid_number_or_a_named_ignorance(text: str) -> None:
    """Nothing raises, and only numbers valid by the numbering plan count."""
    read = read_number(text)
    assert isinstance(read, NoNumber) or _is_valid(read.e164)


@settings(max_examples=500)
@given(st.from_regex(r"(\+?81|0|\+810|00)([0-9]{8,11}|[5-9]0[0-9]{8})", fullmatch=True) | japanese_numbers())
def test_the_short_way_to_a_number_of_home_leads_where_the_library_does(text: str) -> None:
    """Valid or not, as E.164 and as it is dialled at home. Proves B3."""
    parsed, read = phonenumbers.parse(text, "JP"), read_number(text)
    if not phonenumbers.is_valid_number(parsed):
        assert read is NoNumber.UNPARSABLE
        return
    assert read == Telephone(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert national_digits(read) == shown.replace("-", "").replace(" ", "")


@given(japanese_numbers() | foreign_numbers())
def test_reading_a_number_that_was_read_changes_nothing(text: str) -> None:
    """Idempotence in every notation that we write a number in. Proves B3."""
    number = read_number(text)
    assert isinstance(number, Telephone)
    assert read_number(number.e164) == number
    assert read_number(show_number(number)) == number
    if number.e164.startswith("+81"):
        assert read_number(national_digits(number)) == number


@given(st.data(), japanese_numbers())
def test_separators_and_scripts_do_not_change_a_number(data: st.DataObject, digits: str) -> None:
    """Proves R78, B3."""
    text = data.draw(rewritten(digits))
    assert read_number(text) == Telephone(f"+81{digits[1:]}")
    assert compare(text, digits) is Grade.EXACT


@given(japanese_numbers() | foreign_numbers(), japanese_numbers() | foreign_numbers())
def test_no_two_valid_numbers_become_one(first: str, second: str) -> None:
    """Two texts that the numbering plan holds apart stay apart.

    Proves R69, B3.
    """
    apart = phonenumbers.parse(first, "JP") != phonenumbers.parse(second, "JP")
    assert (read_number(first) != read_number(second)) == apart
    assert (compare(first, second) in (Grade.EXACT, Grade.EQUIVALENT)) == (not apart)


@given(
    japanese_numbers(), japanese_numbers(), st.sampled_from(["", " ", "-", "/", ",", "、", ";", "\n", "\u3000", "+"])
)
def test_two_numbers_in_one_field_are_not_a_number(first: str, second: str, between: str) -> None:
    """Neither of them is picked, for nobody knows which was meant."""
    assume(between != ";")
    assert read_number(first + between + second) is NoNumber.UNPARSABLE


@pytest.mark.parametrize(
    ("number", "name", "withheld", "read"),
    [
        ("09012345678", "", False, MOBILE),
        ("09012345678", "Anonymous", False, MOBILE),
        ("+819012345678", "<script>\u202e\x00", False, MOBILE),
        ("09012345678", "", True, NoNumber.WITHHELD),
        ("09012345678", "鈴木", True, NoNumber.WITHHELD),
        ("", "", True, NoNumber.WITHHELD),
        ("09012345678", "Coin line/payphone", True, NoNumber.PAYPHONE),
        ("anonymous", "Coin line/payphone", True, NoNumber.PAYPHONE),
        ("O", "", True, NoNumber.OUT_OF_AREA),
        ("anonymous", "", False, NoNumber.WITHHELD),
        ("anonymous", "Coin line/payphone", False, NoNumber.PAYPHONE),
        ("anonymous", "Unavailable", False, NoNumber.OUT_OF_AREA),
        ("", "公衆電話", False, NoNumber.PAYPHONE),
        ("", "鈴木", False, NoNumber.UNKNOWN),
        ("", "", False, NoNumber.UNKNOWN),
        ("C", "", False, NoNumber.PAYPHONE),
        ("090&PJSIP/itsp/900", "Anonymous", False, NoNumber.UNPARSABLE),
        ("201", "", False, NoNumber.UNPARSABLE),
    ],
)
def test_a_withheld_number_is_none_even_when_it_was_delivered(
    number: str, name: str, withheld: bool, read: Telephone | NoNumber
) -> None:
    """Proves R70."""
    assert read_caller(number, name, withheld) == read


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_withheld_caller_ever_has_a_number(number: str, name: str) -> None:
    """Proves R70."""
    assert isinstance(read_caller(number, name, True), NoNumber)


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("201", Extension("201")),
        ("２０１", Extension("201")),
        ("100234", Extension("100234")),
        ("sip:8001@renkei.example", Extension("8001")),
        ("110", Emergency("110")),
        ("１１９", Emergency("119")),
        ("118", Emergency("118")),
        ("090-1234-5678", MOBILE),
        ("12", NoNumber.UNPARSABLE),
        ("1234567", NoNumber.UNPARSABLE),
        ("+201", NoNumber.UNPARSABLE),
        ("201&PJSIP/itsp/900", NoNumber.UNPARSABLE),
        ("", NoNumber.UNKNOWN),
    ],
)
def test_short_dialled_numbers_are_extensions_or_emergency_calls(text: str, dialled: object) -> None:
    """The simulator and the softphone share this reading; a dial string is never built from anything else."""
    assert read_dialled(text) == dialled


@pytest.mark.parametrize(
    ("a", "b", "grade"),
    [
        ("090-1234-5678", "０９０１２３４５６７８", Grade.EXACT),
        ("090-1234-5678", "+81 90 1234 5678", Grade.EQUIVALENT),
        ("184 090-1234-5678", "+819012345678", Grade.EQUIVALENT),
        ("+81(0)90-1234-5678", "+819012345678", Grade.EQUIVALENT),
        ("090-1234-5678", "090-1234-5687", Grade.TENTATIVE),
        ("090-1234-5678", "9012345678", Grade.TENTATIVE),
        ("090-1234-5678", "090-1234-567", Grade.TENTATIVE),
        ("1234-5678", "03-1234-5678", Grade.TENTATIVE),
        ("+81 90 1234 567", "090-1234-5678", Grade.TENTATIVE),
        ("090-1234-5678", "090-1234-9999", None),
        ("090-1234-5678", "080-4321-5678", None),
        ("090-1234-5678", "", None),
        ("", "", None),
        ("非通知", "非通知", None),
        ("201", "201", None),
        ("090-1234-5678", "5678", None),
    ],
)
def test_two_texts_are_graded(a: str, b: str, grade: Grade | None) -> None:
    """Only two valid numbers that are one are more than tentative; the order does not matter. Proves B3."""
    assert compare(a, b) is grade
    assert compare(b, a) is grade


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("090-1234-5678", False),
        ("090-1234-5687", True),
        ("090-1234-5786", False),
        ("090-1243-5687", False),
        ("090-1234-9978", True),
        ("090-1234-9979", False),
        ("090-1234-567", True),
        ("090-1234-56", True),
        ("090-1234-5", False),
        ("9012345678", True),
        ("+81 81 1234 5678", True),
        ("+81 90 1234 567", True),
        ("0901234567788", True),
        ("090-1234-56788", True),
        ("03-1234-5678", False),
        ("abc", False),
        ("", False),
    ],
)
def test_a_number_one_slip_away_is_near(typed: str, near: bool) -> None:
    """At most two digits differ, are missing or are too many."""
    assert is_near(MOBILE, typed) is near


@given(st.text("0123456789", max_size=12), st.text("0123456789", max_size=12))
def test_nearness_is_symmetric_and_never_holds_of_equals(a: str, b: str) -> None:
    """A number is not near itself: it is itself."""
    assert digits_are_near(a, b) == digits_are_near(b, a)
    assert not digits_are_near(a, a)


@given(st.text("0123456789", min_size=10, max_size=11), st.data())
def test_every_transposition_of_two_digits_is_near(digits: str, data: st.DataObject) -> None:
    """Neighbours or not."""
    i, j = data.draw(st.tuples(st.integers(0, len(digits) - 1), st.integers(0, len(digits) - 1)))
    assume(digits[i] != digits[j])
    swapped = list(digits)
    swapped[i], swapped[j] = swapped[j], swapped[i]
    assert digits_are_near(digits, "".join(swapped))


def test_numbers_are_shown_as_people_at_home_write_them() -> None:
    """National at home, international from abroad, masked to the last four."""
    assert show_number(MOBILE) == "090-1234-5678"
    assert show_number(TOKYO) == "03-1234-5678"
    assert show_number(Telephone("+12125550123")) == "+1 212-555-0123"
    assert mask_number(MOBILE) == "***-****-5678"
    assert mask_number(TOKYO) == "**-****-5678"
    assert last_four("０９０－１２３４－５６７８") == "5678"
    assert last_four("12") == "12"
    assert digits_of("<script>") == ""


@given(japanese_numbers() | foreign_numbers())
def test_a_masked_number_keeps_four_digits_and_no_more(text: str) -> None:
    """Whatever the country."""
    number = read_number(text)
    assert isinstance(number, Telephone)
    assert "".join(filter(str.isdigit, mask_number(number))) == number.e164[-4:]
