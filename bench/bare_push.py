"""The yardstick of the push bench: Starlette, a pool of the same size, the same INSERT, nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import django
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

django.setup()  # the statements stand beside the tables

from renkei.models.statements.imports import STORE  # noqa: E402

POOL_SIZE = 12
SETTING = int(os.environ["BENCH_SETTING"])


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
    """The pool."""
    settings = {"autocommit": True}
    async with AsyncConnectionPool(
        os.environ["BENCH_URL"], kwargs=settings, min_size=POOL_SIZE, max_size=POOL_SIZE
    ) as pool:
        yield {"pool": pool}


async def push(request: Request) -> JSONResponse:
    """Store the body as it is."""
    body = await request.body()
    at = datetime.now(UTC)  # noqa: TID251 - a yardstick
    name = request.headers["webhook-id"]
    params = {
        "setting": SETTING, "keys": [name], "sources": [name], "versions": [at], "counts": [10], "payloads": [body],
        "sha256s": [sha256(body).hexdigest()], "states": ["pending"], "errors": [""], "params": ["{}"],
        "tombs": [name], "source_tombs": [name],
    }  # fmt: skip
    async with request.state.pool.connection() as connection:
        await connection.execute(STORE, params, prepare=True)
    return JSONResponse({"result": "stored"})


async def ready(request: Request) -> PlainTextResponse:
    """Says that it is up."""
    return PlainTextResponse("ready")


app = Starlette(routes=[Route("/push", push, methods=["POST"]), Route("/", ready)], lifespan=lifespan)
