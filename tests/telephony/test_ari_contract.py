"""Each ARI call that we make is held against the description files that Asterisk ships."""

import inspect
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from renkei.telephony.asterisk.client import Ari
from renkei.telephony.asterisk.hearing import HEARD
from renkei.telephony.port import CallGoneError, LineError, LineLostError
from tests.asterisk_rig import TREE, is_there
from tests.telephony.scripted_server import ScriptedServer

DESCRIPTIONS = TREE / "usr/share/asterisk/rest-api"
FIRST_SHARED = (20, 0)
"""What is newer than this does not exist in every Asterisk 20, 22 and 23."""
ARGUMENTS: Mapping[str, tuple[Any, ...]] = {
    "channels": (), "channel": ("c",), "originate": ("c", {"endpoint": "e", "app": "a"}, {}), "answer": ("c",),
    "ring": ("c",), "set_variable": ("c", "n", "v"), "start_music": ("c", "m"), "stop_music": ("c",),
    "hang_up": ("c", "normal"), "continue_at": ("c", "x"), "move": ("c", "a", "b"), "statistics": ("c",),
    "bridges": (), "bridge": ("b",), "make_bridge": ("b",), "delete_bridge": ("b",), "add": ("b", "c"),
    "remove": ("b", "c"), "play": ("b", "p", ["sound:x"]), "stop_playing": ("p",), "start_bridge_music": ("b", "m"),
    "stop_bridge_music": ("b",), "applications": (), "filter_events": ("a", ["X"]), "info": (),
    "put_object": ("auth", "n", {}), "endpoints": (), "delete_object": ("auth", "n"), "reload": ("m",),
}  # fmt: skip
ANSWERS_NOTHING = {"send", "close", "socket_url", "login"}

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.skipif(not is_there(), reason="no Asterisk in .cache/asterisk: ./renkei test brings it"),
]


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation of every description, by verb and path."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in DESCRIPTIONS.glob("*.json")]
    return {
        (operation["httpMethod"], api["path"]): operation
        for file in files
        for api in file.get("apis", [])
        for operation in api.get("operations", [])
    }


class Recorder(Ari):
    """Notes what is sent instead of sending it."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", user="u", password="p")
        self.sent: list[tuple[str, str, tuple[str, ...], Mapping[str, str], object]] = []

    async def send(
        self, verb: str, path: str, *ids: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Any:
        self.sent.append((verb, path, ids, query or {}, body))
        return []


def our_calls() -> list[str]:
    """The client's public methods."""
    return [name for name, _ in inspect.getmembers(Ari) if not name.startswith("_") and name not in ANSWERS_NOTHING]


def test_every_method_of_the_client_is_under_contract() -> None:
    assert set(our_calls()) == set(ARGUMENTS)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
async def test_what_we_ask_is_what_asterisk_describes(name: str) -> None:
    ari = Recorder()
    try:
        await getattr(ari, name)(*ARGUMENTS[name])
    except (TypeError, ValueError):
        assert ari.sent  # only the empty answer was not what it expects
    ((verb, path, ids, query, body),) = ari.sent
    operation = operations()[verb, path]
    parameters = {parameter["name"]: parameter for parameter in operation.get("parameters", [])}
    of_path = [each for each in parameters.values() if each["paramType"] == "path"]
    assert len(ids) == len(of_path) == path.count("{")
    in_query = {each["name"]: each for each in parameters.values() if each["paramType"] == "query"}
    assert set(query) <= set(in_query)
    assert {each["name"] for each in in_query.values() if each.get("required")} <= set(query)
    assert body is None or any(each["paramType"] == "body" for each in parameters.values())
    await ari.close()


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
async def test_every_call_is_as_old_as_the_oldest_asterisk_we_work_with(name: str) -> None:
    ari = Recorder()
    try:
        await getattr(ari, name)(*ARGUMENTS[name])
    except (TypeError, ValueError):
        assert ari.sent
    verb, path, *_ = ari.sent[0]
    since = [tuple(int(part) for part in version.split(".")[:2]) for version in operations()[verb, path]["since"]]
    assert min(since) <= FIRST_SHARED
    await ari.close()


def test_the_reasons_for_hanging_up_are_asterisks() -> None:
    (reason,) = (
        each for each in operations()["DELETE", "/channels/{channelId}"]["parameters"] if each["name"] == "reason"
    )
    ours = {"normal", "busy", "congestion", "no_answer", "answered_elsewhere"}
    assert ours <= set(reason["allowableValues"]["values"])


def test_the_events_we_hear_are_asterisks() -> None:
    models = json.loads((DESCRIPTIONS / "events.json").read_text(encoding="utf-8"))["models"]
    assert set(HEARD) <= set(models)


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, CallGoneError), (409, CallGoneError), (422, CallGoneError), (400, LineError), (500, LineError)],
)
async def test_a_refusal_is_told_in_our_words(status: int, error: type[LineError]) -> None:
    reply = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    async with ScriptedServer(reply) as server, Ari(server.url, user="u", password="p") as ari:
        with pytest.raises(error) as caught:
            await ari.answer("c")
    assert isinstance(caught.value, CallGoneError) == (error is CallGoneError)


async def test_a_dead_asterisk_is_a_lost_line() -> None:
    async with Ari("http://127.0.0.1:1", user="u", password="p") as ari:
        with pytest.raises(LineLostError):
            await ari.channels()


async def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    reply = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with ScriptedServer(reply) as server, Ari(server.url, user="u", password="p") as ari:
        await ari.answer("../../asterisk/x?y=1#z")
    target = "/ari/channels/..%2F..%2Fasterisk%2Fx%3Fy%3D1%23z/answer"
    assert server.heads[0].startswith(f"POST {target} HTTP/1.1\r\n")
