"""The ASGI application: our own routes first, everything else goes to the pages."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from renkei.realtime.closed_webhooks import push_closed
from renkei.realtime.events import events
from renkei.realtime.health import healthz
from renkei.realtime.look_up import look_up
from renkei.realtime.metrics import metrics
from renkei.realtime.parts import Parts, open_parts
from renkei.realtime.webhooks import push
from renkei.settings import Config

State = dict[str, Parts]


def routes() -> list[BaseRoute]:
    """Every route of this process, each with its lock; a test walks them."""
    return [
        Route("/events", events, methods=["GET"]),
        Route("/api/look-up", look_up, methods=["POST"]),
        Route("/webhooks/chat-settings/{setting:int}", push_closed, methods=["POST"]),
        Route("/webhooks/{connector:str}", push, methods=["POST"]),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


def make_app(config: Config, *, pages: ASGIApp | None = None) -> Starlette:
    """The application; ``pages`` (Django) answers whatever is not ours, its own 404 included."""
    mounted: list[BaseRoute] = [] if pages is None else [Mount("", app=pages)]
    return Starlette(routes=[*routes(), *mounted], lifespan=_lifespan(config))


def _lifespan(config: Config) -> Callable[[Starlette], AbstractAsyncContextManager[State]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[State]:
        async with open_parts(config) as parts:
            yield {"parts": parts}

    return lifespan
