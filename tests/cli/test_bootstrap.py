"""``./renkei`` itself, which has to run before anything is installed (a bare machine: deploy/first-run.sh)."""

import errno
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXECUTABLE = ROOT / "renkei"


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The executable as a module."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = importlib.machinery.SourceFileLoader("renkei_bootstrap", str(EXECUTABLE))
    spec = importlib.util.spec_from_loader("renkei_bootstrap", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_it_needs_nothing_but_the_standard_library() -> None:
    isolated = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import runpy; runpy.run_path({str(EXECUTABLE)!r}, run_name='looked at')"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert isolated.returncode == 0, isolated.stderr


def test_it_works_from_any_folder(tmp_path: Path) -> None:
    said = subprocess.run([EXECUTABLE, "version"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("Renkei ")


def test_an_unknown_command_is_told_with_the_list() -> None:
    said = subprocess.run([EXECUTABLE, "dance"], capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert "no command “dance”" in said.stderr
    assert "run" in said.stderr


def test_without_venv_an_ordinary_user_gets_the_one_line_to_type(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetUpError) as refused:
        bootstrap.install_venv_package()
    assert refused.value.code == 3
    assert "apt-get install" in str(refused.value) or "venv module" in str(refused.value)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.EACCES, "writable"), (errno.EROFS, "writable"), (errno.ENOSPC, "full"), (errno.EIO, "Input/output")],
)
def test_a_refusing_file_system_is_one_sentence(bootstrap: ModuleType, number: int, sentence: str) -> None:
    told = bootstrap.sentence_for(OSError(number, os.strerror(number), "/somewhere"))
    assert sentence in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("says", "sentence"),
    [("No space left on device", "is full"), ("EACCES: Permission denied", "writable"), ("boom", "failed at")],
)
def test_a_failing_tool_ends_the_set_up_with_a_sentence(bootstrap: ModuleType, says: str, sentence: str) -> None:
    with pytest.raises(bootstrap.SetUpError, match=sentence):
        bootstrap.run(sys.executable, "-c", f"raise SystemExit({says!r})")


def test_a_changed_source_is_noticed(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    source = tmp_path / "source"
    source.write_text("one", encoding="utf-8")
    before = bootstrap.digest([source])
    source.write_text("two", encoding="utf-8")
    assert bootstrap.digest([source]) != before


@pytest.mark.parametrize("damaged", ["", "{", "[]x", "\x00"])
def test_a_damaged_stamp_means_set_up_again(bootstrap: ModuleType, tmp_path: Path, damaged: str) -> None:
    (tmp_path / "stamp.json").write_text(damaged, encoding="utf-8")
    assert bootstrap.read_stamp(tmp_path / "stamp.json") == {}


def test_every_lock_is_pinned_by_hash() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        lines = lock.read_text(encoding="utf-8").splitlines()
        pins = [number for number, line in enumerate(lines) if line and line[0].isalnum()]
        assert pins
        assert all("==" in lines[number] and "--hash=sha256:" in lines[number + 1] for number in pins), lock.name
