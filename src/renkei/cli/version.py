"""``renkei version``."""

import renkei


def main(argv: list[str]) -> int:
    """Print the version."""
    print(f"Renkei {renkei.__version__}")
    return 0
