"""Looks a caller's chat up: asks the provider, stores and links, all within one budget (D2 to D5, D14, R134)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from renkei import clock
from renkei.actions.realtime.calls import BegunCall
from renkei.actions.realtime.links import Asking, Linked, link_chat
from renkei.connectors.providers import Providers, ToldByProvider
from renkei.domain.exchanges import Exchange, date_exchange
from renkei.domain.ivr_words import LookUp, LookUpDone
from renkei.domain.matching import Attempt, Branch, LookedUp, Outcome, Reason, refuse_to_ask
from renkei.domain.phone import NoNumber, Telephone
from renkei.domain.plan import LinePlan, Linkage
from renkei.workers.calls_journal import Journal, LostLink
from renkei.workers.database import Database, DatabaseAwayError

log = structlog.get_logger(__name__)

BEGIN_SECONDS = 1.0
STORE_SECONDS = 0.2
"""What storing may take beyond the budget: inside the machine's own grace and the line's net."""


@dataclass(frozen=True, slots=True)
class LookingUp:
    """One look-up of one call."""

    database: Database
    providers: Providers
    journal: Journal
    plan: LinePlan
    caller: Telephone | NoNumber

    async def run(self, command: LookUp) -> LookUpDone:
        """Look up and link. Never raises; without the database it is a request error: a chat is personal data and
        stays closed, the call goes on."""
        deadline = asyncio.get_running_loop().time() + command.seconds
        made: list[Exchange] = []
        try:
            linked = await self._link(command, deadline, made)
        except DatabaseAwayError:
            self._link_later(command, made)
            return LookUpDone(command.look_up_id, Branch.REQUEST_ERROR, Reason.REQUEST_ERROR.value)
        except Exception:
            log.exception("calls: a look-up failed", ivr=command.ivr_id)
            self._link_later(command, made)
            return LookUpDone(command.look_up_id, Branch.REQUEST_ERROR, Reason.REQUEST_ERROR.value)
        return LookUpDone(command.look_up_id, linked.decision.branch, linked.decision.reason.value)

    async def _link(self, command: LookUp, deadline: float, made: list[Exchange]) -> Linked:
        """``made`` takes the requests that were made, whatever follows."""
        begun = await self._wait_until_begun(min(BEGIN_SECONDS, command.seconds))
        began = clock.now()
        told = await self._ask(command.linkage, deadline)
        if told.bug is not None:
            log.error("calls: a connector failed", connector=command.linkage.connector, exc_info=told.bug)
        asking = self._asking(command, begun)
        made += [date_exchange(each, began=began) for each in told.exchanges]
        left = deadline - asyncio.get_running_loop().time()
        return await self.database.run(
            lambda conn: link_chat(
                conn, asking, looked_up=told.looked_up, conversations=told.conversations, exchanges=made
            ),
            seconds=max(0.0, left) + STORE_SECONDS,
        )

    async def _wait_until_begun(self, seconds: float) -> BegunCall:
        done, _ = await asyncio.wait({self.journal.begun}, timeout=seconds)
        if not done:
            raise DatabaseAwayError("not_begun")
        return self.journal.begun.result()

    async def _ask(self, linkage: Linkage, deadline: float) -> ToldByProvider:
        refused = refuse_to_ask(self.caller, settings_problem=linkage.problem or None, is_on=self.plan.linkage_is_on)
        if refused is not None or not isinstance(self.caller, Telephone):
            return ToldByProvider(refused or LookedUp(Outcome.NO_CALLER))
        left = deadline - asyncio.get_running_loop().time()
        return await self.providers.ask(linkage, self.caller.e164, seconds=max(0.0, left))

    def _asking(self, command: LookUp, begun: BegunCall) -> Asking:
        attempt = Attempt(
            caller=self.caller,
            channel_id=command.linkage.channel_id,
            arrived_at=begun.arrived_at,
            window=self.plan.window,
            project_id=command.linkage.project_id,
        )
        return Asking(
            call_id=begun.id,
            ivr_id=command.ivr_id,
            connector=command.linkage.connector,
            attempt=attempt,
            look_up_id=command.look_up_id,
        )

    def _link_later(self, command: LookUp, made: Sequence[Exchange]) -> None:
        lost = LookedUp(Outcome.REQUEST_ERROR, detail="database_away")
        self.journal.add(LostLink(lambda begun: self._asking(command, begun), lost, tuple(made)))
