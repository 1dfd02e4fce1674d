"""``renkei jobs``: the jobs worker as a process of its own."""

import argparse
import os


def main(argv: list[str]) -> int:
    """Run jobs until told to stop; returns the exit code."""
    argparse.ArgumentParser(prog="renkei jobs", description="Run one-off and periodic work.").parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.settings")
    import django

    django.setup()
    from renkei.workers import jobs

    return jobs.main()
