"""``renkei test``: sets up what the tests need, then runs them; what it does not know goes to pytest."""

import argparse
import os
import sys
from pathlib import Path

from renkei.cli.debian import say
from renkei.cli.needs import ensure_asterisk, ensure_packages

ROOT = Path(__file__).resolve().parents[3]


def main(argv: list[str]) -> int:
    """Become pytest, in the repository's root; the exit code is its own."""
    parser = argparse.ArgumentParser(prog="renkei test", description="Other options and paths are handed to pytest.")
    parser.add_argument("--all", action="store_true", help="the long runs too")
    parser.add_argument("--no-set-up", action="store_true", help="install nothing, use what is there")
    options, rest = parser.parse_known_args(argv)
    if not options.no_set_up:
        _set_up()
    chosen = [] if options.all or "-m" in rest else ["-m", "not long"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if options.all:
        environment.setdefault("HYPOTHESIS_PROFILE", "long")
    command = [sys.executable, "-m", "pytest", *chosen, *rest]
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)  # pytest in our place: Ctrl-C and TERM reach it


def _set_up() -> None:
    missing = ensure_packages()
    if missing:
        names = " ".join(missing)
        say(f"MISSING: what an administrator gets by “apt-get install {names}”; the tests that need it are SKIPPED.")
    if ensure_asterisk() is None:
        say("MISSING: Asterisk. Tests that need a real telephone line are SKIPPED.")
