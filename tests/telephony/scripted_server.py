"""A server on the loopback that says to each request what the test gave it, octet for octet."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self


class ScriptedServer:
    """Answers request after request with ``replies`` in turn, the last one for ever. None keeps silent; a reply that
    ends a connection is followed by its end.

    ``heads`` are the requests' lines and headers, ``bodies`` their bodies, ``connections`` how many came."""

    def __init__(self, *replies: bytes | None, hangs_up_after: bool = False) -> None:
        self._replies = list(replies)
        self._hangs_up = hangs_up_after
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.hung_up = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [line.split(":")[1] for line in head.lower().split("\r\n") if "content-length" in line]
                self.bodies.append(await reader.readexactly(int(lengths[0]) if lengths else 0))
                self.heads.append(head)
                reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
                if reply is None:
                    continue
                for octet in reply:  # as torn as a network can make it
                    writer.write(bytes([octet]))
                    await asyncio.sleep(0)
                if self._hangs_up:
                    writer.close()
                    self.hung_up.set()
                    return
