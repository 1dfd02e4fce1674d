"""What the journeys do again and again: chat, dial, sit at the desk. Words are those of the Japanese screens."""

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys.stack import Stack

Open = Callable[[str], Page]
CALLER = "090-1234-5678"
AT_REST = re.compile("^(available|away|offline|after_call)$")
"""The states of presence that stay until somebody does something."""
WATCH_WINDOWS = """() => {
    window.openedWindows = [];
    new MutationObserver((changes) => {
        const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.querySelectorAll);
        const windows = added.flatMap((node) => [node, ...node.querySelectorAll("[data-window]")])
            .filter((node) => node.dataset.window);
        if (windows.length) window.openedWindows.push([...new Set(windows)].map((node) => (
            { window: node.dataset.window, lines: node.querySelectorAll(".chat-line").length })));
    }).observe(document.getElementById("desk-calls"), { childList: true, subtree: true });
}"""


def red_picture() -> bytes:
    """A small PNG, wholly red."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\x00" + b"\xd0\x10\x10" * 24 for _ in range(24))
    header = struct.pack(">IIBBBBB", 24, 24, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def follow(page: Page, link: str) -> Page:
    """The tab that a link of the page opens."""
    with page.context.expect_page() as opened:
        page.get_by_role("main").get_by_role("link", name=link).click()
    opened.value.wait_for_load_state()
    return opened.value


@dataclass(frozen=True, slots=True)
class CustomerChat:
    """The customer in the emulated provider's page."""

    page: Page

    @classmethod
    def open(cls, person: BrowserContext, stack: Stack) -> "CustomerChat":
        """A new chat in a new tab."""
        page = person.new_page()
        page.goto(stack.emulator)
        chat = cls(page)
        expect(chat.messages).not_to_have_count(0)
        return chat

    @property
    def messages(self) -> Locator:
        """All bubbles."""
        return self.page.locator("#messages > li")

    def say(self, text: str) -> None:
        """Type and send."""
        before = self.messages.count()
        self.page.locator("#text").fill(text)
        self.page.locator("#say button[type=submit]").click()
        expect(self.messages).to_have_count(before + 2)

    def send_picture(self, name: str) -> None:
        """Attach a picture."""
        before = self.messages.count()
        self.page.locator("#picture").set_input_files({"name": name, "mimeType": "image/png", "buffer": red_picture()})
        expect(self.messages).to_have_count(before + 2)

    def give_number(self, number: str) -> None:
        """Type the telephone number, the key of the linkage."""
        self.page.locator("#number").fill(number)
        self.page.locator("#give button[type=submit]").click()
        expect(self.page.locator("#given")).to_contain_text(number)


@dataclass(frozen=True, slots=True)
class Telephone:
    """The customer's simulated telephone."""

    page: Page

    @classmethod
    def dial(
        cls, open_tab: Open, *, number: str = CALLER, withheld: bool = False, to: str = "チャット専用"
    ) -> "Telephone":
        """Call the number whose name begins with ``to``."""
        page = open_tab("/try/line/")
        wanted = page.get_by_label("かける番号")
        value = wanted.locator("option", has_text=re.compile(f"^{to}")).get_attribute("value")
        wanted.select_option(value)
        page.get_by_label("発信者番号").fill(number)
        page.get_by_label("番号を通知しない").set_checked(withheld)
        return cls.call_from(page)

    @classmethod
    def call_from(cls, page: Page) -> "Telephone":
        """Call with what the telephone is filled with."""
        page.get_by_role("button", name="発信").click()
        expect(page.locator("#heard")).to_be_visible()
        return cls(page)

    def expect_stage(self, *stages: str) -> None:
        """Wait until the customer hears one of these."""
        expect(self.page.locator("#heard")).to_have_attribute("data-stage", re.compile("|".join(stages)))

    def press(self, *keys: str) -> None:
        """Press the keypad, each key once the one before has been taken."""
        for key in keys:
            with self.page.expect_response("**/press/") as told:
                self.page.locator(".phone-keys").get_by_role("button", name=key, exact=True).click()
            assert told.value.ok

    def hang_up(self) -> None:
        """Put the receiver down."""
        self.page.get_by_role("button", name="切断").click()


@dataclass(frozen=True, slots=True)
class Desk:
    """The agent's page."""

    page: Page

    @classmethod
    def sit_down(cls, open_tab: Open) -> "Desk":
        """Open the desk and be available."""
        return cls.at(open_tab("/desk/"))

    @classmethod
    def at(cls, page: Page) -> "Desk":
        """Be available at a desk that is open. What a test before has left behind is brought to its end first: a
        contact that is just ending becomes after-call work before it can be done."""
        presence = page.locator("[data-presence]")
        expect(presence).to_have_attribute("data-presence", AT_REST)
        if presence.get_attribute("data-presence") == "after_call":
            page.locator('[data-do="finish"]').first.click()
            expect(page.locator('[data-presence="after_call"]')).to_have_count(0)
        page.locator('[data-presence-choice="available"]').click()
        expect(page.locator('[data-presence="available"]')).to_be_visible()
        return cls(page)

    def watch_windows(self) -> None:
        """Write down from now on which windows open, in order: those of one moment together, each with whether it
        already held a chat's lines."""
        self.page.evaluate(WATCH_WINDOWS)

    def expect_windows_opened_in_order(self) -> None:
        """Notice and route together, at once; the chat by itself after them, and with its words in it (R85 to R89)."""
        expect(self.window("chat")).to_be_visible()
        together, *later = self.page.evaluate("window.openedWindows")
        assert sorted(each["window"] for each in together) == ["notice", "route"]
        assert [[each["window"] for each in moment] for moment in later] == [["chat"]]
        assert later[0][0]["lines"] > 0

    def window(self, name: str) -> Locator:
        """The newest call's window: notice, route or chat."""
        return self.page.locator(f'.desk-call [data-window="{name}"]').first

    def expect_stage(self, stage: str) -> None:
        """Wait until the newest call is there."""
        expect(self.window("notice").locator("[data-stage]")).to_have_attribute("data-stage", stage)

    def do(self, what: str) -> None:
        """Press a button of the newest call: accept, hang_up, finish."""
        self.window("notice").locator(f'[data-do="{what}"]').click()

    def accept_and_finish(self, telephone: Telephone) -> None:
        """The shortest contact: answer, the customer hangs up, after-call work done."""
        self.do("accept")
        telephone.expect_stage("talking")
        telephone.hang_up()
        self.expect_stage("after_call")
        self.do("finish")
        expect(self.page.locator('[data-presence="available"]')).to_be_visible()


def open_newest_call(open_tab: Open) -> Page:
    """The detail of the newest call of 発着信履歴."""
    page = open_tab("/console/calls/")
    page.locator("a.row-link").first.click()
    expect(page.get_by_role("heading", name="チャット内容")).to_be_visible()
    return page
