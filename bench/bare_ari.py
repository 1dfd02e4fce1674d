"""The yardstick of the telephone benches: answer, play half a second, hang up. No database, no rule, no history."""

import asyncio
import contextlib
import json
import os
from base64 import b64encode

from websockets.asyncio.client import connect

from renkei.telephony.asterisk.client import Ari
from renkei.telephony.port import LineError

APP, SOUND = "renkei-1", "sound:" + os.environ["BENCH_SOUND"]


async def main() -> None:
    """Serve until ended."""
    ari = Ari(os.environ["RENKEI_ARI_URL"], user="renkei", password=os.environ["RENKEI_ARI_PASSWORD"])
    headers = {"Authorization": "Basic " + b64encode(":".join(ari.login).encode()).decode()}
    tasks: set[asyncio.Task[None]] = set()
    async with ari, connect(ari.socket_url(APP), additional_headers=headers, compression=None, proxy=None) as socket:
        async for text in socket:
            task = asyncio.create_task(_serve(ari, json.loads(text)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


async def _serve(ari: Ari, event: dict[str, object]) -> None:
    with contextlib.suppress(LineError):
        match event:
            case {"type": "StasisStart", "channel": {"id": str(channel)}}:
                await ari.answer(channel)
                await ari.send("POST", "/channels/{channelId}/play/{playbackId}", channel, f"p-{channel}",
                               query={"media": SOUND})  # fmt: skip
            case {"type": "PlaybackFinished", "playback": {"target_uri": str(target)}}:
                await ari.hang_up(target.removeprefix("channel:"), "normal")


if __name__ == "__main__":
    asyncio.run(main())
