"""Hostile callers over real SIP and Asterisk, through the calls worker, to the pages in Chromium and the files."""

import asyncio
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape
from typing import Any
from urllib.parse import unquote

import pytest
from django.utils import translation
from playwright.sync_api import BrowserContext, Page

from renkei.cli.demo.office import AFTER_HOURS, OSAKA_NUMBER
from renkei.domain.csv_format import neutralise
from renkei.domain.phone import NoNumber, Telephone, show_number
from renkei.domain.transcript import show_inert
from renkei.messages import name_absence
from renkei.speech.media import write_sound
from tests import sipp
from tests.asterisk_rig import TRUNK, AsteriskRig, shared_rig
from tests.hostile_callers import CASES, DIALLED_BADLY
from tests.journeys.stack import Stack, running_stack, wait_for
from tests.sipp import WAIT_FOR_END, CallerLooks, Sipp

pytestmark = [pytest.mark.asterisk, pytest.mark.browser, pytest.mark.timeout(180)]

DIALLED = "0" + OSAKA_NUMBER.removeprefix("+81")
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
PLAIN = re.compile(r"[\w +]*\Z")
"""What no page could take for anything but words; those calls' pages are read, but not opened in Chromium."""
E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")


@pytest.fixture(scope="module")
def rig() -> AsteriskRig:
    return shared_rig()


@pytest.fixture(scope="module")
def stack(rig: AsteriskRig) -> Iterator[Stack]:
    """A centre whose line is Asterisk and whose Osaka number only says that it is closed."""
    told = {
        "RENKEI_LINE": "asterisk",
        "RENKEI_ARI_URL": rig.url,
        "RENKEI_ARI_PASSWORD": rig.password,
        "RENKEI_WORKER_NAME": "renkei-1",
        "RENKEI_DATA_DIR": str(rig.data_dir),
    }

    def close_osaka(stack: Stack) -> None:
        rule = f"(SELECT id FROM renkei_incomingrule WHERE name = '{AFTER_HOURS}')"
        entry = f"entry_ivr_id = NULL, entry_rule_id = {rule}"
        stack.change(f"UPDATE renkei_phonenumber SET {entry} WHERE e164 = '{OSAKA_NUMBER}'")
        for (key,) in stack.rows("SELECT media FROM renkei_guidance"):
            write_sound(rig.media_dir, key, b"\x00\x10\x00\xf0" * 1200)

    with running_stack(calls=5, story="hostile", told=told, before_calls=close_osaka) as running:
        yield running
    with ThreadPoolExecutor(1) as beside:  # the browser's own loop has this thread
        beside.submit(asyncio.run, rig.clear()).result(30)


def place(rig: AsteriskRig, scenarios: Sequence[str]) -> list[Sipp]:
    """Callers whose calls have begun. So many SIPps at a time now and then take the same port; who could not begin
    has called nobody and tries another one."""
    callers = [Sipp(scenario, host=TRUNK, remote=f"127.0.0.1:{rig.sip_port}") for scenario in scenarios]
    begun, late = [], []
    for caller, scenario in zip(callers, scenarios, strict=True):
        wait_for(partial(_has_begun_or_ended, caller), said="SIPp does not start")
        if caller.log():
            begun.append(caller)
        else:
            caller.close()
            late.append(scenario)
    return [*begun, *place(rig, late)] if late else begun


def _has_begun_or_ended(caller: Sipp) -> bool:
    return bool(caller.log()) or caller.process.poll() is not None


@pytest.fixture(scope="module")
def call_ids(stack: Stack, rig: AsteriskRig) -> list[int]:
    """Every hostile caller has called, all at the same time; the calls' rows, newest first."""
    [(before,)] = stack.rows("SELECT coalesce(max(id), 0) FROM renkei_call")
    scenarios = [sipp.caller_scenario(DIALLED, case.looks, [WAIT_FOR_END]) for case in CASES]
    scenarios += [sipp.refused_scenario(dialled, CallerLooks(), 486) for dialled in DIALLED_BADLY]
    callers = place(rig, scenarios)
    try:
        ends = [caller.process.wait(40) for caller in callers]
        unhappy = [caller.log()[-2000:] for caller, end in zip(callers, ends, strict=True) if end]
    finally:
        for caller in callers:
            caller.close()
    assert not unhappy, "\n".join([*unhappy, stack.last_words()])
    ended = "SELECT id FROM renkei_call WHERE id > %s AND state = 'ended' ORDER BY arrived_at DESC, id DESC"
    wait_for(lambda: len(stack.rows(ended, before)) >= len(callers), said=stack.last_words())
    return [call_id for (call_id,) in stack.rows(ended, before)]


