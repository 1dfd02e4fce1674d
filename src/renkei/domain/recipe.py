"""The request recipe: how to write one HTTP request to a system we only know from a description (D13).

Templates hold ``{{name}}``. A variable is escaped for the place where it stands, so a caller's number, a header of a
call or whatever else a stranger supplied cannot leave its place: percent-escaped in paths and queries, put into the
parsed tree in JSON, refused in a header when it holds control characters, refused in the host.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, urlencode, urlsplit

from renkei.domain.extraction import ErrorRule
from renkei.domain.foreign_json import Json, clean_text

CANNED_SCHEME = "response://"
MASK = "***"
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FORBIDDEN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te"})


class RecipeError(ValueError):
    """The recipe and its variables make no safe request. ``code`` says why; nothing is sent."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(code, name)
        self.code = code
        self.name = name


@dataclass(frozen=True, slots=True)
class Value:
    """A variable: what is sent, and what the history shows instead. ``is_address`` may begin a URL (a setting)."""

    text: str
    shown: str
    is_address: bool = False
    is_phone: bool = False

    @classmethod
    def plain(cls, text: str) -> "Value":
        """A value that may be shown."""
        return cls(clean_text(text), clean_text(text))

    @classmethod
    def secret(cls, text: str) -> "Value":
        """A value that is never shown."""
        return cls(clean_text(text), MASK)

    @classmethod
    def phone(cls, text: str) -> "Value":
        """A telephone number, shown by its last four digits."""
        cleaned = clean_text(text)
        shown = "*" * (len(cleaned) - 4) + cleaned[-4:] if len(cleaned) > 4 else MASK
        return cls(cleaned, shown, is_phone=True)

    @classmethod
    def address(cls, text: str) -> "Value":
        """The beginning of a URL, given by an administrator: scheme, host, perhaps port and path; no query."""
        return cls(clean_text(text.strip()), clean_text(text.strip()), is_address=True)


class BodyKind(StrEnum):
    """How a body is written; NONE sends none."""

    NONE = "none"
    JSON = "json"
    FORM = "form"
    TEXT = "text"


class AuthKind(StrEnum):
    """How a request proves who it is from."""

    NONE = "none"
    BEARER = "bearer"
    BASIC = "basic"
    HEADER = "header"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Auth:
    """``value`` and ``user`` are templates; ``name`` is the header's or the parameter's."""

    kind: AuthKind = AuthKind.NONE
    value: str = ""
    user: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Paging:
    """``next_path`` finds the next page's token in an answer, ``parameter`` sends it; ``most_pages`` ends a loop."""

    next_path: str
    parameter: str
    most_pages: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One request. A URL that begins with ``response://`` makes none: the text behind it is the answer.

    A query parameter that names a variable of ``optional`` is left out where that variable is empty.
    """

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    optional: frozenset[str] = frozenset()
    body: str = ""
    body_kind: BodyKind = BodyKind.NONE
    auth: Auth = field(default_factory=Auth)
    paging: Paging | None = None
    errors: tuple[ErrorRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A finished request, and the same request as the history shows it."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    shown_url: str
    shown_headers: tuple[tuple[str, str], ...]
    shown_body: str


@dataclass(frozen=True, slots=True)
class Canned:
    """The answer of a ``response://`` recipe: status 200 and this body."""

    body: str


Variables = Mapping[str, Value]
_Pick = Callable[[Value], str]


def write(recipe: Recipe, variables: Variables, *, page: str | None = None) -> Written | Canned:
    """Write the request; ``page`` is the token of a later page. Raises RecipeError."""
    if recipe.url.startswith(CANNED_SCHEME):
        return Canned(_write_canned(recipe.url.removeprefix(CANNED_SCHEME), variables))
    if recipe.method not in {"GET", "POST", "PUT", "PATCH"}:
        raise RecipeError("bad_method", recipe.method)
    sent = _write_once(recipe, variables, page, _text)
    shown = _write_once(recipe, variables, page, _shown)
    return Written(
        method=recipe.method,
        url=sent[0],
        headers=sent[1],
        body=sent[2].encode("utf-8"),
        shown_url=shown[0],
        shown_headers=shown[1],
        shown_body=shown[2],
    )


def names_in(template: str) -> frozenset[str]:
    """The variables that a template names."""
    return frozenset(_PLACEHOLDER.findall(template))


def _text(value: Value) -> str:
    return value.text


def _shown(value: Value) -> str:
    return value.shown


def _write_once(
    recipe: Recipe, variables: Variables, page: str | None, pick: _Pick
) -> tuple[str, tuple[tuple[str, str], ...], str]:
    query = [each for each in recipe.query if not _is_left_out(each[1], recipe.optional, variables)]
    if recipe.auth.kind is AuthKind.QUERY:
        query.append((recipe.auth.name, recipe.auth.value))
    url = _write_url(recipe.url, variables, pick)
    parameters = [(name, _fill(template, variables, pick)) for name, template in query]
    if page is not None and recipe.paging is not None:
        parameters.append((recipe.paging.parameter, clean_text(page)))
    if parameters:
        url += ("&" if "?" in url else "?") + urlencode(parameters, quote_via=quote, safe="*")
    body, content_type = _write_body(recipe, variables, pick)
    headers = [(name, _fill(template, variables, pick)) for name, template in recipe.headers]
    headers += _auth_headers(recipe.auth, variables, pick)
    if content_type:
        headers.append(("content-type", content_type))
    return url, tuple(_check_header(name, value) for name, value in headers), body


