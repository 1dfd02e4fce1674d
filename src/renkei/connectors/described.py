"""Chat systems described in a file: address, proof of identity, what to read, which error means what, test vectors.

Python only where a recipe cannot say it: a system of this kind is one TOML file in descriptions/ and one line in the
registry. A description that contradicts itself stops the start with its name and the reason.
"""

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

from renkei.connectors.asking import Read, ask, describe_question, find_problem
from renkei.connectors.contract import (
    Connector,
    FailureKind,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    LookupResult,
    setting,
)
from renkei.connectors.reading import Shape, TimeForm, read_conversations
from renkei.domain.chat import Kind, Speaker
from renkei.domain.extraction import ErrorRule
from renkei.domain.recipe import Auth, AuthKind, BodyKind, Paging, Recipe, Value
from renkei.errors import MisconfiguredError
from renkei.outbound import BreakerKey

DESCRIPTIONS = Path(__file__).parent / "descriptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedSetting:
    """One field of the settings form; ``is_address`` may begin the URL, a secret is never shown."""

    name: str
    label: str
    help: str = ""
    secret: bool = False
    is_address: bool = False

    def as_value(self, text: str) -> Value:
        """The recipe's variable for what was entered."""
        if self.is_address:
            return Value.address(text)
        return Value.secret(text.strip()) if self.secret else Value.plain(text.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A status and body, and what must come of them: ``found`` with these conversation ids, or a failure's kind.

    Vectors ask for project ``P`` and channel ``C``.
    """

    name: str
    status: int
    outcome: str
    answer: str
    conversations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A whole description file."""

    name: str
    label: str
    note: str
    settings: tuple[DescribedSetting, ...]
    recipe: Recipe
    shape: Shape
    vectors: tuple[Vector, ...]

    def reader(self, question: LookupQuestion) -> Read:
        """What reads an answer to this question."""
        return partial(
            read_conversations,
            shape=self.shape,
            project_id=question.project_id.strip(),
            channel_id=question.channel_id.strip(),
        )


def read_description(text: str) -> Description:
    """Read a description; raises MisconfiguredError with what is wrong."""
    try:
        raw = tomllib.loads(text)
        return Description(
            name=raw["name"],
            label=raw["label"],
            note=raw.get("note", ""),
            settings=tuple(DescribedSetting(**each) for each in raw.get("settings", ())),
            recipe=_read_recipe(raw),
            shape=_read_shape(raw["answer"]),
            vectors=tuple(_read_vector(each) for each in raw.get("vectors", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MisconfiguredError("bad_description", reason=f"{type(error).__name__}: {error}") from error


def _read_recipe(raw: Mapping[str, Any]) -> Recipe:
    request = dict(raw["request"])
    auth = dict(request.get("auth", {}))
    body = request.get("body", "")
    return Recipe(
        url=request["url"],
        method=request.get("method", "GET"),
        headers=tuple(request.get("headers", {}).items()),
        query=tuple(request.get("query", {}).items()),
        body=body if isinstance(body, str) else json.dumps(body, ensure_ascii=False),
        body_kind=BodyKind(request.get("body_kind", "none")),
        auth=Auth(**(auth | {"kind": AuthKind(auth.get("kind", "none"))})),
        paging=Paging(**raw["paging"]) if "paging" in raw else None,
        errors=tuple(ErrorRule(**(each | {"kind": FailureKind(each["kind"])})) for each in raw.get("errors", ())),
    )


def _read_shape(raw: Mapping[str, Any]) -> Shape:
    plain = dict(raw)
    if plain.get("times", "iso") not in get_args(TimeForm):
        raise ValueError(f"times: {plain['times']}")
    if "speakers" in plain:
        plain["speakers"] = {theirs: Speaker(ours) for theirs, ours in plain["speakers"].items()}
    if "kinds" in plain:
        plain["kinds"] = {theirs: Kind(ours) for theirs, ours in plain["kinds"].items()}
    return Shape(**plain)


def _read_vector(raw: Mapping[str, Any]) -> Vector:
    return Vector(**{**raw, "conversations": tuple(raw.get("conversations", ()))})


def make_connector(description: Description) -> Connector:
    """Make the connector of a description."""
    return Connector(
        name=description.name,
        label=description.label,
        note=description.note,
        lookup_settings=_make_settings(description),
        find_by_phone=partial(_find_by_phone, description),
    )


def connector(name: str) -> Connector:
    """Make the connector of ``descriptions/<name>.toml``."""
    return make_connector(shipped(name))


def shipped(name: str) -> Description:
    """Read a description that comes with Renkei."""
    return read_description((DESCRIPTIONS / f"{name}.toml").read_text(encoding="utf-8"))


def _make_settings(description: Description) -> type[Any]:
    fields = [
        (each.name, str, setting(label=each.label, help=each.help, secret=each.secret)) for each in description.settings
    ]
    return dataclasses.make_dataclass("LookupSettings", fields, frozen=True, slots=True)


async def _find_by_phone(
    description: Description, settings: Any, question: LookupQuestion, context: LookupContext
) -> LookupResult:
    problem = find_problem(question) or _find_empty(description, settings)
    if problem is not None:
        return LookupResult(problem)
    entered = {each.name: str(getattr(settings, each.name)) for each in description.settings}
    variables = describe_question(question)
    variables |= {each.name: each.as_value(entered[each.name]) for each in description.settings}
    key = BreakerKey.of(
        " ".join([description.name, *(entered[each.name] for each in description.settings if each.is_address)]),
        question.project_id,
        credentials="\n".join(entered[each.name] for each in description.settings if each.secret),
    )
    return await ask(description.recipe, variables, description.reader(question), key=key, context=context)


def _find_empty(description: Description, settings: Any) -> LookupFailure | None:
    for each in description.settings:
        if not str(getattr(settings, each.name)).strip():
            detail = "address_missing" if each.is_address else f"{each.name}_missing"
            return LookupFailure(FailureKind.SETTINGS_ERROR, detail)
    return None
