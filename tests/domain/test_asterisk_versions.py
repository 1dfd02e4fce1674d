"""An Asterisk that is too old or open to attack is named as such, by its version string alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.asterisk_versions import Holed, TooOld, judge_asterisk


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.16.60671435-1", None),
        ("22.10.1", None),
        ("Asterisk 22.5.2", None),
        ("Asterisk 22.5.1", Holed("22.5.1", "22.5.2", "GHSA-64qc-9x89-rx5j")),
        ("Asterisk 22.0.0", Holed("22.0.0", "22.5.2", "GHSA-64qc-9x89-rx5j")),
        ("Asterisk 20.15.1", Holed("20.15.1", "20.15.2", "GHSA-64qc-9x89-rx5j")),
        ("Asterisk 20.9", Holed("20.9", "20.15.2", "GHSA-64qc-9x89-rx5j")),
        ("Asterisk 20.16.0", None),
        ("Asterisk 23.0.0", None),
        ("Asterisk 18.26.4", TooOld("18.26.4")),
        ("Asterisk 16.28.0~dfsg-0+deb11u4", TooOld("16.28.0")),
        ("Asterisk certified/20.7-cert5", None),
        ("Asterisk certified/18.9-cert14", TooOld("certified/18.9")),
        ("Asterisk GIT-master-abc", None),
        ("", None),
    ],
)
def test_a_version_is_judged_by_its_branch_and_release(said: str, finding: object) -> None:
    assert judge_asterisk(said) == finding


@given(st.text())
def test_whatever_an_asterisk_calls_itself_is_no_error(said: str) -> None:
    judge_asterisk(said)
