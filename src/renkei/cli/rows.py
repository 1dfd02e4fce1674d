"""``renkei rows``: which requirement row is proven by which test; keeps the last column of docs/requirements.md true.

A test proves rows by a line of its docstring like ``Proves R71, D3.`` (ranges as ``R122 to R125``), at most eight.
"""

import argparse
import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "requirements.md"
NOT_YET = "まだ"
MOST = 8
_SHOWN = 3
_LINE = re.compile(r"^\| (?P<key>[RDBP]\d+) \| (?P<words>.*?) \| (?P<seen>.*?) \| (?P<proven>.*?) \|$")
_CLAIM = re.compile(r"Proves\b([^.]*)")
_RANGE = re.compile(r"\b([RDBP])(\d+)\s*(?:to|-|–)\s*\1(\d+)\b")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the page."""

    key: str
    words: str
    seen: str
    proven: str

    @property
    def tests(self) -> list[str]:
        """The tests it names, as path::name."""
        return re.findall(r"`([^`]+::[^`]+)`", self.proven)


@dataclass(frozen=True, slots=True)
class Claim:
    """One test and the rows its docstring says it proves."""

    test: str
    rows: tuple[str, ...]


def page_rows(page: Path = PAGE) -> list[Row]:
    """The rows in the page's order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [Row(**found.groupdict()) for line in lines if (found := _LINE.match(line))]


def rows_named(docstring: str) -> tuple[str, ...]:
    """The rows after the word Proves, ranges spelled out."""
    named: list[str] = []
    for claim in _CLAIM.findall(docstring):
        named += re.findall(r"\b[RDBP]\d+\b", _RANGE.sub(_spelled_out, claim))
    return tuple(dict.fromkeys(named))


def _spelled_out(found: re.Match[str]) -> str:
    return " ".join(f"{found[1]}{number}" for number in range(int(found[2]), int(found[3]) + 1))


def claims(tests: Path) -> Iterator[Claim]:
    """Every test function, with what it claims (often nothing)."""
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                where = path.relative_to(tests.parent).as_posix()
                yield Claim(f"{where}::{node.name}", rows_named(ast.get_docstring(node) or ""))


def proven_by(found: list[Claim]) -> dict[str, list[str]]:
    """The tests of each row; a test that claims too much counts for none."""
    proofs: dict[str, list[str]] = {}
    for claim in found:
        if len(claim.rows) <= MOST:
            for row in claim.rows:
                proofs.setdefault(row, []).append(claim.test)
    return proofs


def written(text: str, proofs: dict[str, list[str]]) -> str:
    """The page with its last column as the tests' docstrings have it."""
    lines = []
    for line in text.splitlines():
        if found := _LINE.match(line):
            tests = proofs.get(found["key"], [])
            cell = "<br>".join(f"`{test}`" for test in tests[:_SHOWN]) or NOT_YET
            cell += f"<br>+{len(tests) - _SHOWN}" if len(tests) > _SHOWN else ""
            line = f"| {found['key']} | {found['words']} | {found['seen']} | {cell} |"
        lines.append(line)
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Print how much is proven; with --write bring the page up to date."""
    parser = argparse.ArgumentParser(prog="renkei rows")
    parser.add_argument("--write", action="store_true", help="update docs/requirements.md")
    options = parser.parse_args(argv)
    proofs = proven_by(list(claims(ROOT / "tests")))
    if options.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), proofs), encoding="utf-8")
    rows = page_rows()
    for kind, name in (("R", "requirements"), ("D", "decisions"), ("B", "beyond"), ("P", "promises")):
        ours = [row for row in rows if row.key.startswith(kind)]
        print(f"{sum(row.key in proofs for row in ours):4d} of {len(ours):3d}  {name}")
    return 0
