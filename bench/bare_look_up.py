"""The yardstick of the look-up bench: Starlette, a pool of the same size, the same statement, nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import django
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

django.setup()  # the statements stand beside the tables

from renkei.domain.matching import FAST_CLOCK  # noqa: E402
from renkei.models.statements.links import OWN_CANDIDATES  # noqa: E402

POOL_SIZE = 12


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
    """The pool."""
    settings = {"autocommit": True}
    async with AsyncConnectionPool(
        os.environ["BENCH_URL"], kwargs=settings, min_size=POOL_SIZE, max_size=POOL_SIZE
    ) as pool:
        yield {"pool": pool}


async def look_up(request: Request) -> JSONResponse:
    """The statement's rows."""
    asked = await request.json()
    params = {
        "connector": "dec_support", "project": "bench", "channel": "web", "e164": asked["caller"],
        "arrived_at": datetime.now(UTC), "window": timedelta(days=1), "fast_clock": FAST_CLOCK, "fetched": [],  # noqa: TID251 - a yardstick
    }  # fmt: skip
    async with request.state.pool.connection() as connection:
        rows = await (await connection.execute(OWN_CANDIDATES, params, prepare=True)).fetchall()
    return JSONResponse([[str(value) for value in row] for row in rows])


async def ready(request: Request) -> PlainTextResponse:
    """Says that it is up."""
    return PlainTextResponse("ready")


app = Starlette(routes=[Route("/look-up", look_up, methods=["POST"]), Route("/", ready)], lifespan=lifespan)
