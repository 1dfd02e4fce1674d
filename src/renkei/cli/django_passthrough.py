"""``renkei django …``: Django's own commands with the settings of the installation in the environment."""

import os

from django.core.management import execute_from_command_line


def main(argv: list[str]) -> int:
    """Hand everything to Django; it prints and exits by itself on an error."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.settings")
    execute_from_command_line(["renkei django", *argv])
    return 0
