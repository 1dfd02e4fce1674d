"""Chat systems described in a file: address, proof of identity, what to read, which error means what, test vectors.

A description says how conversations are looked up, how completed ones are listed (``[closed]``), or both. Python only
where a recipe cannot say it: a system of this kind is one TOML file in descriptions/ and one line in the registry. A
description that contradicts itself stops the start with its name and the reason.
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
from renkei.connectors.closed_reading import ClosedShape, read_closed
from renkei.connectors.contract import (
    ClosedContext,
    ClosedPage,
    ClosedQuestion,
    Connector,
    FailureKind,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    LookupResult,
    setting,
)
from renkei.connectors.fetching import ClosedPaging, Listing, fetch_page
from renkei.connectors.reading import Shape, TimeForm, read_conversations
from renkei.domain.chat import Kind, Speaker
from renkei.domain.closed_chat import ClosedChat
from renkei.domain.extraction import ErrorRule
from renkei.domain.foreign_json import Json
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
class ClosedVector:
    """A status and body, and what must come of them: ``page`` with these chats read, so many still open and so many
    not understood, and this next token; ``retry`` or ``stop`` with the error's code."""

    name: str
    status: int
    outcome: str
    answer: str
    chats: tuple[str, ...] = ()
    open: int = 0
    malformed: int = 0
    next: str | None = None
    code: str = ""
    page: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDescription:
    """How completed conversations are listed."""

    settings: tuple[DescribedSetting, ...]
    listing: Listing
    vectors: tuple[ClosedVector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupDescription:
    """How the conversations of one number are looked up."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A whole description file: one half, or both."""

    name: str
    label: str
    note: str
    lookup: LookupDescription | None
    closed: ClosedDescription | None


def read_description(text: str) -> Description:
    """Read a description; raises MisconfiguredError with what is wrong."""
    try:
        raw = tomllib.loads(text)
        if "request" not in raw and "closed" not in raw:
            raise KeyError("request")
        return Description(
            name=raw["name"],
            label=raw["label"],
            note=raw.get("note", ""),
            lookup=_read_lookup(raw) if "request" in raw else None,
            closed=_read_closed(raw["closed"]) if "closed" in raw else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MisconfiguredError("bad_description", reason=f"{type(error).__name__}: {error}") from error


def _read_lookup(raw: Mapping[str, Any]) -> LookupDescription:
    return LookupDescription(
        settings=_read_settings(raw),
        recipe=_read_recipe(raw, Paging(**raw["paging"]) if "paging" in raw else None),
        shape=Shape(**_read_shape(raw["answer"])),
        vectors=tuple(_read_vector(each) for each in raw.get("vectors", ())),
    )


def _read_closed(raw: Mapping[str, Any]) -> ClosedDescription:
    paging = dict(raw["paging"])
    if "expired" in paging:
        paging["expired"] = ErrorRule(kind=FailureKind.NOT_FOUND, **paging["expired"])
    shape = _read_shape(raw["answer"])
    states = {theirs: _is_closed_state(ours) for theirs, ours in shape.pop("states", {}).items()}
    return ClosedDescription(
        settings=_read_settings(raw),
        listing=Listing(
            recipe=_read_recipe(raw, None), shape=ClosedShape(**shape, states=states), paging=ClosedPaging(**paging)
        ),
        vectors=tuple(
            ClosedVector(**each | {"chats": tuple(each.get("chats", ()))}) for each in raw.get("vectors", ())
        ),
    )


def _is_closed_state(word: str) -> bool:
    return {"closed": True, "open": False}[word]


def _read_settings(raw: Mapping[str, Any]) -> tuple[DescribedSetting, ...]:
    return tuple(DescribedSetting(**each) for each in raw.get("settings", ()))


def _read_recipe(raw: Mapping[str, Any], paging: Paging | None) -> Recipe:
    request = dict(raw["request"])
    auth = dict(request.get("auth", {}))
    body = request.get("body", "")
    return Recipe(
        url=request["url"],
        method=request.get("method", "GET"),
        headers=tuple(request.get("headers", {}).items()),
        query=tuple(request.get("query", {}).items()),
        optional=frozenset(request.get("optional", ())),
        body=body if isinstance(body, str) else json.dumps(body, ensure_ascii=False),
        body_kind=BodyKind(request.get("body_kind", "none")),
        auth=Auth(**(auth | {"kind": AuthKind(auth.get("kind", "none"))})),
        paging=paging,
        errors=tuple(ErrorRule(**(each | {"kind": FailureKind(each["kind"])})) for each in raw.get("errors", ())),
    )


def _read_shape(raw: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(raw)
    if plain.get("times", "iso") not in get_args(TimeForm):
        raise ValueError(f"times: {plain['times']}")
    if "speakers" in plain:
        plain["speakers"] = {theirs: Speaker(ours) for theirs, ours in plain["speakers"].items()}
    if "kinds" in plain:
        plain["kinds"] = {theirs: Kind(ours) for theirs, ours in plain["kinds"].items()}
    return plain


def _read_vector(raw: Mapping[str, Any]) -> Vector:
    return Vector(**{**raw, "conversations": tuple(raw.get("conversations", ()))})


def make_connector(description: Description) -> Connector:
    """Make the connector of a description."""
    lookup, closed = description.lookup, description.closed
    made = Connector(name=description.name, label=description.label, note=description.note)
    if lookup is not None:
        made = dataclasses.replace(
            made,
            lookup_settings=_make_settings("LookupSettings", lookup.settings),
            find_by_phone=partial(_find_by_phone, description.name, lookup),
        )
    if closed is not None:
        made = dataclasses.replace(
            made,
            closed_chat_settings=_make_settings("ClosedChatSettings", closed.settings),
            closed_since=partial(_closed_since, closed),
            parse_closed=partial(_parse_closed, closed),
        )
    return made


def connector(name: str) -> Connector:
    """Make the connector of ``descriptions/<name>.toml``."""
    return make_connector(shipped(name))


def shipped(name: str) -> Description:
    """Read a description that comes with Renkei."""
    return read_description((DESCRIPTIONS / f"{name}.toml").read_text(encoding="utf-8"))


def _make_settings(name: str, described: tuple[DescribedSetting, ...]) -> type[Any]:
    fields = [(each.name, str, setting(label=each.label, help=each.help, secret=each.secret)) for each in described]
    return dataclasses.make_dataclass(name, fields, frozen=True, slots=True)


async def _find_by_phone(
    name: str, description: LookupDescription, settings: Any, question: LookupQuestion, context: LookupContext
) -> LookupResult:
    problem = find_problem(question)
    if problem is None and (missing := _find_empty(description.settings, settings)):
        problem = LookupFailure(FailureKind.SETTINGS_ERROR, missing)
    if problem is not None:
        return LookupResult(problem)
    entered = {each.name: str(getattr(settings, each.name)) for each in description.settings}
    variables = describe_question(question) | _as_values(description.settings, settings)
    key = BreakerKey.of(
        " ".join([name, *(entered[each.name] for each in description.settings if each.is_address)]),
        question.project_id,
        credentials="\n".join(entered[each.name] for each in description.settings if each.secret),
    )
    return await ask(description.recipe, variables, description.reader(question), key=key, context=context)


async def _closed_since(
    description: ClosedDescription, settings: Any, question: ClosedQuestion, context: ClosedContext
) -> ClosedPage:
    if missing := _find_empty(description.settings, settings):
        raise MisconfiguredError(missing)
    return await fetch_page(description.listing, _as_values(description.settings, settings), question, context)


def _parse_closed(description: ClosedDescription, payload: Json) -> ClosedChat | None:
    return read_closed(payload, description.listing.shape)


def _as_values(described: tuple[DescribedSetting, ...], settings: Any) -> dict[str, Value]:
    return {each.name: each.as_value(str(getattr(settings, each.name))) for each in described}


def _find_empty(described: tuple[DescribedSetting, ...], settings: Any) -> str:
    """The code of the first field that is empty; an empty text where none is."""
    for each in described:
        if not str(getattr(settings, each.name)).strip():
            return "address_missing" if each.is_address else f"{each.name}_missing"
    return ""
