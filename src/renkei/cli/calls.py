"""``renkei calls``: the calls worker as a process of its own."""

import argparse
import os


def main(argv: list[str]) -> int:
    """Serve calls until told to stop; returns the exit code."""
    argparse.ArgumentParser(prog="renkei calls", description="Carry calls on the line of RENKEI_LINE.").parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.settings")
    import django

    django.setup()  # the statements' tables are described by models
    from renkei.workers import calls

    return calls.main()
