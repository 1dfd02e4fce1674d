"""Asks chat systems for whoever must not wait: within its budget, whatever provider or connector do."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from renkei.connectors.contract import (
    ApiExchange,
    FailureKind,
    Found,
    LookupContext,
    LookupFailure,
    LookupQuestion,
    LookupResult,
    read_settings,
)
from renkei.connectors.registry import get_connector
from renkei.domain.chat import Conversation
from renkei.domain.matching import LookedUp, Outcome
from renkei.domain.plan import Linkage
from renkei.outbound import AllowList, Breakers, HttpClient

_MARGIN_SECONDS = 0.05
_OUTCOMES: Mapping[FailureKind, Outcome] = {
    FailureKind.NOT_FOUND: Outcome.NOT_OBTAINED,
    FailureKind.BAD_PROJECT: Outcome.BAD_PROJECT,
    FailureKind.BAD_CHANNEL: Outcome.BAD_CHANNEL,
    FailureKind.PROVIDER_ERROR: Outcome.PROVIDER_ERROR,
    FailureKind.REQUEST_ERROR: Outcome.REQUEST_ERROR,
    FailureKind.SETTINGS_ERROR: Outcome.SETTINGS_ERROR,
}


@dataclass(frozen=True, slots=True)
class ToldByProvider:
    """What a provider told: the outcome, the conversations, every request made. ``bug`` is a connector's own failure,
    for the log."""

    looked_up: LookedUp
    conversations: tuple[Conversation, ...] = ()
    exchanges: tuple[ApiExchange, ...] = ()
    bug: BaseException | None = None


class Providers:
    """One for a process: it keeps the connections and the circuits.

    ``margin_seconds`` is what a connector gets less than whoever asks, so that its own record of a time-out is told.
    """

    def __init__(self, *, allow: AllowList, margin_seconds: float = _MARGIN_SECONDS) -> None:
        self._allow = allow
        self._margin = margin_seconds
        self._http = HttpClient()
        self._breakers = Breakers(asyncio.get_running_loop().time)

    async def ask(self, linkage: Linkage, phone: str, *, seconds: float) -> ToldByProvider:
        """Ask for one number's conversations (E.164). Never raises and never takes longer than ``seconds``."""
        task = asyncio.ensure_future(self._find(linkage, phone, seconds))
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        finally:
            task.cancel()
        if not done:
            return ToldByProvider(LookedUp(Outcome.REQUEST_ERROR, detail="timed_out"))
        bug = task.exception()
        if bug is not None:
            return ToldByProvider(LookedUp(Outcome.REQUEST_ERROR, detail="connector_failed"), bug=bug)
        return _read(task.result())

    def count_circuits(self) -> dict[tuple[str, str], int]:
        """How many circuits that saw failures stand in each phase, by provider and phase."""
        return self._breakers.count_phases()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _find(self, linkage: Linkage, phone: str, seconds: float) -> LookupResult:
        try:
            connector = get_connector(linkage.connector)
        except KeyError:
            return LookupResult(LookupFailure(FailureKind.SETTINGS_ERROR, "unknown_connector"))
        if connector.find_by_phone is None or connector.lookup_settings is None:
            return LookupResult(LookupFailure(FailureKind.SETTINGS_ERROR, "no_look_up"))
        question = LookupQuestion(phone=phone, project_id=linkage.project_id, channel_id=linkage.channel_id)
        budget = max(_MARGIN_SECONDS, seconds - self._margin)
        context = LookupContext(http=self._http, breakers=self._breakers, allow=self._allow, budget_seconds=budget)
        settings = read_settings(connector.lookup_settings, linkage.settings)
        return await connector.find_by_phone(settings, question, context)


def _read(result: LookupResult) -> ToldByProvider:
    match result.outcome:
        case Found(conversations):
            status = result.exchanges[-1].status if result.exchanges else None
            return ToldByProvider(LookedUp(Outcome.ANSWERED, status=status), conversations, result.exchanges)
        case LookupFailure(kind, detail, status):
            looked_up = LookedUp(_OUTCOMES[kind], status=status, detail=detail)
            return ToldByProvider(looked_up, (), result.exchanges)
