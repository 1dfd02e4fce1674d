"""Names and sizes: a newcomer finds the word of the trade, and a file tells one story."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_BUILT = {"migrations", "static"}
SOURCES = sorted(
    path
    for path in (ROOT / "src" / "renkei").rglob("*.py")
    if "migrations" not in path.parts and "static" not in path.parts
)
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "misc", "core", "lib", "base", "tools"}
LONGEST_FILE, LONGEST_TEST_FILE = 400, 500  # lines; tables of cases are long
LONGEST_FUNCTION = 60  # lines; thirty is long already
PURE_LIBRARIES = {"phonenumbers", "jaconv", "rapidfuzz", "re2", "jsonpath", "jpholiday", "holidays", "idna", "renkei"}
FORBIDDEN_STANDARD = {
    "asyncio", "http", "locale", "multiprocessing", "os", "pathlib", "random", "secrets", "select", "shutil", "signal",
    "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}


@pytest.mark.parametrize("folder", ["src/renkei", "tests"])
def test_no_folder_or_module_has_an_empty_name(folder: str) -> None:
    paths = [path for path in (ROOT / folder).rglob("*") if path.suffix == ".py" or path.is_dir()]
    assert not [path for path in paths if path.stem in EMPTY_WORDS]


def test_no_file_has_grown_too_long() -> None:
    limits = dict.fromkeys(SOURCES, LONGEST_FILE) | dict.fromkeys((ROOT / "tests").rglob("*.py"), LONGEST_TEST_FILE)
    long = {str(path.relative_to(ROOT)): lines for path, limit in limits.items() if (lines := _lines(path)) > limit}
    assert not long


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_function_has_grown_too_long() -> None:
    long = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long[f"{path.relative_to(ROOT)}::{node.name}"] = length
    assert not long


def test_every_module_opens_with_a_word_for_newcomers() -> None:
    silent = [path for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not [str(path.relative_to(ROOT)) for path in silent]


def imports_of(source: str) -> set[str]:
    """Every module a source imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module, *(f"{module}.{name.name}" for name in names)}
            case _:
                pass
    return found


def impurities(source: str) -> set[str]:
    """What a module of domain/ may not know: clocks, chance, network, machine, and libraries that are not pure."""
    import sys

    wrong = set()
    for module in imports_of(source):
        top = module.split(".")[0]
        if top == "renkei":
            if not module.startswith(("renkei.domain", "renkei.errors")) and module != "renkei":
                wrong.add(module)
        elif top not in PURE_LIBRARIES and top not in sys.stdlib_module_names:
            wrong.add(module)
        if module in FORBIDDEN_STANDARD or top in FORBIDDEN_STANDARD:
            wrong.add(module)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            wrong.add(f"{node.func.attr}()")
    return wrong


@pytest.mark.parametrize("path", sorted((ROOT / "src/renkei/domain").rglob("*.py")), ids=lambda path: path.name)
def test_domain_knows_neither_clock_nor_chance_nor_network(path: Path) -> None:
    assert not impurities(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "sin",
    [
        "import socket",
        "from random import choice",
        "import django",
        "from renkei import clock",
        "from urllib.request import urlopen",
        "from datetime import datetime\nnow = datetime.now()",
        "def late() -> None:\n    import time",
    ],
)
def test_an_impure_domain_would_be_found(sin: str) -> None:
    assert impurities(sin)


def committed_files() -> Iterator[str]:
    """The names in git's index, read without git: a bare machine has none (gitformat-index, version 2)."""
    index = ROOT / ".git" / "index"
    if not index.is_file() or (held := index.read_bytes())[:8] != b"DIRC\0\0\0\x02":
        pytest.skip("not a git checkout")
    at = 12
    for _ in range(int.from_bytes(held[8:12], "big")):
        end = held.index(b"\0", at + 62)
        yield held[at + 62 : end].decode()
        at += (end - at) // 8 * 8 + 8  # each entry is filled up with one to eight zeros


def test_the_repository_names_no_machine() -> None:
    """No absolute path of somebody's machine, and no package host, in any committed file."""
    hosts = ("registry." + "npmjs", "files.python" + "hosted", "pypi" + ".org/simple")
    machines = ("/ro" + "ot/", "/wo" + "rk/", *hosts)
    found = []
    for name in committed_files():
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".svg", ".wav", ".jpg"}:
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{name}: {machine}" for machine in machines if machine in text]
    assert not found
