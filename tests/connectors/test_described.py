"""Systems described in a file: the shipped descriptions, their own test vectors, and descriptions that are wrong."""

import dataclasses

import pytest

from renkei.connectors import described
from renkei.connectors.contract import (
    Found,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    read_settings,
    setting_fields,
)
from renkei.connectors.described import Description, LookupDescription, Vector
from renkei.connectors.registry import CONNECTORS, get_connector
from renkei.errors import MisconfiguredError
from renkei.outbound import AllowList
from tests.connectors.conftest import PHONE
from tests.outbound.hostile_server import answer, hostile

NAMES = sorted(path.stem for path in described.DESCRIPTIONS.glob("*.toml"))
LOOKUPS = [(each, each.lookup) for each in map(described.shipped, NAMES) if each.lookup is not None]
VECTORS = [(description, lookup, vector) for description, lookup in LOOKUPS for vector in lookup.vectors]


@pytest.mark.parametrize(
    ("description", "lookup", "vector"), VECTORS, ids=[f"{d.name}: {v.name}" for d, _, v in VECTORS]
)
async def test_each_vector_of_each_description_comes_true(
    context: LookupContext, description: Description, lookup: LookupDescription, vector: Vector
) -> None:
    """Proves B11."""
    connector = described.make_connector(description)
    assert connector.lookup_settings is not None
    assert connector.find_by_phone is not None
    head = b"HTTP/1.1 %d Status" % vector.status
    async with hostile(answer(vector.answer.encode(), head=head)) as there:
        entered = {each.name: there.url if each.is_address else "secret" for each in lookup.settings}
        settings = read_settings(connector.lookup_settings, entered)
        allowed = dataclasses.replace(context, allow=AllowList.of([there.url]))
        question = LookupQuestion(phone=PHONE, project_id="P", channel_id="C")
        outcome = (await connector.find_by_phone(settings, question, allowed)).outcome
    match outcome:
        case Found(conversations):
            assert vector.outcome == "found"
            assert tuple(each.external_id for each in conversations) == vector.conversations
        case LookupFailure(kind):
            assert kind.value == vector.outcome


def test_every_description_has_vectors_for_success_and_for_each_kind_its_error_map_names() -> None:
    for _, lookup in LOOKUPS:
        tried = {vector.outcome for vector in lookup.vectors}
        assert {"found", "request_error"} <= tried
        assert {rule.kind.value for rule in lookup.recipe.errors} <= tried


def test_every_description_is_registered_under_its_own_name() -> None:
    assert set(NAMES) <= {connector.name for connector in CONNECTORS}
    assert all(described.shipped(name).name == name for name in NAMES)
    assert len({connector.name for connector in CONNECTORS}) == len(CONNECTORS)


def test_the_service_type_keeps_its_label_and_its_settings_are_drawn_from_the_description() -> None:
    """Proves D16, R20."""
    connector = get_connector("dec_support")
    assert connector.label == "Chatbot linkage (DEC Support)"
    assert connector.note
    assert connector.lookup_settings is not None
    fields = setting_fields(connector.lookup_settings)
    assert [(each.name, each.is_secret) for each in fields] == [("base_url", False), ("api_key", True)]
    assert all(each.label and each.help for each in fields)
    assert "k3y" not in repr(read_settings(connector.lookup_settings, {"api_key": "k3y"}))


GOOD = (described.DESCRIPTIONS / "dec_support.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name = ",
        GOOD.replace("[request]", "[requests]"),
        GOOD.replace('kind = "header"', 'kind = "magic"'),
        GOOD.replace('times = "iso"', 'times = "julian"'),
        GOOD.replace('kind = "bad_channel"', 'kind = "bad_luck"'),
        GOOD.replace('user = "customer"', 'user = "king"'),
        GOOD.replace('sent_at = "created_at"', 'sended = "created_at"'),
        GOOD.replace("most_pages = 10", "pages = 10"),
    ],
)
def test_a_description_that_contradicts_itself_says_so_at_the_start(text: str) -> None:
    with pytest.raises(MisconfiguredError) as refused:
        described.read_description(text)
    assert refused.value.params["reason"]
