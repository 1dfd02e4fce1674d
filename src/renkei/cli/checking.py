"""``renkei check``: everything that can be said about the sources without running them; one line a step."""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from renkei.cli.sentences import disagreements, untranslated

ROOT = Path(__file__).resolve().parents[3]
_BIN = Path(sys.executable).parent
_PACKAGE = ROOT / "src" / "renkei"
_DOORS = 'lint.flake8-tidy-imports.banned-api."django.db".msg = "Interfaces ask actions and queries, never the ORM."'
_LINT_MIGRATIONS = """
import sys, django
django.setup()
from django_migration_linter import MessageType, MigrationLinter
quiet = [MessageType.OK.value, MessageType.IGNORE.value]
linter = MigrationLinter(sys.argv[0], no_cache=True, include_apps=["renkei"], quiet=quiet)
linter.lint_all_migrations()
sys.exit(linter.has_errors)
"""
_PATHS = ["src", "tests", "renkei", "bench"]


@dataclass(frozen=True, slots=True)
class Step:
    """One check: its name for people, and what returns the complaint (empty when all is well)."""

    name: str
    complain: Callable[[], str]


def main(argv: list[str]) -> int:
    """Run all steps, slow ones first, on all processors; returns 1 when one complains."""
    parser = argparse.ArgumentParser(prog="renkei check")
    parser.add_argument("only", nargs="*", help="names of steps")
    options = parser.parse_args(argv)
    steps = [step for step in _steps() if not options.only or step.name in options.only]
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        complaints = list(pool.map(_run, steps))
    return 1 if any(complaints) else 0


def _run(step: Step) -> str:
    began = time.monotonic()
    complaint = step.complain().strip()
    took = f"{time.monotonic() - began:5.1f} s"
    print(f"{'FAILED' if complaint else 'ok':<7}{step.name:<14}{took}", flush=True)
    if complaint:
        print("        " + complaint.replace("\n", "\n        "), flush=True)
    return complaint


def _steps() -> list[Step]:
    interfaces = [str(folder) for name in ("web", "api", "realtime", "workers") if (folder := _PACKAGE / name).exists()]
    paths = [path for path in _PATHS if (ROOT / path).exists()]
    return [
        Step("types", lambda: _tool("mypy", "--no-error-summary")),
        Step("migrations", _migrations),
        Step("arrows", lambda: _tool("lint-imports", "--no-logo")),
        Step("translations", lambda: "\n".join([*untranslated(_PACKAGE), *disagreements(_PACKAGE)])),
        Step("templates", lambda: _tool("djlint", "src/renkei/web/templates", "--lint", "--quiet")),
        Step("style", lambda: _tool("ruff", "check", "--quiet", *paths)),
        Step("form", lambda: _tool("ruff", "format", "--check", *paths)),
        Step(
            "doors",
            lambda: _tool(
                "ruff", "check", "--quiet", "--isolated", "--select", "TID251", "--config", _DOORS, *interfaces
            ),
        ),
    ]


def _tool(*command: str, environment: dict[str, str] | None = None) -> str:
    program = [str(_BIN / "python"), "-m", "django"] if command[0] == "django" else [str(_BIN / command[0])]
    done = subprocess.run(
        [*program, *command[1:]], cwd=ROOT, env=environment or dict(os.environ),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"


def _migrations() -> str:
    """No model without its migration, and no migration that an older version still running would not survive."""
    with _throwaway_database() as url:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "renkei.settings",
            "RENKEI_MODE": "test",
            "RENKEI_DATABASE_URL": url,
        }
        missing = _tool("django", "makemigrations", "--check", "--dry-run", environment=environment)
        return missing or _tool("python", "-c", _LINT_MIGRATIONS, environment=environment)


@contextlib.contextmanager
def _throwaway_database() -> Iterator[str]:
    from renkei.cli.postgres import FAST_AND_FORGETFUL, Postgres

    with tempfile.TemporaryDirectory(prefix="rk-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        with Postgres(Path(folder) / "pg", settings=FAST_AND_FORGETFUL) as server:
            yield server.owner_url
