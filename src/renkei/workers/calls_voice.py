"""Gives guidance its sound where the line plays files: speaks what is missing, and knows how long each really lasts."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from renkei.domain.line import speech_key
from renkei.domain.plan import LinePlan
from renkei.speech.media import read_seconds

log = structlog.get_logger(__name__)

SPEAKING_SECONDS = 120.0


class Voice:
    """The sound files of one installation. ``lengths`` are in seconds by media key."""

    def __init__(self, media_dir: Path) -> None:
        self._media_dir = media_dir
        self._lengths: Mapping[str, float] = {}

    def fit(self, plan: LinePlan) -> LinePlan:
        """The plan with the true lengths: the net over a guidance is armed by them."""
        guidances = {
            key: replace(guidance, seconds=self._lengths.get(guidance.media, guidance.seconds))
            for key, guidance in plan.guidances.items()
        }
        return replace(plan, guidances=guidances, speech_seconds=self._lengths)

    async def prepare(self, plan: LinePlan) -> None:
        """Speak what has no sound yet and look up all lengths. What cannot be spoken stays silent, and the call goes
        on at once after it."""
        wanted = dict(_wanted(plan))
        await self._speak(wanted)
        read = await asyncio.to_thread(lambda: {key: read_seconds(self._media_dir, key) for key in wanted})
        self._lengths = {key: seconds for key, seconds in read.items() if seconds is not None}

    async def _speak(self, wanted: Mapping[str, str]) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "renkei.speech", str(self._media_dir),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(SPEAKING_SECONDS):
                said, _ = await process.communicate(json.dumps(list(wanted.items())).encode())
        except TimeoutError:
            log.warning("calls: speaking the guidance took too long")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            log.warning("calls: guidance cannot be spoken", exit_code=process.returncode)
        elif said != b"{}":
            log.info("calls: guidance spoken", sounds=len(json.loads(said)))


def _wanted(plan: LinePlan) -> Iterator[tuple[str, str]]:
    for guidance in plan.guidances.values():
        if guidance.words.strip():
            yield guidance.media, guidance.words
    for ivr in plan.ivrs.values():
        for branch in ivr.branches.values():
            if branch.speech:
                yield speech_key(branch.speech), branch.speech
