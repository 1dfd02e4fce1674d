"""Requests written from a description: nothing a stranger supplies leaves its place."""

import json
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.foreign_json import clean_text
from renkei.domain.recipe import (
    Auth,
    AuthKind,
    BodyKind,
    Canned,
    Paging,
    Recipe,
    RecipeError,
    Value,
    Written,
    write,
)

BASE = {"base": Value.address("https://api.example.jp/v1/")}
HOSTILE = [
    "{{7*7}}",
    "{{base}}",
    "%s%00",
    "${SHELL(id)}",
    "a/b?c=d&e=f#g",
    "../../admin",
    '"}, {"x": "',
    "\\",
    "\r\nx-evil: 1",
    "٠٩٠",
    "0" * 300,
    "a\x00b",
    "\ud800",
    "\u202e",
    "😀",
]


def written(recipe: Recipe, text: str) -> Written:
    made = write(recipe, BASE | {"it": Value.plain(text)})
    assert isinstance(made, Written)
    return made


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_stays_one_path_segment_and_one_parameter(text: str) -> None:
    made = written(Recipe(url="{{base}}/a/{{it}}/z?q={{it}}&r=1", query=(("s", "{{it}}"),)), text)
    parts = urlsplit(made.url)
    assert (parts.scheme, parts.netloc) == ("https", "api.example.jp")
    assert [unquote(each) for each in parts.path.split("/")] == ["", "v1", "a", clean_text(text), "z"]
    assert parse_qsl(parts.query, keep_blank_values=True) == [
        ("q", clean_text(text)),
        ("r", "1"),
        ("s", clean_text(text)),
    ]


@given(st.text())
def test_any_value_in_json_is_that_string_and_nothing_more(text: str) -> None:
    made = written(Recipe(url="{{base}}", method="POST", body_kind=BodyKind.JSON, body='{"a": ["x{{it}}y"]}'), text)
    assert json.loads(made.body) == {"a": [f"x{clean_text(text)}y"]}


@given(st.text())
def test_any_value_in_a_form_is_one_field(text: str) -> None:
    made = written(Recipe(url="{{base}}", method="POST", body_kind=BodyKind.FORM, body="a={{it}}&b=2"), text)
    assert parse_qsl(made.body.decode(), keep_blank_values=True) == [("a", clean_text(text)), ("b", "2")]


@given(st.text())
def test_no_value_makes_a_header_out_of_a_header(text: str) -> None:
    recipe = Recipe(url="{{base}}", headers=(("x-it", "{{it}}"),))
    if text.isascii() and text.isprintable():
        assert written(recipe, text).headers == (("x-it", text),)
    else:
        with pytest.raises(RecipeError, match="bad_header_value"):
            written(recipe, text)


@given(st.text(min_size=1))
def test_any_value_in_a_path_cannot_climb_out_of_it(text: str) -> None:
    recipe = Recipe(url="{{base}}/{{it}}/end")
    if text in {".", ".."}:
        with pytest.raises(RecipeError, match="unsafe_variable"):
            written(recipe, text)
        return
    made = written(recipe, text)
    assert made.url.startswith("https://api.example.jp/v1/")
    assert made.url.count("/") == 5


@pytest.mark.parametrize("text", [".", ".."])
def test_dots_that_climb_are_refused(text: str) -> None:
    with pytest.raises(RecipeError, match="unsafe_variable"):
        written(Recipe(url="{{base}}/{{it}}"), text)


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again() -> None:
    made = written(Recipe(url="{{base}}?q={{it}}"), "{{base}}")
    assert parse_qsl(urlsplit(made.url).query) == [("q", "{{base}}")]


