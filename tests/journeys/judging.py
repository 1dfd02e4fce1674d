"""What a screen is judged by, in the page itself: barriers, width, words of the other language."""

import gettext
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

import renkei

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST = ["color-contrast"]
WIDE, NARROW = 1360, 400

RUN = """async (only) => {
    const found = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
    const explain = (node) => [node.html, node.any.map((why) => why.message)];
    return found.violations.map((it) => [it.id, it.nodes.map(explain)]);
}"""
UNFIT = """() => {
    const outline = (it) => it.outerHTML.slice(0, 120);
    const seen = (where) => [...document.querySelectorAll(where)].filter((it) => it.checkVisibility());
    const rowed = seen("td, th").filter((it) => !it.closest(".is-cards"));
    const broken = rowed.filter((it) => getComputedStyle(it).display !== "table-cell");
    const cut = seen("main :is(button, .btn, .badge, h1, h2, h3, label, dt, dd, legend, .form-select)")
        .filter((it) => !it.closest(".visually-hidden") && it.scrollWidth > it.clientWidth + 1)
        .filter((it) => getComputedStyle(it).display !== "inline");
    const beyond = document.documentElement.scrollWidth - innerWidth;
    const tables = innerWidth > 1000 ? seen(".table-frame").filter((it) => it.scrollWidth > it.clientWidth) : [];
    return [
        ...broken.map((it) => `no cell: ${outline(it)}`),
        ...cut.map((it) => `cut off: ${outline(it)}`),
        ...tables.map((it) => `table too wide by ${it.scrollWidth - it.clientWidth} px`),
        ...(beyond > 0 ? [`${beyond} px too wide`] : []),
    ];
}"""
FRAME = """() => {
    const headings = [...document.querySelectorAll("h1")].filter((it) => it.checkVisibility());
    const title = document.title.replace(/ – Renkei$/, "");
    return [
        ...(headings.length === 1 ? [] : [`${headings.length} headings of the first level`]),
        ...(title && title !== "Renkei" ? [] : ["no title of its own"]),
    ];
}"""
WORDS = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const it = node.parentElement;
        if (!it.closest("script, style, code, pre, textarea, .mono, [lang]:not(html), bdi"))
            if (it.checkVisibility()) found.push(node.data.replace(/\\s+/g, " ").trim());
    }
    const named = ["placeholder", "title", "aria-label", "alt", "data-confirm"];
    for (const name of named)
        for (const it of document.querySelectorAll(`[${name}]`)) found.push(it.getAttribute(name));
    return found.filter((it) => it && !it.startsWith("{{"));
}"""

ENGLISH = re.compile(r"(?<![\w./:@_-])[A-Za-z]{2,}[,;]? [a-z]{2,}(?![\w./:@_-])")
"""Two words after one another: no name, no abbreviation."""
CODE = re.compile(r"(?<![\w./:@?=-])[a-z]+_[a-z_.]+(?![\w/@=])")
"""A name out of the program, shown for want of words."""


def judge_words(page: Page, language: str) -> Iterator[str]:
    """Words of the product in the other language; what customers and administrators wrote is theirs."""
    english, japanese = _catalogue()
    for text in page.evaluate(WORDS):
        if text.startswith("Mozilla/"):  # what a browser calls itself
            continue
        if CODE.search(text):
            yield f"a code: {text}"
        if language == "ja" and (text in english or ENGLISH.search(text)):
            yield f"not translated: {text}"
        if language == "en" and text in japanese:
            yield f"still Japanese: {text}"


@cache
def _catalogue() -> tuple[frozenset[str], frozenset[str]]:
    """The catalogue's English sentences that are something else in Japanese, and their Japanese."""
    path = Path(renkei.__file__).parent / "locale" / "ja" / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        entries: dict[Any, str] = vars(gettext.GNUTranslations(file))["_catalog"]
    pairs = [(key[0] if isinstance(key, tuple) else key, words) for key, words in entries.items() if key]
    told = [(str(key).rpartition("\x04")[2], words) for key, words in pairs]
    apart = [(english, words) for english, words in told if english != words]
    return frozenset(english for english, _ in apart), frozenset(words for _, words in apart)


def judge_frame(page: Page, language: str) -> Iterator[str]:
    """One heading, a title, the language told."""
    expect(page.locator("html")).to_have_attribute("lang", language)
    yield from page.evaluate(FRAME)


def judge_barriers(page: Page, *, colours: str, only: list[str] = LEVELS) -> Iterator[Any]:
    """What axe-core finds against WCAG 2.2 AA in these colours, or against some of its rules only."""
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light", reduced_motion="reduce")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", colours)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    yield from page.evaluate(RUN, only)


def judge_width(page: Page, width: int) -> Iterator[str]:
    """What does not fit a screen of this many pixels."""
    page.set_viewport_size({"width": width, "height": 900})
    for unfit in page.evaluate(UNFIT):
        yield f"{width} px wide: {unfit}"
