"""``renkei demo``: loads the sample office into the configured database, once, and prints the first sign-in."""

import argparse
import os


def main(argv: list[str]) -> int:
    """Load what is missing; prints the administrator's sign-in the first time; returns the exit status."""
    parser = argparse.ArgumentParser(prog="renkei demo", description="Load the sample office, once.")
    parser.add_argument("--calls", type=int, default=3_000, help="how many calls of the last sixty days")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.settings")
    import django

    django.setup()
    from renkei.cli.demo.load import load_demonstration

    first = load_demonstration(calls=options.calls)
    if first is not None:
        print(f"First sign-in: user name {first.username}, password {first.password}")
    return 0
