"""An office with two agents, a linkage number and a server in front of it, for desks watched in a real browser."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TypeVar

from django.contrib.auth.models import Group
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from renkei import clock
from renkei.domain.phone import Telephone
from renkei.models import (
    Agent,
    BusinessGroup,
    BusinessLabel,
    ChatbotLinkage,
    CtiPreference,
    IncomingRule,
    Ivr,
    PhoneNumber,
    Presence,
    User,
    Worker,
)
from renkei.permissions import AGENT
from tests.conftest import DatabaseUrls
from tests.journeys.line_told import Teller
from tests.realtime.conftest import sign_in
from tests.realtime.serving import Serving, serve

Result = TypeVar("Result")
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@dataclass(slots=True)
class Person:
    """An agent of the office, signed in."""

    agent: int
    user: int
    session: str


@dataclass(slots=True)
class DeskOffice:
    """The office, its server and one browser; the database is asked in a thread of its own."""

    urls: DatabaseUrls
    server: Serving
    browser: Browser
    thread: ThreadPoolExecutor
    ivr: int = 0
    number: int = 0
    label: int = 0
    serial: Iterator[int] = field(default_factory=lambda: count(1))

    def stored(self, ask: Callable[[], Result]) -> Result:
        """Ask or change rows."""
        return self.thread.submit(ask).result(timeout=30)

    def hire(self, *, role: str = AGENT, show_chat: bool = True, ticked: bool = True, extras: bool = False) -> Person:
        """A new agent who is 受付可."""
        return self.stored(lambda: self._hire(next(self.serial), role, show_chat, ticked, extras))

    def call(self, *, through_linkage: bool = True) -> Teller:
        """A call to tell the story of, its caller's number new: no other story's chat is linked to it (D5)."""
        caller = Telephone(f"+81901{next(self.serial):07}")
        return Teller(self.urls.app, self.ivr if through_linkage else None, self.number, self.label, caller=caller)

    def tell(self, teller: Teller, *deeds: Callable[[Teller], object]) -> Teller:
        """Let the line tell, step by step."""
        for deed in deeds:
            self.stored(lambda deed=deed: deed(teller))  # type: ignore[misc]  # mypy cannot type a default of a lambda
        return teller

    def ringing(self, person: Person, *deeds: Callable[[Teller], object]) -> Teller:
        """A call that arrived, did what ``deeds`` say, and rings this agent."""
        name = f"desk-{next(self.serial)}"
        return self.tell(self.call(), lambda it: it.arrive(name), *deeds, lambda it: it.ring(person.agent))

    @contextmanager
    def desk(self, person: Person, *, before: Callable[[Page], object] | None = None) -> Iterator[Page]:
        """The agent's desk in a browser of its own."""
        with self.signed_in(person) as context:
            page = context.new_page()
            if before is not None:
                before(page)
            self.open_desk(page)
            yield page

    @contextmanager
    def signed_in(self, person: Person) -> Iterator[BrowserContext]:
        """A browser profile with the person's session; errors of its scripts fail the test."""
        context = self.browser.new_context(viewport={"width": 1366, "height": 900}, locale="ja-JP")
        problems: list[str] = []
        context.add_cookies([{"name": "renkei_session", "value": person.session, "url": self.server.url}])
        context.on("weberror", lambda error: problems.append(str(error.error)))
        context.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
        try:
            yield context
        finally:
            context.close()
        assert problems == []

    def open_desk(self, page: Page) -> None:
        """Open the desk and wait until its stream is open and its state loaded."""
        page.goto(f"{self.server.url}/desk/")
        page.locator("#desk-today :is(table, .desk-none)").wait_for()

    def _hire(self, number: int, role: str, show_chat: bool, ticked: bool, extras: bool) -> Person:
        user = User.objects.create_user(f"agent{number}", "correct horse battery", display_name=f"担当 {number}")
        user.groups.add(Group.objects.get(name=role))
        agent = Agent.objects.create(
            user=user, extension=str(200 + number), business_group=BusinessGroup.objects.get(name="受付")
        )
        Presence.objects.create(agent=agent, state="available")
        cti = CtiPreference.objects.create(agent=agent, show_chat=show_chat, show_times_and_copy=extras)
        if ticked:
            cti.numbers.add(self.number)
        return Person(agent.pk, user.pk, sign_in(user))

    def furnish(self) -> None:
        """Number, IVR, label, and a worker that is alive."""
        group = BusinessGroup.objects.create(name="受付")
        rule = IncomingRule.objects.get(builtin="busy")
        ivr = Ivr.objects.create(name="チャット連携IVR", use_api=True, service_type="chatbot_standard")
        ChatbotLinkage.objects.create(
            ivr=ivr, connector="standard", project_id="pj-1", channel_id="ch-1", request_error_rule=rule
        )
        number = PhoneNumber.objects.create(
            e164="+81312345678", name="チャット専用ダイヤル", business_group=group, entry_ivr=ivr, fallback_rule=rule
        )
        Worker.objects.create(name="renkei-test", lease_until=clock.now() + timedelta(hours=1))
        self.ivr, self.number = ivr.pk, number.pk
        self.label = BusinessLabel.objects.create(name="チャット流入").pk


@contextmanager
def open_office(urls: DatabaseUrls, folder: Path) -> Iterator[DeskOffice]:
    """Everything up, everything down again."""
    with ThreadPoolExecutor(1) as thread, serve(folder) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        office = DeskOffice(urls, server, browser, thread)
        try:
            office.stored(office.furnish)
            yield office
        finally:
            browser.close()
            office.stored(connections.close_all)
