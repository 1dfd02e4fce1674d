"""GET /healthz: whether this process can do its work, for load balancers and the supervisor."""

import asyncio

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse

from renkei.realtime.answers import answer
from renkei.realtime.locks import open_to_all
from renkei.realtime.parts import parts_of

_PATIENCE = 2.0  # seconds; a database that is frozen accepts the question and never answers


@open_to_all  # says nothing but whether we live
async def healthz(request: Request) -> JSONResponse:
    """200 when the database answers and the streams are listening, else 503; never more than that."""
    parts = parts_of(request)
    try:
        async with asyncio.timeout(_PATIENCE), parts.pool.connection() as connection:
            await connection.execute("SELECT 1")
        reachable = True
    except (psycopg.Error, PoolTimeout, TimeoutError, OSError):
        reachable = False
    well = reachable and parts.hub.listening.is_set()
    states = {"database": reachable, "listening": parts.hub.listening.is_set()}
    return answer({"status": "ok" if well else "unwell", **states}, status=200 if well else 503)
