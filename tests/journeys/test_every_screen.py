"""Every screen in both languages, light, dark and on a telephone: no barrier, nothing cut off, nothing untranslated.

``PICTURES=folder ./renkei test tests/journeys/test_every_screen.py`` keeps a picture of each, for people to look at.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.journeys.conftest import JAPANESE
from tests.journeys.judging import CONTRAST, LEVELS, NARROW, WIDE, judge_barriers, judge_frame, judge_width, judge_words
from tests.journeys.screens import Screen, list_screens
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

FOLDER = os.environ.get("PICTURES", "")
SHARES = 3
LISTED: dict[str, list[Screen]] = {}
"""The screens of the demonstration that runs; asking every address once is enough."""
FEWEST = 95
"""Screens there are at least: fewer would mean that the walk has missed some."""


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_screen_is_whole(
    language: str, share: int, browser: Browser, stack: Stack, signed_in: StorageState
) -> None:
    with speaking(language, browser, stack, signed_in) as (page, errors):
        screens = LISTED.get(stack.url) or LISTED.setdefault(stack.url, list_screens(stack, page.request))
        assert len(screens) >= FEWEST
        found = [
            (screen.name, complaint)
            for screen in screens[share::SHARES]
            for complaint in (*judge(page, stack, screen, language), *told_by(errors))
        ]
    assert found == []


@contextmanager
def speaking(
    language: str, browser: Browser, stack: Stack, signed_in: StorageState
) -> Iterator[tuple[Page, list[str]]]:
    """A signed-in tab in this language, and what its console says; afterwards the person speaks Japanese again."""
    context = browser.new_context(**JAPANESE, storage_state=signed_in)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        _choose(page, stack, language)
        yield page, errors
    finally:
        _choose(page, stack, "ja")
        context.close()


def judge(page: Page, stack: Stack, screen: Screen, language: str) -> Iterator[Any]:
    """Open it and say what is wrong: in light at the width of a laptop, in dark, then narrow."""
    _open(page, stack, screen)
    yield from judge_frame(page, language)
    yield from judge_words(page, language)
    # What a barrier is besides its colours does not hang on them, nor do colours on the language.
    for colours, rules in (("light", LEVELS), ("dark", CONTRAST))[: 2 if language == "ja" or FOLDER else 1]:
        yield from judge_barriers(page, colours=colours, only=rules)
        _keep(page, f"{screen.name}-{language}-{colours}")
    yield from judge_width(page, WIDE)
    yield from judge_width(page, NARROW)
    _keep(page, f"{screen.name}-{language}-narrow")
    page.set_viewport_size(JAPANESE["viewport"])


def told_by(errors: list[str]) -> list[str]:
    """Errors of scripts and of the CSP since the last time; that a refusal's status is 4xx is none."""
    told = [error for error in errors if "responded with a status of 4" not in error]
    errors.clear()
    return told


def _open(page: Page, stack: Stack, screen: Screen) -> None:
    page.goto(stack.url + screen.path)
    if "/accounts/reauthenticate/?next" in page.url:
        page.locator("[name=password]").fill(stack.password)
        page.locator("main form button").last.click()
    expect(page).to_have_url(stack.url + screen.path)


def _choose(page: Page, stack: Stack, language: str) -> None:
    page.goto(f"{stack.url}/try/")
    # The language may be the chosen one already: only the answer tells that the choice is stored.
    with page.expect_navigation():
        page.get_by_role("button", name="日本語" if language == "ja" else "English").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def _keep(page: Page, name: str) -> None:
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.evaluate("document.fonts.ready")
        page.screenshot(path=Path(FOLDER) / f"{name}.png", full_page=True)