def expected_cells() -> Counter[tuple[str, str, str]]:
    """Number, name and number dialled of each call, as a person is to read them."""
    with translation.override("ja"):
        known = [(_show(case.read), show_inert(case.display), show_number(Telephone(OSAKA_NUMBER))) for case in CASES]
    return Counter([*known, *(("090-1234-5678", "", unquote(dialled)) for dialled in DIALLED_BADLY)])


def _show(read: Telephone | NoNumber) -> str:
    return show_number(read) if isinstance(read, Telephone) else name_absence(read)


def fetch(context: BrowserContext, stack: Stack, path: str) -> bytes:
    """What the browser would get, to the byte."""
    answer = context.request.get(stack.url + path)
    assert answer.ok, (path, answer.status)
    return answer.body()


def test_each_call_is_stored_once_with_its_number_or_the_named_reason(stack: Stack, call_ids: list[int]) -> None:
    stored = stack.rows(
        "SELECT caller_raw, caller_name, coalesce(caller_e164, caller_unknown) FROM renkei_call WHERE id = ANY(%s)",
        call_ids,
    )
    told = [
        (case.number, case.display, case.read.e164 if isinstance(case.read, Telephone) else case.read.value)
        for case in CASES
    ]
    plain = ("09012345678", "", "+819012345678")
    assert Counter(stored) == Counter([*told, *(plain for _ in DIALLED_BADLY)])


def test_no_page_runs_hides_or_loses_what_a_caller_wrote(
    stack: Stack, call_ids: list[int], newcomer: BrowserContext, open_tab: Callable[[str], Page]
) -> None:
    """Proves P5. The fixture of the browser fails on every script error and every breach of the CSP."""
    page = open_tab("/console/calls/")
    listed = [row.inner_text() for row in page.locator("main tbody tr").all()[: len(call_ids)]]
    assert not ACTING.search("".join(listed))
    for (number, name, dialled), times in expected_cells().items():
        shown = [row for row in listed if number in row and name in row and dialled in row]
        assert len(shown) >= times, (number, name, dialled)
    fields = "caller_raw, caller_name, caller_unknown, dialled_raw"
    for call_id in call_ids:
        [(raw, name, unknown, dialled)] = stack.rows(f"SELECT {fields} FROM renkei_call WHERE id = %s", call_id)
        html = fetch(newcomer, stack, f"/console/calls/{call_id}/").decode()
        assert not ACTING.search(html)
        assert all("src=" in tag.split(">")[0] for tag in html.split("<script")[1:])
        for text in [name, *([raw] if unknown not in ("", "withheld") else [])]:
            assert escape(show_inert(text)) in html
        assert dialled == DIALLED or escape(dialled) in html
        assert unknown != "withheld" or not re.search("090-?1234-?5678", html)
        if PLAIN.match(name + raw + dialled):
            continue
        page.goto(f"{stack.url}/console/calls/{call_id}/", wait_until="domcontentloaded")
        assert show_inert(name).split("\n")[0] in page.locator("main").inner_text()


@pytest.mark.parametrize(("file", "codec"), [("utf_8", "utf-8-sig"), ("shift_jis", "cp932")])
def test_the_file_holds_every_call_and_no_cell_acts(
    file: str, codec: str, stack: Stack, call_ids: list[int], newcomer: BrowserContext
) -> None:
    """Proves P5, D9."""
    content = fetch(newcomer, stack, f"/console/calls/{file}.csv").decode(codec)
    rows = list(csv.reader(io.StringIO(content, newline="")))[1:]
    ours: list[Any] = rows[: len(call_ids)]
    cells = Counter((row[2], row[3], row[4]) for row in ours)
    expected = Counter({tuple(map(neutralise, texts)): times for texts, times in expected_cells().items()})
    if codec == "cp932":
        expected = Counter({tuple(map(_lose, texts)): times for texts, times in expected.items()})
    assert cells == expected
    for cell in (cell for row in ours for cell in row):
        assert not ACTING.search(cell)
        assert E164.match(cell) or not FORMULA.match(cell)
    assert {row[7] for row in ours} == {"ガイダンスのみ", "話中"}


def _lose(text: str) -> str:
    return "".join(character if _is_in_cp932(character) else "〓" for character in text)


def _is_in_cp932(character: str) -> bool:
    return character.encode("cp932", "ignore") != b""
