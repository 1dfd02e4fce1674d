"""``renkei bench``: hands over to the benches, which stand beside the sources and not in the package."""

import os
import sys
from pathlib import Path

from renkei.cli.refusal import RefusalError


def main(argv: list[str]) -> int:
    """Run the bench that ``argv`` names; returns the exit code."""
    root = Path(os.environ.get("RENKEI_ROOT") or Path(__file__).parents[3])
    if not (root / "bench" / "command.py").exists():
        raise RefusalError("The benches are part of the repository, not of the package: run ./renkei bench there.")
    sys.path.insert(0, str(root))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.settings")
    import django

    django.setup()  # the statements stand beside the tables
    from bench.command import main as measure

    return measure(argv)
