"""The connections that ARI's commands go over: kept, never mixed up, and given up when they cannot be trusted."""

import asyncio

import pytest
import uvloop

from renkei.telephony.asterisk.http import MOST_CONNECTIONS, HttpConnections, HttpLostError
from tests.telephony.scripted_server import ScriptedServer

NOTHING = b"HTTP/1.1 204 No Content\r\nServer: Asterisk\r\n\r\n"
SOMETHING = b'HTTP/1.1 200 OK\r\ncontent-LENGTH: 7\r\n\r\n{"a":1}'


def connect(server: ScriptedServer, *, seconds: float = 3.0) -> HttpConnections:
    return HttpConnections(f"{server.url}/ari", user="u", password="p", seconds=seconds)


async def test_commands_one_after_the_other_share_a_connection() -> None:
    async with ScriptedServer(NOTHING, SOMETHING) as server:
        http = connect(server)
        assert await http.request("POST", "/channels/c/answer", None) == (204, b"")
        assert await http.request("PUT", "/x", b'{"b":2}') == (200, b'{"a":1}')
        await http.close()
    assert server.connections == 1
    assert server.bodies == [b"", b'{"b":2}']
    assert server.heads[0].startswith("POST /ari/channels/c/answer HTTP/1.1\r\n")
    assert "Authorization: Basic dTpw\r\n" in server.heads[0]


def test_they_work_on_the_event_loop_that_the_worker_runs() -> None:
    async def ask() -> None:
        async with ScriptedServer(SOMETHING) as server:
            http = connect(server)
            assert await http.request("GET", "/", None) == (200, b'{"a":1}')
            assert await http.request("GET", "/", None) == (200, b'{"a":1}')
            await http.close()
        assert server.connections == 1

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(ask())


async def test_an_answer_in_chunks_is_put_together() -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n\r\n\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n"
    async with ScriptedServer(b"HTTP/1.1 100 Continue\r\n\r\n" + chunks, NOTHING) as server:
        http = connect(server)
        assert await http.request("GET", "/", None) == (200, b"\r\n\r\nabc")
        assert await http.request("GET", "/", None) == (204, b"")
        await http.close()
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"+OK ready\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    ],
)
async def test_what_is_no_answer_loses_the_connection_and_the_next_command_gets_another(reply: bytes) -> None:
    async with ScriptedServer(reply, NOTHING) as server:
        http = connect(server)
        with pytest.raises(HttpLostError):
            await http.request("GET", "/", None)
        assert await http.request("GET", "/", None) == (204, b"")
        await http.close()
    assert server.connections == 2


async def test_a_command_that_is_not_answered_ends_at_its_deadline_and_its_late_answer_is_nobody_elses() -> None:
    async with ScriptedServer(None, NOTHING) as server:
        http = connect(server, seconds=0.2)
        with pytest.raises(HttpLostError, match="TimeoutError"):
            await http.request("GET", "/slow", None)
        assert await http.request("GET", "/next", None) == (204, b"")
        await http.close()
    assert server.connections == 2


async def test_a_command_that_is_cancelled_leaves_its_connection_to_nobody() -> None:
    async with ScriptedServer(None, NOTHING) as server:
        http = connect(server)
        task = asyncio.create_task(http.request("GET", "/slow", None))
        while not server.heads:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await http.request("GET", "/next", None) == (204, b"")
        await http.close()
    assert server.connections == 2


async def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    async with ScriptedServer(NOTHING, hangs_up_after=True) as server:
        http = connect(server)
        for _ in range(2):
            server.hung_up.clear()
            assert await http.request("GET", "/", None) == (204, b"")
            await server.hung_up.wait()
            while http._free:
                await asyncio.sleep(0)
        await http.close()
    assert server.connections == 2


async def test_octets_that_nobody_asked_for_are_not_taken_for_the_next_answer() -> None:
    async with ScriptedServer(NOTHING + SOMETHING, NOTHING) as server:
        http = connect(server)
        assert await http.request("GET", "/", None) == (204, b"")
        while http._free:
            await asyncio.sleep(0)
        assert await http.request("GET", "/", None) == (204, b"")
        await http.close()
    assert server.connections == 2


async def test_many_commands_at_once_wait_for_a_connection_rather_than_for_ever() -> None:
    async with ScriptedServer(None) as server:
        http = connect(server, seconds=0.3)
        tasks = [http.request("GET", "/", None) for _ in range(MOST_CONNECTIONS + 5)]
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await http.close()
    assert all(isinstance(end, HttpLostError) for end in ends)
    assert server.connections <= MOST_CONNECTIONS + 5


async def test_nobody_there_is_told_as_a_loss() -> None:
    async with ScriptedServer(NOTHING) as server:
        url = server.url
    http = HttpConnections(url, user="u", password="p", seconds=1)
    with pytest.raises(HttpLostError):
        await http.request("GET", "/", None)
