"""The published description of the realtime API, to hold answers against."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs/realtime-api/openapi.json").read_text(encoding="utf-8"))


def is_valid(name: str, document: object) -> bool:
    """Whether a document fits one of the published schemas."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.is_valid(schema, document)


def is_published(path: str, verb: str, *, status: int, document: object) -> bool:
    """Whether this answer, with this status, is one the description promises."""
    responses = DOCUMENT["paths"][path][verb]["responses"]
    if str(status) not in responses:
        return False
    schema = responses[str(status)]["content"]["application/json"]["schema"]
    return is_valid(schema["$ref"].rpartition("/")[2], document)
