"""renkei doctor warns about an Asterisk that is too old or open to attack."""

import pytest

from renkei.cli.doctor import find_in_asterisk


@pytest.mark.parametrize(
    ("said", "advice", "is_serious"),
    [
        ("Asterisk 22.5.1\n", "install 22.5.2 or newer", True),
        ("Asterisk 18.26.4\n", "Asterisk 20 or newer", False),
        ("Asterisk 22.10.1~dfsg\n", "", True),
    ],
)
def test_the_doctor_says_what_is_wrong_and_what_to_install(said: str, advice: str, is_serious: bool) -> None:
    finding = find_in_asterisk(said)
    assert advice in finding.advice
    assert bool(finding.advice) == bool(advice)
    assert finding.serious is is_serious
