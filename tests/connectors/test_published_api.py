"""The published description of our chat API and the connector say the same."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from babel.messages.pofile import read_po

from renkei.connectors import closed_reading, reading, standard
from renkei.connectors.contract import setting_fields
from renkei.connectors.registry import CONNECTORS
from renkei.domain.chat import Kind, Speaker
from renkei.domain.foreign_json import read_json

ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / "docs/connectors/standard.openapi.json").read_text(encoding="utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
HERE = Path(__file__).parent
UNDERSTOOD = ["conversation", "messages_out_of_order", "no_time_given", "hostile_texts"]


def is_valid(name: str, document: object) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.is_valid(schema, document)


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_we_understand_fits_the_published_schema(name: str) -> None:
    pushed = json.loads((HERE / "standard" / f"{name}.in.json").read_text(encoding="utf-8"))
    assert is_valid("ConversationUpdated", pushed)


def test_an_answer_we_understand_fits_the_published_schema() -> None:
    answer = json.loads((HERE / "standard_lookup" / "two.in.json").read_text(encoding="utf-8"))
    assert is_valid("Conversations", answer)


@pytest.mark.parametrize("name", ["whole", "open", "no_updated_at", "no_customer_id", "least", "nul_and_surrogates"])
def test_a_completed_conversation_we_understand_fits_the_published_schema(name: str) -> None:
    record = read_json((HERE / "standard/closed" / f"{name}.in.json").read_bytes())
    assert is_valid("ClosedConversation", record)
    assert is_valid("ClosedConversations", {"conversations": [record], "next": None})
    assert is_valid("ConversationClosed", {"type": standard.CONVERSATION_CLOSED, "conversation": record})


@pytest.mark.parametrize("name", ["status_left_out", "no_times", "agent_is_text", "message_without_time"])
def test_a_completed_conversation_we_refuse_does_not_fit_the_published_schema(name: str) -> None:
    record = read_json((HERE / "standard/closed" / f"{name}.in.json").read_bytes())
    assert not is_valid("ClosedConversation", record)


def test_the_published_listing_is_asked_for_as_it_is_published() -> None:
    recipe, paging = standard.CLOSED.recipe, standard.CLOSED.paging
    asked = {each["name"] for each in DOCUMENT["paths"]["/closed-conversations"]["get"]["parameters"]}
    assert asked == {name for name, _ in recipe.query}
    codes = set(SCHEMAS["ClosedError"]["properties"]["error"]["properties"]["code"]["examples"])
    assert paging.expired is not None
    assert codes == {rule.code for rule in (*recipe.errors, paging.expired)}
    assert set(SCHEMAS["ClosedConversation"]["properties"]["status"]["enum"]) == set(standard.CLOSED_SHAPE.states)
    assert SCHEMAS["ClosedConversations"]["properties"]["conversations"]["maxItems"] == closed_reading.MOST_RECORDS
    assert SCHEMAS["ClosedMessage"]["properties"]["text"]["maxLength"] == closed_reading.LONGEST_TEXT


def test_the_published_words_are_those_of_the_code() -> None:
    message = SCHEMAS["Message"]["properties"]
    assert set(message["speaker"]["enum"]) == {each.value for each in Speaker}
    assert set(message["kind"]["enum"]) == {each.value for each in Kind}
    codes = set(SCHEMAS["Error"]["properties"]["error"]["properties"]["code"]["examples"])
    assert codes == {rule.code for rule in standard.LOOKUP.errors}
    assert SCHEMAS["Conversation"]["properties"]["messages"]["maxItems"] == reading.MOST_MESSAGES
    asked = {each["name"] for each in DOCUMENT["paths"]["/conversations"]["get"]["parameters"]}
    assert standard.LOOKUP.paging is not None
    assert asked == {name for name, _ in standard.LOOKUP.query} | {standard.LOOKUP.paging.parameter}


def test_every_word_of_a_connectors_form_is_translated() -> None:
    """Proves R20, D16."""
    with (ROOT / "src/renkei/locale/ja/parts/connectors.po").open("rb") as file:
        translated = {entry.id: entry.string for entry in read_po(file, locale="ja")}
    for connector in CONNECTORS:
        drawn = [each for each in (connector.lookup_settings, connector.closed_chat_settings) if each is not None]
        fields = [field for settings in drawn for field in setting_fields(settings)]
        assert fields
        wanted = {connector.label, connector.note, *(each.label for each in fields), *(each.help for each in fields)}
        assert not {word for word in wanted if word and not translated.get(word)}
    assert translated["Chatbot linkage (DEC Support)"] == "チャットボット連携(DEC Support)"
    note = "Check the connection specification against the provider's documents."
    assert translated[note] == "接続仕様は提供元の資料に合わせて確認してください"
