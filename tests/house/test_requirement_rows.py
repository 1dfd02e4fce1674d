"""docs/requirements.md tells the truth about which row is proven by which test."""

from renkei.cli.rows import MOST, NOT_YET, PAGE, ROOT, claims, page_rows, proven_by, rows_named, written

CLAIMS = list(claims(ROOT / "tests"))
ROWS = page_rows()


def test_every_row_stands_once_on_the_page() -> None:
    keys = [row.key for row in ROWS]
    expected = [f"{kind}{n}" for kind, last in (("R", 186), ("D", 20), ("B", 13), ("P", 8)) for n in range(1, last + 1)]
    assert sorted(keys) == sorted(expected)


def test_every_test_named_on_the_page_exists() -> None:
    known = {claim.test for claim in CLAIMS}
    gone = {row.key: [test for test in row.tests if test not in known] for row in ROWS}
    assert not {key: tests for key, tests in gone.items() if tests}, "run ./renkei rows --write"


def test_a_proven_row_does_not_say_not_yet() -> None:
    proofs = proven_by(CLAIMS)
    late = [row.key for row in ROWS if row.key in proofs and not row.tests]
    assert not late, "run ./renkei rows --write"


def test_a_row_without_proof_says_not_yet() -> None:
    proofs = proven_by(CLAIMS)
    boasting = [row.key for row in ROWS if row.key not in proofs and row.proven != NOT_YET]
    assert not boasting, "run ./renkei rows --write"


def test_no_docstring_names_an_unknown_row_or_too_many() -> None:
    known = {row.key for row in ROWS}
    assert not [claim for claim in CLAIMS if len(claim.rows) > MOST or not set(claim.rows) <= known]


def test_claims_are_read_with_ranges_and_lists() -> None:
    assert rows_named("Something.\n\nProves R122 to R124, D3 and B2.") == ("R122", "R123", "R124", "D3", "B2")
    assert rows_named("About R71, which it does not prove.") == ()


def test_writing_the_page_twice_changes_nothing_more() -> None:
    proofs = proven_by(CLAIMS)
    once = written(PAGE.read_text(encoding="utf-8"), proofs)
    assert written(once, proofs) == once
