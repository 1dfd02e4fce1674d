"""A running Renkei and a real browser for the journeys. A failed one leaves its screens in .cache/journeys/."""

import re
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TypedDict

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    StorageState,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.journeys.stack import Stack, running_stack

KEPT = Path(__file__).parents[2] / ".cache" / "journeys"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Profile(TypedDict):
    """What a new browser profile is told."""

    locale: str
    timezone_id: str
    viewport: ViewportSize


expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One running demonstration for all journeys of this worker."""
    with running_stack() as running:
        yield running


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Ended with the module: while it lives, no test of this process may run an event loop."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    with playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET)) as launched:
        yield launched


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the fixtures know how the test ended."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


_FAILED = pytest.StashKey[bool]()


JAPANESE: Profile = {
    "locale": "ja-JP",
    "timezone_id": "Asia/Tokyo",
    "viewport": {"width": 1360, "height": 900},
}


@pytest.fixture(scope="module")
def signed_in(browser: Browser, stack: Stack) -> StorageState:
    """What a browser remembers after the first sign-in, as printed; signing in is slow by design."""
    context = browser.new_context(**JAPANESE)
    page = context.new_page()
    page.goto(f"{stack.url}/", timeout=60_000)
    page.locator("[name=login]").fill(stack.user)
    page.locator("[name=password]").fill(stack.password)
    page.get_by_role("button", name="ログイン", exact=True).click()
    expect(page).to_have_url(f"{stack.url}/try/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def newcomer(
    browser: Browser, stack: Stack, signed_in: StorageState, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    """One browser profile, signed in: all its tabs share the session. No page of it may fail or break the CSP."""
    context = browser.new_context(
        **JAPANESE, storage_state=signed_in, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(15_000)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda said: complaints.append(said.text) if _is_complaint(said.text) else None)
    context.tracing.start(screenshots=True, snapshots=True)
    stack.trouble(None)
    yield context
    _keep_evidence(context, request, stack)
    context.close()
    assert complaints == []


def _is_complaint(text: str) -> bool:
    return "Content Security Policy" in text or "Content-Security-Policy" in text


def _keep_evidence(context: BrowserContext, request: pytest.FixtureRequest, stack: Stack) -> None:
    if not request.node.stash.get(_FAILED, False):
        context.tracing.stop()
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", request.node.name)
    for number, page in enumerate(context.pages, start=1):
        page.screenshot(path=KEPT / f"{name}-{number}.png", full_page=True)
    context.tracing.stop(path=KEPT / f"{name}.zip")
    (KEPT / f"{name}.log").write_text(stack.last_words(), encoding="utf-8")


@pytest.fixture
def open_tab(newcomer: BrowserContext, stack: Stack) -> Callable[[str], Page]:
    """Open an address of Renkei in a new tab of the newcomer's browser."""

    def open_address(path: str) -> Page:
        page = newcomer.new_page()
        page.goto(stack.url + path)
        return page

    return open_address
