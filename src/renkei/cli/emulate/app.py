"""The emulated provider's addresses: the customer's page, the look-up, the uploads, and the control of its failures."""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from renkei.cli.emulate import bot, standard
from renkei.cli.emulate.failures import Failure, Trouble, change, error, misbehave
from renkei.cli.emulate.office import (
    A_DAY_AND_MORE,
    APP_CHANNEL,
    DEMO_CHANNELS,
    DEMO_PROJECT,
    Chat,
    Office,
    TooMuchError,
    Upload,
)

PAGE = Path(__file__).parent / "page"
PAGE_SIZE = 20
LARGEST_JSON = 64_000
LARGEST_UPLOAD = 5_000_000
UPLOADS = {
    "image/png": "image",
    "image/jpeg": "image",
    "image/gif": "image",
    "image/webp": "image",
    "audio/mpeg": "voice",
    "audio/wav": "voice",
    "audio/webm": "voice",
    "video/mp4": "video",
    "video/webm": "video",
    "application/pdf": "file",
    "text/plain": "file",
}
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """Ends a request with a status and a code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Provider:
    """One emulated provider; ``now`` tells the time and ``public_url`` is where customers reach it.

    ``pusher`` is told of each change in the app's channel.
    """

    def __init__(
        self, office: Office, *, now: Callable[[], datetime], public_url: str, pusher: standard.Pusher | None = None
    ) -> None:
        self.office = office
        self.trouble = Trouble()
        self._now = now
        self._public_url = public_url.rstrip("/")
        self._pusher = pusher

    # -- the provider's interface for other systems ----------------------------------------------------

    async def sessions(self, request: Request) -> Response:
        """The look-up: every session of one number in one channel of one project."""
        project, channel = request.path_params["project"], request.path_params["channel"]
        document = self._find(project, channel, request.query_params.get("phone_number", ""), request)
        failure = self.trouble.take(project)
        if failure is not None:
            return await misbehave(failure, request, document)
        if request.headers.get("x-api-key") != self.office.api_key:
            return error(401, "UNAUTHORIZED")
        if project not in self.office.projects:
            return error(404, "PROJECT_NOT_FOUND")
        if channel not in self.office.projects[project]:
            return error(404, "CHANNEL_NOT_FOUND")
        return JSONResponse(document)

    def _find(self, project: str, channel: str, number: str, request: Request) -> dict[str, Any]:
        found = self.office.find(project, channel, number, now=self._now())
        cursor = request.query_params.get("cursor", "0")
        start = int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 6 else 0
        end = start + PAGE_SIZE
        return {
            "project_id": project,
            "sessions": found[start:end],
            "next_cursor": str(end) if end < len(found) else None,
        }

    async def conversations(self, request: Request) -> Response:
        """The look-up of the standard chat API: the same chats in the published form."""
        asked = request.query_params
        project, channel = asked.get("project", ""), asked.get("channel", "")
        found = self.office.find(project, channel, asked.get("phone", ""), now=self._now())
        document = {"sessions": found}
        failure = self.trouble.take(project)
        if failure in standard.ERRORS:
            return standard.refuse(*standard.ERRORS[failure])
        if failure is not None and not change(failure, document):
            return await misbehave(failure, request, document)
        if failure is Failure.WRONG_TYPES:
            return standard.answer_wrongly(document["sessions"])
        if request.headers.get("authorization") != f"Bearer {self.office.api_key}":
            return standard.refuse(401, "unauthorized")
        if project not in self.office.projects:
            return standard.refuse(404, "unknown_project")
        if channel not in self.office.projects[project]:
            return standard.refuse(404, "unknown_channel")
        return standard.answer_conversations(document["sessions"])

    # -- the customer's page ---------------------------------------------------------------------------

    async def start(self, request: Request) -> Response:
        """Open a chat; the bot greets."""
        wanted = await _read(request)
        project = _string(wanted, "project_id") or DEMO_PROJECT
        channel = _string(wanted, "channel_id") or DEMO_CHANNELS[0]
        if channel not in self.office.projects.get(project, set()):
            raise Refused(404, "CHANNEL_NOT_FOUND")
        chat = self.office.start(project, channel, now=self._now())
        chat.say("bot", bot.GREETING, now=self._now())
        return self._changed(chat, status=201)

    async def show(self, request: Request) -> Response:
        """The chat as it stands."""
        return self._shown(self._chat(request))

    async def say(self, request: Request) -> Response:
        """A customer's message, and the bot's answer; a message that is a telephone number gives that number."""
        chat = self._chat(request)
        text = _string(await _read(request), "text").strip()
        if not text:
            raise Refused(400, "TEXT_MISSING")
        if (number := bot.number_in(text)) is not None:
            return self._take_number(chat, number)
        chat.say("user", text, now=self._now())
        earlier = [said.text for said in chat.messages if said.sender == "bot"]
        chat.say("bot", bot.answer(text, earlier=earlier), now=self._now())
        return self._changed(chat)

    async def give_number(self, request: Request) -> Response:
        """The customer types a telephone number: the key of the linkage (R66)."""
        chat = self._chat(request)
        number = _string(await _read(request), "number").strip()
        if not number:
            raise Refused(400, "NUMBER_MISSING")
        return self._take_number(chat, number)

    def _take_number(self, chat: Chat, number: str) -> Response:
        chat.say("user", number, now=self._now())
        self.office.give_number(chat, number, now=self._now())
        chat.say("bot", bot.GOT_NUMBER, now=self._now())
        return self._changed(chat)

    async def grow_older(self, request: Request) -> Response:
        """Let the whole chat have happened 25 hours ago, so that it is too old to be linked (R43)."""
        chat = self._chat(request)
        await _read(request)
        chat.grow_older(A_DAY_AND_MORE)
        return self._changed(chat)

    async def upload(self, request: Request) -> Response:
        """A picture or another file; it stays here and the chat holds its address."""
        chat = self._chat(request)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in UPLOADS:
            raise Refused(415, "TYPE_NOT_ACCEPTED")
        body = await _read_body(request, LARGEST_UPLOAD)
        name = request.query_params.get("name", "")[:100] or "file"
        url = f"{self._public_url}/files/{self.office.keep_file(Upload(name, content_type, body))}"
        chat.say("user", name, now=self._now(), kind=UPLOADS[content_type], url=url)
        chat.say("bot", bot.GOT_FILE, now=self._now())
        return self._changed(chat)

    async def file(self, request: Request) -> Response:
        """An upload; only pictures, sounds and films are shown in the browser."""
        kept = self.office.files.get(request.path_params["file"])
        if kept is None:
            raise Refused(404, "FILE_NOT_FOUND")
        shown = "attachment" if UPLOADS[kept.content_type] == "file" else "inline"
        headers = {
            "content-disposition": f"{shown}; filename*=UTF-8''{quote(kept.name, safe='')}",
            "content-security-policy": "default-src 'none'; sandbox",
        }
        return Response(kept.body, media_type=kept.content_type, headers=headers)

    # -- control -----------------------------------------------------------------------------------------

    async def show_trouble(self, request: Request) -> Response:
        """The failures ordered and those one may order."""
        orders = [dataclasses.asdict(each) for each in self.trouble.orders]
        return JSONResponse({"orders": orders, "failures": [each.value for each in Failure]})

    async def order_trouble(self, request: Request) -> Response:
        """Fail from now on: ``{"failure": "status_500", "project_id": null, "times": 3}``."""
        wanted = await _read(request)
        times = wanted.get("times")
        if _string(wanted, "failure") not in set(Failure) or not (times is None or type(times) is int):
            raise Refused(400, "FAILURE_UNKNOWN")
        self.trouble.order(Failure(wanted["failure"]), project_id=_string(wanted, "project_id") or None, times=times)
        return await self.show_trouble(request)

    async def clear_trouble(self, request: Request) -> Response:
        """Be healthy again."""
        self.trouble.clear()
        return await self.show_trouble(request)

    async def seed(self, request: Request) -> Response:
        """Put in a chat that took place earlier: ``{"number": "090…", "minutes_ago": 30, "texts": ["…"]}``."""
        wanted = await _read(request)
        minutes = wanted.get("minutes_ago", 0)
        texts = wanted.get("texts", [])
        if type(minutes) not in (int, float) or not isinstance(texts, list):
            raise Refused(400, "WRONG_TYPE")
        at = self._now() - timedelta(minutes=minutes)
        project = _string(wanted, "project_id") or DEMO_PROJECT
        channel = _string(wanted, "channel_id") or DEMO_CHANNELS[0]
        self.office.projects.setdefault(project, set()).add(channel)
        chat = self.office.start(project, channel, now=at)
        chat.say("bot", bot.GREETING, now=at)
        for text in texts:
            chat.say("user", str(text), now=at)
            earlier = [said.text for said in chat.messages if said.sender == "bot"]
            chat.say("bot", bot.answer(str(text), earlier=earlier), now=at)
        if _string(wanted, "number"):
            self.office.give_number(chat, _string(wanted, "number"), now=at)
        return self._changed(chat, status=201)

    # -- shared ------------------------------------------------------------------------------------------

    def _chat(self, request: Request) -> Chat:
        chat = self.office.chats.get(request.path_params["chat"])
        if chat is None:
            raise Refused(404, "CHAT_NOT_FOUND")
        return chat

    def _shown(self, chat: Chat, *, status: int = 200) -> Response:
        return JSONResponse(dataclasses.asdict(chat), status_code=status)

    def _changed(self, chat: Chat, *, status: int = 200) -> Response:
        self.office.save()
        if self._pusher is not None and chat.channel_id == APP_CHANNEL:
            self._pusher.tell(dataclasses.asdict(chat))
        return self._shown(chat, status=status)


async def _read_body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refused(413, "TOO_LARGE")
    return bytes(body)


async def _read(request: Request) -> dict[str, Any]:
    """Read a JSON object; a form from another site cannot send this content type without asking first."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(415, "JSON_EXPECTED")
    try:
        document = json.loads(await _read_body(request, LARGEST_JSON))
    except (ValueError, RecursionError) as failure:
        raise Refused(400, "NOT_JSON") from failure
    if not isinstance(document, dict):
        raise Refused(400, "WRONG_TYPE")
    return document


