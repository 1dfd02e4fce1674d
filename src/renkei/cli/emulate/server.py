"""Runs the emulated provider on a loopback port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol


class OpenProtocol(H11Protocol):
    """Hands each request its connection (``request.state.transport``), so that a failure can be below HTTP."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its parent has it
        """Remember the connection for its requests."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class GuestServer(uvicorn.Server):
    """A server inside somebody else's process: the signals stay with the host."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


def make_server(app: Starlette, kind: type[uvicorn.Server] = uvicorn.Server) -> uvicorn.Server:
    """Make the server; it is started with a listening socket of the caller's."""
    config = uvicorn.Config(
        app,
        http=OpenProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return kind(config)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes any free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


@contextlib.asynccontextmanager
async def running(app: Starlette, listening: socket.socket) -> AsyncIterator[None]:
    """Serve inside a running event loop, for tests and rehearsals."""
    server = make_server(app, GuestServer)
    with contextlib.closing(listening):
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield
        finally:
            server.should_exit = server.force_exit = True  # do not wait for answers that never end
            await serving
