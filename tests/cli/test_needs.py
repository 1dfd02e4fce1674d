"""What the tests need is seen as a whole, and got without root."""

import os
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from renkei.cli import debian, doctor, needs


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without anything the tests need, whose .cache/tools is this folder."""
    monkeypatch.setattr(needs, "TOOLS", tmp_path / "tools")
    monkeypatch.setattr(needs.Need, "_is_installed", property(lambda need: False))
    return tmp_path / "tools"


def test_python_packages_that_are_absent_or_of_another_version_are_missing(tmp_path: Path) -> None:
    lock = tmp_path / "dev.txt"
    lock.write_text(
        f"pytest=={version('pytest')} \\\n    --hash=sha256:0\npsycopg[binary,pool]==0.1 \\\n    --hash=sha256:0\n"
        "never-heard-of==1.0\n",
        encoding="utf-8",
    )
    assert needs.missing_python_packages(lock) == ["psycopg", "never-heard-of"]
    assert needs.missing_python_packages(tmp_path / "no such file") == []


def test_the_doctor_names_missing_python_packages_and_debian_packages(
    tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "missing_python_packages", lambda: ["pytest", "hypothesis", "mypy", "ruff"])
    doctor.main(["--data", str(tmp_path / "office")])
    line = next(line for line in capsys.readouterr().out.splitlines() if "what the tests need" in line)
    assert line.startswith("hint")
    assert "4 Python packages (pytest, hypothesis, mypy …) and Debian's libatomic1, sip-tester, chromium" in line
    assert "“./renkei test” gets them" in line
    assert not (tmp_path / "office").exists()


def test_looking_at_an_installation_makes_no_file_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.main(["--data", str(tmp_path)])
    assert "is not running" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_without_root_the_packages_are_unpacked_and_run_where_they_lie(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(packages: Sequence[str], state: Path) -> list[Path]:
        asked.extend(packages)
        return [Path("all.deb")]

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(debian, "find_mirror", lambda: "http://mirror.example/debian")
    monkeypatch.setattr(debian, "fetch_missing_of", fetch)
    monkeypatch.setattr(debian, "unpack", lambda packages, tree: unpacked(tree))
    assert needs.ensure_packages() == []
    assert asked == sorted(need.package for need in needs.NEEDS)
    environment = {"PATH": "/nowhere"}
    needs.use_tools(environment)
    needs.use_tools(environment)  # twice is harmless
    assert environment == {
        "PATH": f"/nowhere:{tools / 'run'}",
        "LD_LIBRARY_PATH": str(tools / "run"),
        "FONTCONFIG_FILE": str(tools / "run" / "fonts.conf"),
    }
    said = subprocess.run(["chromium", "a b"], env=environment, capture_output=True, text=True, check=True).stdout
    library = tools / "usr/lib/x86_64-linux-gnu"
    assert said == f"a b {tools}/usr/lib/chromium:{library}:{library / 'nss'}\n"
    assert (tools / "run" / "libatomic.so.1").read_text(encoding="utf-8") == "library"
    assert f"<dir>{tools}/usr/share/fonts</dir>" in (tools / "run" / "fonts.conf").read_text(encoding="utf-8")


def unpacked(tree: Path) -> None:
    """What the packages hold, as far as it matters."""
    program = '#!/bin/sh\necho "$1" "$LD_LIBRARY_PATH"\n'
    files = {
        "usr/bin/sipp": program,
        "usr/bin/chromium": "a script that looks elsewhere",
        "usr/lib/chromium/chromium": program,
        "usr/lib/x86_64-linux-gnu/libatomic.so.1": "library",
        "usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so": "library",
        "usr/lib/x86_64-linux-gnu/gio/modules.txt": "no library",
        "usr/share/fonts/NotoSansCJK-Regular.ttc": "font",
        "usr/share/fonts/NotoColorEmoji.ttf": "font",
    }
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
        (tree / name).chmod(0o755)


def test_a_machine_that_has_no_debian_sources_is_told_the_line_to_type(
    tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from renkei.cli import testing

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(debian, "find_mirror", lambda: None)
    monkeypatch.setattr(testing, "ensure_asterisk", lambda: tools)
    testing._set_up()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "“apt-get install libatomic1 sip-tester chromium fonts-noto-cjk fonts-noto-color-emoji”" in said
    assert "SKIPPED" in said


def test_a_failed_fetch_leaves_no_half_unpacked_tools(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(debian, "find_mirror", lambda: "http://mirror.example/debian")
    monkeypatch.setattr(debian, "fetch_missing_of", lambda packages, state: [])
    assert needs.ensure_packages() == [need.package for need in needs.NEEDS]
    assert list(tools.parent.iterdir()) == []
    environment = {"PATH": "/usr/bin"}
    needs.use_tools(environment)
    assert environment == {"PATH": "/usr/bin"}