@pytest.mark.parametrize(
    "url",
    [
        "https://{{it}}/",
        "https://{{it}}.example.jp/",
        "https://api.example.jp{{it}}",
        "{{it}}/a",
        "{{base}}{{it}}",
        "{{base}}.evil/",
        "{{base}}@evil/",
    ],
)
def test_the_host_is_no_place_for_a_variable(url: str) -> None:
    with pytest.raises(RecipeError, match=r"variable_in_host|bad_address"):
        written(Recipe(url=url), "evil.example.jp")


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ("", "address_missing"),
        ("ftp://a.jp", "bad_address"),
        ("https://", "bad_address"),
        ("https://a.jp?x=", "bad_address"),
        ("https://a.jp/#", "bad_address"),
        ("https://u:p@a.jp", "bad_address"),
        ("https://a.jp\\@b.jp", "bad_address"),
        ("https://a jp", "bad_address"),
        ("https://a.jp:x", "bad_address"),
        ("https://a.jp:0", "bad_address"),
        ("https://[::1", "bad_address"),
        ("api.example.jp", "bad_address"),
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(base: str, code: str) -> None:
    with pytest.raises(RecipeError) as refused:
        write(Recipe(url="{{base}}/a"), {"base": Value.address(base)})
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        (Recipe(url="{{base}}/{{nobody}}"), "unknown_variable"),
        (Recipe(url="{{base}}/a#b"), "fragment_in_url"),
        (Recipe(url="{{base}}", method="DELETE"), "bad_method"),
        (Recipe(url="{{base}}", method="GET / HTTP/1.1"), "bad_method"),
        (Recipe(url="{{base}}", body_kind=BodyKind.JSON, body='{"a": {{it}}}'), "body_not_json"),
        (Recipe(url="{{base}}", headers=(("host", "evil"),)), "bad_header_name"),
        (Recipe(url="{{base}}", headers=(("a b", "c"),)), "bad_header_name"),
    ],
)
def test_a_recipe_that_contradicts_itself_says_how(recipe: Recipe, code: str) -> None:
    with pytest.raises(RecipeError) as refused:
        written(recipe, "x")
    assert refused.value.code == code


def test_an_empty_value_does_not_vanish_from_a_path() -> None:
    with pytest.raises(RecipeError, match="empty_variable"):
        written(Recipe(url="{{base}}/projects/{{it}}/sessions"), "")


SECRETS = {"key": Value.secret("s3cret-key"), "phone": Value.phone("+819012345678")}


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (Auth(kind=AuthKind.BEARER, value="{{key}}"), ("authorization", "Bearer s3cret-key")),
        (Auth(kind=AuthKind.BASIC, user="u", value="{{key}}"), ("authorization", "Basic dTpzM2NyZXQta2V5")),
        (Auth(kind=AuthKind.HEADER, name="x-api-key", value="{{key}}"), ("x-api-key", "s3cret-key")),
    ],
)
def test_proof_of_identity_is_sent_and_never_shown(auth: Auth, header: tuple[str, str]) -> None:
    """Proves R134."""
    made = write(Recipe(url="{{base}}?p={{phone}}", auth=auth), BASE | SECRETS)
    assert isinstance(made, Written)
    assert header in made.headers
    shown = repr((made.shown_url, made.shown_headers, made.shown_body))
    assert "s3cret" not in shown
    assert "dTpz" not in shown
    assert "***" in shown
    assert "90123" not in shown
    assert made.shown_url.endswith("?p=*********5678")


def test_a_secret_in_the_query_is_masked_too() -> None:
    auth = Auth(kind=AuthKind.QUERY, name="key", value="{{key}}")
    made = write(Recipe(url="{{base}}", auth=auth), BASE | SECRETS)
    assert isinstance(made, Written)
    assert made.url.endswith("?key=s3cret-key")
    assert made.shown_url.endswith("?key=***")


def test_a_later_page_carries_its_token_escaped() -> None:
    made = write(Recipe(url="{{base}}?a=1", paging=Paging("$.next", "cursor")), BASE, page="a&b=c")
    assert isinstance(made, Written)
    assert parse_qsl(urlsplit(made.url).query) == [("a", "1"), ("cursor", "a&b=c")]


def test_response_urls_answer_from_their_own_text() -> None:
    made = write(Recipe(url="response://番号 {{it}}"), {"it": Value.plain("0312345678")})
    assert made == Canned("番号 0312345678")


@given(st.text())
def test_json_behind_response_stays_the_json_it_was(text: str) -> None:
    made = write(Recipe(url='response://{"from": "{{it}}"}'), {"it": Value.plain(text)})
    assert isinstance(made, Canned)
    assert json.loads(made.body) == {"from": clean_text(text)}