def _is_left_out(template: str, optional: frozenset[str], variables: Variables) -> bool:
    return any(not _lookup(name, variables).text for name in names_in(template) & optional)


def _lookup(name: str, variables: Variables) -> Value:
    value = variables.get(name)
    if value is None:
        raise RecipeError("unknown_variable", name)
    return value


def _fill(template: str, variables: Variables, pick: _Pick) -> str:
    """Put the variables in, once: a value that looks like a placeholder stays what it is."""
    return _PLACEHOLDER.sub(lambda match: pick(_lookup(match[1], variables)), template)


def _write_url(template: str, variables: Variables, pick: _Pick) -> str:
    base, rest = _write_base(template, variables)
    if "#" in rest:
        raise RecipeError("fragment_in_url")
    path, mark, query = rest.partition("?")
    segments = [_write_segment(segment, variables, pick) for segment in path.split("/")]
    written = base + "/".join(segments)
    if mark:
        written += mark + _escape_all(query, variables, pick)
    return written


def _write_base(template: str, variables: Variables) -> tuple[str, str]:
    """Split off scheme and host; only an address (a setting) may be a variable there."""
    first = _PLACEHOLDER.match(template)
    if first is not None:
        value = _lookup(first[1], variables)
        if not value.is_address:
            raise RecipeError("variable_in_host", first[1])
        base, rest = value.text.rstrip("/"), template[first.end() :]
    else:
        end = template.find("/", template.find("://") + 3)
        base, rest = (template, "") if end < 0 else (template[:end], template[end:])
        if _PLACEHOLDER.search(base):
            raise RecipeError("variable_in_host")
    if rest and not rest.startswith(("/", "?")):
        raise RecipeError("variable_in_host")
    _check_base(base)
    return base, rest


def _check_base(base: str) -> None:
    if not base:
        raise RecipeError("address_missing")
    try:
        parts = urlsplit(base)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise RecipeError("bad_address") from error
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc or "?" in base or "#" in base)
    has_odd = any(character.isspace() or not character.isprintable() or character == "\\" for character in base)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain or has_odd or not has_port:
        raise RecipeError("bad_address")


def _write_segment(segment: str, variables: Variables, pick: _Pick) -> str:
    for name in names_in(segment):
        if not _lookup(name, variables).text:
            raise RecipeError("empty_variable", name)
    if names_in(segment) and _fill(segment, variables, _text) in {".", ".."}:
        raise RecipeError("unsafe_variable")
    return _escape_all(segment, variables, pick)


def _escape_all(template: str, variables: Variables, pick: _Pick) -> str:
    """Percent-escape each variable; the template's own text stays as the administrator wrote it."""
    return _PLACEHOLDER.sub(lambda match: quote(pick(_lookup(match[1], variables)), safe="*"), template)


def _write_body(recipe: Recipe, variables: Variables, pick: _Pick) -> tuple[str, str]:
    match recipe.body_kind:
        case BodyKind.NONE:
            return "", ""
        case BodyKind.JSON:
            tree = _fill_tree(_template_tree(recipe.body), variables, pick)
            return json.dumps(tree, ensure_ascii=False), "application/json"
        case BodyKind.FORM:
            pairs = [pair.partition("=") for pair in recipe.body.split("&") if pair]
            fields = [(name, _fill(template, variables, pick)) for name, _, template in pairs]
            return urlencode(fields, safe="*"), "application/x-www-form-urlencoded"
        case BodyKind.TEXT:
            return _fill(recipe.body, variables, pick), "text/plain; charset=utf-8"


def _template_tree(template: str) -> Json:
    try:
        return json.loads(template)
    except (ValueError, RecursionError) as error:
        raise RecipeError("body_not_json") from error


def _fill_tree(node: Json, variables: Variables, pick: _Pick) -> Json:
    """Fill the strings of a parsed template: a quotation mark in a variable has nothing left to break."""
    match node:
        case str():
            return _fill(node, variables, pick)
        case dict():
            return {key: _fill_tree(value, variables, pick) for key, value in node.items()}
        case list():
            return [_fill_tree(value, variables, pick) for value in node]
        case _:
            return node


def _write_canned(template: str, variables: Variables) -> str:
    """Fill the text behind ``response://``; where it is JSON, variables stay inside their strings."""
    try:
        tree = _template_tree(template)
    except RecipeError:
        return _fill(template, variables, _text)
    return json.dumps(_fill_tree(tree, variables, _text), ensure_ascii=False)


def _auth_headers(auth: Auth, variables: Variables, pick: _Pick) -> list[tuple[str, str]]:
    match auth.kind:
        case AuthKind.NONE | AuthKind.QUERY:
            return []
        case AuthKind.BEARER:
            return [("authorization", f"Bearer {_fill(auth.value, variables, pick)}")]
        case AuthKind.HEADER:
            return [(auth.name, _fill(auth.value, variables, pick))]
        case AuthKind.BASIC:
            return [("authorization", f"Basic {_basic(auth, variables, pick)}")]


def _basic(auth: Auth, variables: Variables, pick: _Pick) -> str:
    if pick is _shown:  # base64 would hide the mask and nothing else
        return MASK
    pair = f"{_fill(auth.user, variables, pick)}:{_fill(auth.value, variables, pick)}"
    return base64.b64encode(pair.encode("utf-8")).decode("ascii")


def _check_header(name: str, value: str) -> tuple[str, str]:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _FORBIDDEN_HEADERS:
        raise RecipeError("bad_header_name", name)
    if not (value.isascii() and value.isprintable()):
        raise RecipeError("bad_header_value", name)
    return name, value
