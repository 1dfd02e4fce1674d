"""An Asterisk that is too old or open to attack is named as such, by its version string alone."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.asterisk_versions import FIXED, OLDEST, Holed, TooOld, judge_asterisk


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


@given(
    branch=st.integers(0, 99),
    minor=st.integers(0, 40),
    patch=st.integers(0, 9),
    told_by=st.sampled_from(["", "Asterisk "]),
)
def test_each_release_is_judged_by_its_branch_and_the_release_that_closed_the_hole(
    branch: int, minor: int, patch: int, told_by: str
) -> None:
    said = f"{branch}.{minor}.{patch}"
    fixed = FIXED.get(branch)
    finding = judge_asterisk(f"{told_by}{said}~dfsg-1")
    assert isinstance(finding, TooOld) is (branch < OLDEST)
    assert isinstance(finding, Holed) is (fixed is not None and (minor, patch) < fixed[0])
    assert finding is None or finding.version == said


@given(st.text())
def test_whatever_an_asterisk_calls_itself_only_a_version_in_it_is_complained_of(said: str) -> None:
    finding = judge_asterisk(said)
    assert finding is None or re.fullmatch(r"(certified[/-])?\d+\.\d+(\.\d+)?", finding.version)
    assert finding is None or finding.version in said
