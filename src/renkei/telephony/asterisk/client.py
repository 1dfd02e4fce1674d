"""A thin client of Asterisk's REST interface (ARI): one method for each call that we use, and its errors in our words.

Only calls that Asterisk 20, 22 and 23 share; tests/telephony/test_ari_contract.py holds each against the description
files that Asterisk ships. Commands go over HTTP with kept-alive connections, never over the event socket: there one
command that waits would hold all others up (docs/why/ari-client.md).
"""

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from renkei.telephony.asterisk.http import HttpConnections, HttpLostError
from renkei.telephony.port import CallGoneError, LineError, LineLostError

COMMAND_SECONDS = 3.0
"""A command that takes longer has met a frozen Asterisk."""
_GONE = (404, 409, 412, 422)
"""Not there, not in our hands any more, or in no state to be told anything."""


def _write(body: object) -> bytes:
    return json.dumps(body).encode()


class Ari:
    """Commands to one Asterisk as one ARI user. Raises CallGoneError, LineLostError or LineError."""

    def __init__(self, url: str, *, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._login = (user, password)
        self._http = HttpConnections(f"{self.url}/ari", user=user, password=password, seconds=COMMAND_SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def socket_url(self, app: str) -> str:
        """Where the events of application ``app`` come from; the login goes in a header, not in the address."""
        parts = urlsplit(self.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        query = f"app={quote(app)}&subscribeAll=false"
        return urlunsplit((scheme, parts.netloc, f"{parts.path}/ari/events", query, ""))

    @property
    def login(self) -> tuple[str, str]:
        """User and password."""
        return self._login

    async def send(
        self, verb: str, path: str, *ids: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Any:
        """Send one command; ``path`` is the description files' own, its ``{names}`` filled from ``ids`` in order."""
        pieces, rest = path.split("/"), iter(ids)
        target = "/".join(quote(next(rest), safe="") if piece.startswith("{") else piece for piece in pieces)
        if query:
            target += "?" + urlencode(query, quote_via=quote)
        try:
            status, answer = await self._http.request(verb, target, None if body is None else _write(body))
        except HttpLostError as error:
            raise LineLostError(str(error)) from error
        if status in _GONE:
            raise CallGoneError(f"{verb} {path}: {status}")
        if status >= 400:
            raise LineError(f"{verb} {path}: {status}")
        return json.loads(answer) if answer else None

    # ── channels ──

    async def channels(self) -> list[dict[str, Any]]:
        """Every channel there is."""
        return list(await self.send("GET", "/channels"))

    async def channel(self, channel: str) -> dict[str, Any]:
        """One channel."""
        return dict(await self.send("GET", "/channels/{channelId}", channel))

    async def originate(self, channel: str, query: Mapping[str, str], variables: Mapping[str, str]) -> None:
        """Call a device; ``channel`` is the id that its leg will have."""
        given = {**query, "channelId": channel}
        await self.send("POST", "/channels", query=given, body={"variables": dict(variables)})

    async def answer(self, channel: str) -> None:
        """Pick a channel up; harmless when it is."""
        await self.send("POST", "/channels/{channelId}/answer", channel)

    async def ring(self, channel: str) -> None:
        """Let an unanswered caller hear ringing."""
        await self.send("POST", "/channels/{channelId}/ring", channel)

    async def set_variable(self, channel: str, name: str, value: str) -> None:
        """Set a channel variable or function."""
        await self.send("POST", "/channels/{channelId}/variable", channel, query={"variable": name, "value": value})

    async def start_music(self, channel: str, music: str) -> None:
        """Music to a channel that is in no bridge."""
        await self.send("POST", "/channels/{channelId}/moh", channel, query={"mohClass": music})

    async def stop_music(self, channel: str) -> None:
        """Music off: before the channel goes into a bridge, or the music goes on there."""
        await self.send("DELETE", "/channels/{channelId}/moh", channel)

    async def hang_up(self, channel: str, reason: str) -> None:
        """End a channel; ``reason`` is one of ARI's words."""
        await self.send("DELETE", "/channels/{channelId}", channel, query={"reason": reason})

    async def continue_at(self, channel: str, context: str) -> None:
        """Give a channel back to the dialplan."""
        query = {"context": context, "extension": "s", "priority": "1"}
        await self.send("POST", "/channels/{channelId}/continue", channel, query=query)

    async def move(self, channel: str, app: str, arguments: str) -> None:
        """Move a channel to another application; what it hears goes on."""
        await self.send("POST", "/channels/{channelId}/move", channel, query={"app": app, "appArgs": arguments})

    async def statistics(self, channel: str) -> dict[str, Any]:
        """The sound packets of a channel so far."""
        return dict(await self.send("GET", "/channels/{channelId}/rtp_statistics", channel))

    # ── bridges and what they play ──

    async def bridges(self) -> list[dict[str, Any]]:
        """Every bridge there is."""
        return list(await self.send("GET", "/bridges"))

    async def bridge(self, bridge: str) -> dict[str, Any]:
        """One bridge."""
        return dict(await self.send("GET", "/bridges/{bridgeId}", bridge))

    async def make_bridge(self, bridge: str) -> None:
        """A bridge that mixes and tells of pressed keys; without dtmf_events two plain SIP legs hide them."""
        await self.send("POST", "/bridges/{bridgeId}", bridge, query={"type": "mixing,dtmf_events"})

    async def delete_bridge(self, bridge: str) -> None:
        """Take a bridge down; its channels stay."""
        await self.send("DELETE", "/bridges/{bridgeId}", bridge)

    async def add(self, bridge: str, channel: str) -> None:
        """Put a channel into a bridge, out of the one it is in."""
        await self.send("POST", "/bridges/{bridgeId}/addChannel", bridge, query={"channel": channel})

    async def remove(self, bridge: str, channel: str) -> None:
        """Take a channel out of a bridge."""
        await self.send("POST", "/bridges/{bridgeId}/removeChannel", bridge, query={"channel": channel})

    async def play(self, bridge: str, playback: str, media: Sequence[str]) -> None:
        """Play to everybody in a bridge; on a bridge this holds no other command up."""
        query = {"media": ",".join(media), "playbackId": playback}
        await self.send("POST", "/bridges/{bridgeId}/play", bridge, query=query)

    async def stop_playing(self, playback: str) -> None:
        """Stop a playback."""
        await self.send("DELETE", "/playbacks/{playbackId}", playback)

    async def start_bridge_music(self, bridge: str, music: str) -> None:
        """Music to everybody in a bridge."""
        await self.send("POST", "/bridges/{bridgeId}/moh", bridge, query={"mohClass": music})

    async def stop_bridge_music(self, bridge: str) -> None:
        """Music off, before somebody is to be heard."""
        await self.send("DELETE", "/bridges/{bridgeId}/moh", bridge)

    # ── the Asterisk itself ──

    async def applications(self) -> list[dict[str, Any]]:
        """Every worker's application, with the channels and bridges it holds."""
        return list(await self.send("GET", "/applications"))

    async def filter_events(self, app: str, kinds: Sequence[str]) -> None:
        """Let only these kinds of events come; kept until the connection ends."""
        allowed = {"allowed": [{"type": kind} for kind in kinds]}
        await self.send("PUT", "/applications/{applicationName}/eventFilter", app, body=allowed)

    async def info(self) -> dict[str, Any]:
        """Version and start of the Asterisk."""
        return dict(await self.send("GET", "/asterisk/info"))

    async def endpoints(self) -> list[dict[str, Any]]:
        """Every PJSIP endpoint."""
        return list(await self.send("GET", "/endpoints/{tech}", "PJSIP"))

    async def put_object(self, kind: str, name: str, fields: Mapping[str, str]) -> None:
        """Make or change a PJSIP object in Asterisk's own database."""
        body = {"fields": [{"attribute": key, "value": value} for key, value in fields.items()]}
        path = "/asterisk/config/dynamic/{configClass}/{objectType}/{id}"
        await self.send("PUT", path, "res_pjsip", kind, name, body=body)

    async def delete_object(self, kind: str, name: str) -> None:
        """Take a PJSIP object away again."""
        path = "/asterisk/config/dynamic/{configClass}/{objectType}/{id}"
        await self.send("DELETE", path, "res_pjsip", kind, name)

    async def reload(self, module: str) -> None:
        """Let a module read its files again; calls go on."""
        await self.send("PUT", "/asterisk/modules/{moduleName}", module)
