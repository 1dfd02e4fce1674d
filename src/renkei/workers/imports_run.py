"""One run of an import service: fetch a page, store it, apply what waits, until the listing is through.

Nothing here waits for the network inside a transaction: a page is fetched, then stored; a batch is read, then applied.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar

import structlog

from renkei import clock
from renkei.actions.imports.apply import Applied, PendingItem, apply_batch, read_pending
from renkei.actions.imports.faults import is_cut_off, is_database_away, is_too_heavy, let_go
from renkei.actions.imports.fence import Lease, StaleLeaseError
from renkei.actions.imports.quarantine import delay_item, forget_open, quarantine, rename_item
from renkei.actions.imports.reconcile import compare_page, write_report
from renkei.actions.imports.runs import (
    Duty,
    Tally,
    begin_run,
    count_run,
    end_run,
    end_run_badly,
    end_run_well,
    read_duty,
)
from renkei.actions.imports.store_page import StoredPage, store_page
from renkei.connectors.contract import ClosedPage, ClosedQuestion, ParseClosed
from renkei.connectors.showing import read_records
from renkei.domain.foreign_json import read_json
from renkei.domain.importing import Arriving, ImportRules
from renkei.domain.inbox import RAW
from renkei.domain.listing import Finished, Listing, begin_listing, read_listing
from renkei.domain.reconciling import LOOKED_BACK, Comparison
from renkei.domain.services import SettingSnapshot
from renkei.domain.setbacks import settle
from renkei.errors import MalformedPayloadError, MisconfiguredError, RetryLaterError

log = structlog.get_logger(__name__)

BATCH = 250
MOST_PAGES = 100_000
"""Of one nightly comparison; a chat system that goes round in a larger circle is left at last."""
AFTER_CUT_OFF = 30.0
MOST_CUT_OFF = 3
"""Tries of a chat during which the database gave us up; the last one sets it aside."""
NIGHT = "night"
"""What sets off the nightly comparison, among the runs."""
PAGE_EXPIRED = "page_expired"
"""What a connector says when the chat system does not know the page's token any more; the listing begins again."""

