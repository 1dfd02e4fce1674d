"""The emulated chatbot provider in a thread of its own, for tests that wait and so cannot also serve."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from renkei import clock
from renkei.cli.emulate.app import Provider, make_app
from renkei.cli.emulate.closed.app import join_desk
from renkei.cli.emulate.closed.desk import Desk
from renkei.cli.emulate.office import DEMO_CHANNELS, DEMO_PROJECT, Office
from renkei.cli.emulate.server import listen, running


@dataclass(frozen=True, slots=True)
class EmulatedProvider:
    """The provider, and where it listens; ``desk`` is the chat system that lists closed chats on the same port."""

    provider: Provider
    url: str
    desk: Desk

    def chat(self, *, number: str) -> None:
        """A customer chats and gives this number."""
        now = clock.now()
        chat = self.provider.office.start(DEMO_PROJECT, DEMO_CHANNELS[0], now=now)
        chat.say("user", "解約したい", now=now)
        self.provider.office.give_number(chat, number, now=now)


@contextlib.contextmanager
def serving_provider() -> Iterator[EmulatedProvider]:
    """Serve on a free port of the loopback until left."""
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    provider = Provider(Office(), now=clock.now, public_url=url)
    desk = Desk(now=clock.now)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with running(join_desk(make_app(provider), desk), listening):
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="provider", daemon=True)
    thread.start()
    try:
        assert ready.wait(30)
        yield EmulatedProvider(provider, url, desk)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(30)
        loop.close()
