"""The provider's second interface, for its app's channel: the standard chat API, pushing and answering.

What the app's customers say is pushed as it changes, so Renkei also knows the chats that nobody has asked for: only so
can a mistyped number be told from no chat at all.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from ssl import SSLContext
from typing import Any

from standardwebhooks import Webhook
from starlette.responses import JSONResponse, Response

from renkei.cli.emulate.failures import Failure
from renkei.outbound import AllowList, HttpClient, OutboundError, OutgoingRequest

CONVERSATION_UPDATED = "conversation.updated"
DEADLINE_SECONDS = 5.0
PAUSES = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before each repetition of what was not taken; after the last one the chat is left as it is."""
ERRORS = {
    Failure.PROJECT_NOT_FOUND: (404, "unknown_project"),
    Failure.CHANNEL_NOT_FOUND: (404, "unknown_channel"),
    Failure.SESSION_NOT_FOUND: (404, "not_found"),
    Failure.INTERNAL_ERROR: (200, "internal_error"),
}
"""The failures that this interface words otherwise."""
_SPEAKERS = {"user": "customer"}
_KINDS = {"voice": "audio"}
Session = dict[str, Any]


def write_conversation(session: Session) -> Session:
    """A session in the published form (docs/connectors/standard.md)."""
    conversation = {
        "id": session["session_id"],
        "project_id": session["project_id"],
        "channel_id": session["channel_id"],
        "customer_phone": session["phone_number"],
        "messages": [_write_message(said) for said in session["messages"]],
    }
    if session["phone_number_entered_at"]:
        conversation["phone_given_at"] = session["phone_number_entered_at"]
    return conversation


def _write_message(said: Session) -> Session:
    message = {
        "speaker": _SPEAKERS.get(said["sender"], said["sender"]),
        "kind": _KINDS.get(said["type"], said["type"]),
        "text": said["text"],
        "sent_at": said["created_at"],
    }
    return {**message, "url": said["url"]} if said["url"] else message


def answer_conversations(found: Sequence[Session]) -> Response:
    """The answer to a look-up; all at once."""
    return _write({"conversations": [write_conversation(each) for each in found], "next": None})


def answer_wrongly(found: object) -> Response:
    """An answer in which the conversations are whatever stands there."""
    return _write({"conversations": found, "next": None})


def _write(document: Session) -> Response:
    return Response(json.dumps(document), media_type="application/json")  # escaped: surrogates survive


def refuse(status: int, code: str) -> Response:
    """This interface's form of an error."""
    return JSONResponse({"error": {"code": code}}, status_code=status)


class Pusher:
    """Pushes whole conversations, signed by Standard Webhooks, one after the other, each in its newest state."""

    def __init__(self, url: str, *, key: str, now: Callable[[], datetime], tls: SSLContext | None = None) -> None:
        self._url = url
        self._webhook = Webhook(key)
        self._now = now
        self._http = HttpClient(tls=tls)
        self._allow = AllowList.of([url])
        self._changed: dict[str, Session] = {}
        self._pushing: asyncio.Task[None] | None = None

    def tell(self, session: Session) -> None:
        """Push it soon; what is not out yet is replaced by this newer state."""
        self._changed[session["session_id"]] = session
        if self._pushing is None or self._pushing.done():
            self._pushing = asyncio.get_running_loop().create_task(self._push_all())

    async def aclose(self) -> None:
        """Push no more."""
        if self._pushing is not None:
            self._pushing.cancel()
            await asyncio.wait({self._pushing})
        await self._http.aclose()

    async def _push_all(self) -> None:
        while self._changed:
            session = self._changed.pop(next(iter(self._changed)))
            for pause in (*PAUSES, None):
                if await self._is_taken(session) or pause is None or session["session_id"] in self._changed:
                    break
                await asyncio.sleep(pause)

    async def _is_taken(self, session: Session) -> bool:
        body = json.dumps({"type": CONVERSATION_UPDATED, "conversation": write_conversation(session)})
        delivery_id, at = f"msg_{secrets.token_urlsafe(16)}", self._now()
        headers = (
            ("content-type", "application/json"),
            ("webhook-id", delivery_id),
            ("webhook-timestamp", str(int(at.timestamp()))),
            ("webhook-signature", self._webhook.sign(delivery_id, at, body)),
        )
        request = OutgoingRequest(method="POST", url=self._url, headers=headers, body=body.encode())
        try:
            answer = await self._http.send(request, allow=self._allow, deadline_seconds=DEADLINE_SECONDS)
        except OutboundError:
            return False
        return 200 <= answer.status < 300