P = ParamSpec("P")
T = TypeVar("T")
Fetch = Callable[[ClosedQuestion], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a service's chats come from: ``fetch(question)`` waits for the network, ``parse`` is pure."""

    fetch: Fetch
    parse: ParseClosed


class Stopped(Exception):  # noqa: N818  # no failure: somebody wants the service to stop or to begin anew
    """The run ends early; its bookmark keeps the place."""


class ImportRun:
    """A run of one service, under its lease, on its snapshot. ``executor`` has one thread: the database's."""

    def __init__(
        self, lease: Lease, snapshot: SettingSnapshot, rules: ImportRules, source: Source, *, executor: Executor
    ) -> None:
        self.lease = lease
        self.snapshot = snapshot
        self.rules = rules
        self.source = source
        self._executor = executor
        self._run_id: int | None = None

    async def carry_out(self, duty: Duty, trigger: str) -> None:
        """Fetch and apply until all is through. What goes wrong is written down and planned again; only
        StaleLeaseError, Stopped and a database that is away are raised."""
        self._run_id = await self.do(begin_run, self.lease, trigger)
        try:
            await self._walk(duty)
            await self.apply_pending()
        except RetryLaterError as error:
            await self._fail(duty, error.code, error.params, after=error.after)
        except MisconfiguredError as error:
            log.warning("imports: refused", setting=self.lease.setting_id, code=error.code)
            await self._fail(duty, error.code, error.params, is_settings_fault=True)
        except (StaleLeaseError, Stopped):
            raise
        except Exception as error:
            if is_database_away(error):
                raise
            log.exception("imports: a run failed", setting=self.lease.setting_id)
            await self._fail(duty, "connector_failed", {})
        else:
            await self.do(
                end_run_well,
                self.lease,
                self._run_id,
                began=duty.asked_at,
                interval_seconds=self.snapshot.interval_seconds,
            )

    async def carry_on(self, trigger: str) -> None:
        """Apply what waits without fetching: pushed chats, repaired ones."""
        self._run_id = await self.do(begin_run, self.lease, trigger)
        await self.apply_pending()
        await self.do(end_run, self.lease, self._run_id)
        log.info("imports: applied", setting=self.lease.setting_id, trigger=trigger)

    async def reconcile(self, duty: Duty) -> None:
        """Walk the listing of the last seven days beside the runs; what we did not have is queued and applied. Whatever
        goes wrong with the chat system stands in the report, and the next runs go on."""
        self._run_id = await self.do(begin_run, self.lease, NIGHT)
        comparison = Comparison(since=duty.asked_at - LOOKED_BACK, reached=duty.cursor_at)
        error = ""
        try:
            await self._compare(comparison, duty)
        except (RetryLaterError, MisconfiguredError) as failure:
            error = failure.code
        except (StaleLeaseError, Stopped):
            raise
        except Exception as fault:
            if is_database_away(fault):
                raise
            log.exception("imports: a comparison failed", setting=self.lease.setting_id)
            error = "connector_failed"
        found = await self.do(write_report, self.lease, comparison, error=error)
        log.info(
            "imports: reconciled", setting=self.lease.setting_id, theirs=found.theirs, ours=found.ours,
            missing=len(found.missing), differing=len(found.differing), unknown=len(found.unknown), error=error,
        )  # fmt: skip
        await self.apply_pending()
        await self.do(end_run, self.lease, self._run_id, error=error)

    async def _compare(self, comparison: Comparison, duty: Duty) -> None:
        page_token = None
        for _ in range(MOST_PAGES):
            page = await self.source.fetch(ClosedQuestion(since=comparison.since, page=page_token))
            shown = await self.do(read_records, page.records, self.source.parse)
            stored = await self.do(compare_page, self.lease, comparison, shown)
            await self._count(Tally(pages=1, shown=len(page.records), stored=stored))
            if page.next is None or page.next == page_token:
                return
            page_token = page.next
            await self._look_up_from_work(duty)

    async def _walk(self, duty: Duty) -> None:
        listing = self._resume(duty)
        has_expired, walked = False, set[tuple[int, str]]()
        while True:
            page = await self._fetch(listing)
            if page is None:
                if has_expired:
                    raise RetryLaterError(PAGE_EXPIRED, after=0.0)
                has_expired = True
                listing = begin_listing(duty.cursor_at, self._overlap)
                page = await self.source.fetch(ClosedQuestion(since=listing.since))
            stored = await self._store(listing, page)
            await self.apply_pending()
            match stored.next:
                case Finished():
                    return
                case Listing() as following:
                    listing = following
            place = (listing.passes, listing.page or "")
            if place in walked:
                raise RetryLaterError("page_repeated", after=0.0)
            walked.add(place)
            await self._look_up_from_work(duty)

    def _resume(self, duty: Duty) -> Listing:
        if duty.bookmark is not None:
            return read_listing(duty.bookmark)
        return begin_listing(duty.cursor_at, self._overlap)

    @property
    def _overlap(self) -> timedelta:
        return timedelta(minutes=self.snapshot.overlap_minutes)

    async def _fetch(self, listing: Listing) -> ClosedPage | None:
        """The page, or None when the chat system has forgotten its token."""
        try:
            page: ClosedPage = await self.source.fetch(ClosedQuestion(since=listing.since, page=listing.page))
        except RetryLaterError as error:
            if error.code == PAGE_EXPIRED and listing.page is not None:
                return None
            raise
        return page

    async def _store(self, listing: Listing, page: ClosedPage) -> StoredPage:
        shown = await self.do(read_records, page.records, self.source.parse)
        stored = await self.do(
            store_page,
            self.lease,
            listing,
            shown=shown,
            next_page=page.next,
            is_steady=page.is_steady,
            now=clock.now(),
        )
        await self._count(Tally(pages=1, shown=len(page.records), stored=stored.stored))
        return stored

    async def _look_up_from_work(self, duty: Duty) -> None:
        """Between two pages: whether this run is still wanted as it began."""
        now = await self.do(read_duty, self.lease)
        if not (now.is_wanted and now.is_enabled) or now.is_halted or now.snapshot_at != duty.snapshot_at:
            raise Stopped

    async def apply_pending(self) -> None:
        """Make interactions of everything that waits, a batch at a time."""
        after = 0
        while items := await self.do(read_pending, self.lease, most=BATCH, after=after):
            after = items[-1].item_id
            await self._apply(await self._read(items))

    async def _read(self, items: Sequence[PendingItem]) -> list[Arriving]:
        """Read stored chats; those that cannot be read are set aside, those still open wait over there (R138)."""
        read: list[Arriving] = []
        for item, chat in zip(items, await self.do(read_items, items, self.source.parse), strict=True):
            if isinstance(chat, MalformedPayloadError):
                await self._set_aside(item.item_id, item.revision, chat.code, dict(chat.params))
            elif chat is None:
                await self.do(forget_open, self.lease, item.item_id)
            elif item.key.startswith(RAW):
                # Repaired, or understood by a newer version of us: from now on it stands under its own key.
                await self.do(rename_item, self.lease, item.item_id, chat=chat, payload=item.payload)
            else:
                read.append(Arriving(item.item_id, item.revision, item.key, chat))
        return read

    async def _apply(self, arriving: Sequence[Arriving]) -> None:
        """Apply a batch; one that fails is halved until the poison stands alone and is set aside."""
        if not arriving:
            return
        try:
            applied: Applied = await self.do(apply_batch, self.lease, arriving, self.rules)
        except StaleLeaseError:
            raise
        except Exception as error:
            if is_database_away(error) and not is_cut_off(error):
                raise
            if is_cut_off(error):
                await self.do(let_go)
            if len(arriving) == 1:
                await self._give_up(arriving[0], error)
                return
            half = len(arriving) // 2
            await self._apply(arriving[:half])
            await self._apply(arriving[half:])
        else:
            await self._count(Tally(applied=applied.created + applied.revised))

    async def _give_up(self, poison: Arriving, error: Exception) -> None:
        """A chat that cannot be applied even alone is set aside. Where the database has given us up it may be we who
        were frozen: the chat is tried again a few times."""
        log.warning("imports: not applied", item=poison.item_id, error=type(error).__name__)
        if is_cut_off(error):
            tried = await self.do(delay_item, self.lease, poison.item_id, seconds=AFTER_CUT_OFF)
            if tried < MOST_CUT_OFF:
                return
        await self._set_aside(poison.item_id, poison.revision, _name_poison(error), {})

    async def _set_aside(self, item_id: int, revision: int, code: str, params: dict[str, Any]) -> None:
        if await self.do(quarantine, self.lease, item_id, revision=revision, error=code, params=params):
            await self._count(Tally(quarantined=1))

    async def _count(self, tally: Tally) -> None:
        if self._run_id is not None:
            await self.do(count_run, self.lease, self._run_id, tally)

    async def _fail(
        self, duty: Duty, code: str, params: Any, *, after: float = 0.0, is_settings_fault: bool = False
    ) -> None:
        await self.do(
            end_run_badly,
            self.lease,
            self._run_id,
            began=duty.asked_at,
            problem=code,
            params=params,
            setback=settle(code, duty.failures, is_settings_fault=is_settings_fault, asked=after),
        )

    async def do(self, deed: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something with the database, in the thread that has the connection."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, partial(deed, *args, **kwargs))


def read_items(items: Sequence[PendingItem], parse: ParseClosed) -> list[Any]:
    """The chats of inbox rows; MalformedPayloadError in the place of one that cannot be read."""
    return [_read_item(item, parse) for item in items]


def _read_item(item: PendingItem, parse: ParseClosed) -> Any:
    try:
        return parse(read_json(item.payload))
    except MalformedPayloadError as error:
        return error


def _name_poison(error: Exception) -> str:
    return "import_too_heavy" if is_too_heavy(error) or is_cut_off(error) else "import_failed"
