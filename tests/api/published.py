"""The published description of the REST API, to hold answers against."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs

PAGE = Path(__file__).parents[2] / "docs" / "api" / "openapi.json"
DOCUMENT: dict[str, Any] = json.loads(PAGE.read_text(encoding="utf-8"))


def fits(schema: dict[str, Any], value: object) -> bool:
    """Whether a value fits a schema of the description, its formats included."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return jsonschema_rs.is_valid(whole, value, validate_formats=True)


def is_published(path: str, *, status: int, body: object) -> bool:
    """Whether this answer to a GET, with this status, is one the description promises."""
    responses = DOCUMENT["paths"][path]["get"]["responses"]
    return str(status) in responses and fits(responses[str(status)]["content"]["application/json"]["schema"], body)
