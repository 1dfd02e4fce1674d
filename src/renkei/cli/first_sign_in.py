"""``renkei first-sign-in``: prints the first administrator's one-time address; nothing once there is one."""

import os


def main(argv: list[str]) -> int:
    """Make a fresh one-time sign-in (earlier unused ones stop working) and print its address."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.settings")
    import django

    django.setup()
    from renkei.actions.accounts import issue_first_sign_in
    from renkei.settings import config

    issued = issue_first_sign_in()
    if issued is not None:
        print(f"First sign-in (works once, for 24 hours): {config.public_url.rstrip('/')}{issued.path}")
    return 0