def _string(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(400, "WRONG_TYPE")
    return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def _page(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return FileResponse(PAGE / name, media_type=media_type)

    return serve


async def _no_icon(request: Request) -> Response:
    return Response(status_code=204)


class _SafeHeaders:
    """Puts our headers on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Any) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                added = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in present]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


async def _refuse(request: Request, refused: Exception) -> Response:
    if isinstance(refused, Refused):
        return error(refused.status, refused.code)
    return error(409, "TOO_MANY_MESSAGES")


def make_app(provider: Provider, *, hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")) -> Starlette:
    """Make the application; ``hosts`` are the names it answers to, so that no foreign name can be pointed at it."""
    routes = [
        Route("/", _page("chat.html", "text/html; charset=utf-8")),
        Route("/favicon.ico", _no_icon),
        Route("/trouble", _page("trouble.html", "text/html; charset=utf-8")),
        Route("/chat.css", _page("chat.css", "text/css; charset=utf-8")),
        Route("/chat.js", _page("chat.js", "text/javascript; charset=utf-8")),
        Route("/trouble.js", _page("trouble.js", "text/javascript; charset=utf-8")),
        Route("/failure_words.js", _page("failure_words.js", "text/javascript; charset=utf-8")),
        Route("/words.js", _page("words.js", "text/javascript; charset=utf-8")),
        Route("/v1/projects/{project}/channels/{channel}/sessions", provider.sessions),
        Route("/renkei/v1/conversations", provider.conversations),
        Route("/chats", provider.start, methods=["POST"]),
        Route("/chats/{chat}", provider.show),
        Route("/chats/{chat}/messages", provider.say, methods=["POST"]),
        Route("/chats/{chat}/number", provider.give_number, methods=["POST"]),
        Route("/chats/{chat}/age", provider.grow_older, methods=["POST"]),
        Route("/chats/{chat}/uploads", provider.upload, methods=["POST"]),
        Route("/files/{file}", provider.file),
        Route("/control/failures", provider.show_trouble),
        Route("/control/failures", provider.order_trouble, methods=["PUT"]),
        Route("/control/failures", provider.clear_trouble, methods=["DELETE"]),
        Route("/control/chats", provider.seed, methods=["POST"]),
    ]
    middleware = [Middleware(_SafeHeaders), Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))]
    return Starlette(routes=routes, middleware=middleware, exception_handlers={Refused: _refuse, TooMuchError: _refuse})
