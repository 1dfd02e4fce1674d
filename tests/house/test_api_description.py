"""docs/api publishes what the REST API is: in step with the code, valid, each example true to its schema."""

from collections.abc import Iterator
from typing import Any

import schemathesis

from renkei.cli.api_description import PAGE, written
from tests.api.published import DOCUMENT, fits
from tests.house.doors import API


def test_the_published_description_is_the_one_the_code_makes() -> None:
    """After a change of the API run ``./renkei api --write``."""
    assert PAGE.read_text(encoding="utf-8") == written(), "run ./renkei api --write"


def test_it_is_a_valid_openapi_document_of_every_operation() -> None:
    """Every reference resolves, and no operation is left out but the description itself."""
    operations = [result.ok() for result in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]
    routes = {door.route.replace("<int:", "{").replace(">", "}") for door in API} - {"api/v1/", "api/v1/openapi.json"}
    assert {operation.label for operation in operations} == {f"GET /{route}" for route in routes}


def test_every_example_fits_its_schema_and_every_answer_has_one() -> None:
    """Successes and refusals alike."""
    told = list(_answers())
    assert len(told) >= 12
    for where, schema in told:
        examples = [each for each in (schema.get("example"), _example_of(schema["schema"])) if each is not None]
        assert examples, where
        assert all(fits(schema["schema"], example) for example in examples), where


def test_every_operation_says_which_right_it_needs_and_how_it_refuses() -> None:
    for path, verbs in DOCUMENT["paths"].items():
        for described in verbs.values():
            assert "The key needs the right `" in described["description"], path
            assert {"401", "403", "422"} <= described["responses"].keys(), path
            assert described["security"] == [{"ApiKeyBearer": []}], path


def _answers() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, verbs in DOCUMENT["paths"].items():
        for verb, described in verbs.items():
            for status, response in described["responses"].items():
                yield f"{verb} {path} {status}", response["content"]["application/json"]


def _example_of(schema: dict[str, Any]) -> object:
    named = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return named.get("example")
