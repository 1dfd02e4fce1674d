"""``renkei api``: the description of the REST API, as docs/api/openapi.json publishes it."""

import argparse
import json
import os
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api" / "openapi.json"


def main(argv: list[str]) -> int:
    """Print it; with --write bring the published file up to date."""
    parser = argparse.ArgumentParser(prog="renkei api", description="Describe the REST API (OpenAPI).")
    parser.add_argument("--write", action="store_true", help="update docs/api/openapi.json")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "renkei.settings")
    import django

    django.setup()
    if options.write:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(written(), encoding="utf-8")
    else:
        print(written(), end="")
    return 0


def written() -> str:
    """The document as it stands in the file; Django must be set up."""
    from renkei.api.doors import api

    return json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=2) + "\n"
