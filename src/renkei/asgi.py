"""The door for an ASGI server: event stream, look-up API and webhooks, with the pages mounted on the same port.

``application`` is everything on one port; ``realtime`` is the same without the pages, for installations that serve
those apart (``--split``).
"""

from typing import Any, cast

from a2wsgi import WSGIMiddleware
from starlette.types import ASGIApp

from renkei.wsgi import application as pages  # sets Django up, so it comes first

from renkei.realtime.app import make_app  # isort: skip
from renkei.settings import config  # isort: skip

PAGE_THREADS = 16
"""Pages wait for PostgreSQL, not for the processor; the database pool of the pages is the narrower door."""

# The two libraries describe the same protocols by types of their own.
application = make_app(config, pages=cast(ASGIApp, WSGIMiddleware(cast(Any, pages), workers=PAGE_THREADS)))
realtime = make_app(config)
