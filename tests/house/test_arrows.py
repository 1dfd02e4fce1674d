"""The arrows of the house hold, and would be red on a sin: each kind is planted in a copy and must be found."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_LINTER = Path(sys.executable).parent / "lint-imports"


def run_arrows(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the copy in `folder`."""
    return subprocess.run(
        [_LINTER, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def _broken(report: str) -> str:
    """The names of broken contracts, and what is said of a folder that has no layer."""
    return "\n".join(line for line in report.splitlines() if "BROKEN" in line or "not listed as layers" in line)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources without what is built."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy2(ROOT / "pyproject.toml", folder)
    keep = shutil.ignore_patterns("static", "templates", "__pycache__", "locale")
    shutil.copytree(ROOT / "src", folder / "src", ignore=keep)
    return folder


def test_the_house_as_it_stands_keeps_its_arrows(copy: Path) -> None:
    checked = run_arrows(copy)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("sinner", "sin", "contract"),
    [
        ("errors.py", "from renkei import messages", "A layer uses only layers below it"),
        ("domain/sin.py", "import renkei.permissions", "A layer uses only layers below it"),
        ("models/sin.py", "import renkei.telephony.port", "A layer uses only layers below it"),
        ("web/sin.py", "import renkei.realtime", "A layer uses only layers below it"),
        ("strangers/__init__.py", '"""A folder nobody planned."""', "not listed as layers"),
        ("web/sin.py", "import renkei.models", "Interfaces never import models directly"),
        ("actions/sin.py", "import renkei.outbound", "Actions, queries and models never reach the network"),
        ("web/sin.py", "import renkei.connectors.contract", "Of the pages only the connector forms know connectors"),
        ("connectors/sin.py", "import django", "Connectors, telephony, speech and outbound know no Django"),
        ("connectors/contract_sin.py", "import renkei.connectors.circle_sin", "No import circles"),
    ],
)
def test_a_planted_sin_is_found(copy: Path, sinner: str, sin: str, contract: str) -> None:
    planted = copy / "src" / "renkei" / sinner
    before = planted.read_text(encoding="utf-8") if planted.exists() else None
    partner = planted.with_name("circle_sin.py")
    try:
        planted.parent.mkdir(exist_ok=True)
        planted.write_text(f"{before or ''}\n{sin}\n", encoding="utf-8")
        if "circle_sin" in sin:
            partner.write_text("import renkei.connectors.contract_sin\n", encoding="utf-8")
        checked = run_arrows(copy)
        assert checked.returncode != 0
        assert contract in _broken(checked.stdout)
    finally:
        partner.unlink(missing_ok=True)
        if before is not None:
            planted.write_text(before, encoding="utf-8")
        elif planted.name == "__init__.py":
            shutil.rmtree(planted.parent)
        else:
            planted.unlink()
