"""Holds the three histories against each other: 発着信履歴, IVR履歴 and 外部API連携履歴 tell of one call the same."""

import re
from datetime import datetime

from playwright.sync_api import Locator, Page, expect

from renkei.domain.phone import Telephone, read_caller
from tests.journeys.desk import Open, open_newest_call


def expect_the_histories_to_agree(open_tab: Open, *, caller: str, dialled: str, ivr: str, found: str) -> None:
    """The newest call, an answered one: who called where, when what happened, how it ended, and what was asked for it
    with which answer, as each of the three screens says it. ``found`` is what the look-up came to, in the screen's
    words; ``caller`` is as people write it, ``dialled`` E.164."""
    call = open_newest_call(open_tab)
    [call_id] = re.findall(r"/calls/(\d+)/", call.url)
    steps = open_tab(f"/console/ivr-history/{call_id}/")
    listed = open_tab(f"/console/external-api/?call={call_id}")
    expect(listed.locator("a.row-link")).to_have_count(1)
    expect(listed.locator("tbody tr")).to_contain_text(ivr)
    request_at = _moment(listed.locator("a.row-link time"))
    listed.locator("a.row-link").click()
    expect(listed).to_have_url(re.compile(r"/external-api/\d+/"))
    _expect_one_call(call, steps, listed, caller=caller, dialled=dialled, call_id=call_id)
    expect(listed.get_by_role("heading", level=1)).to_contain_text(ivr)
    expect(fact(listed, "ステータスコード")).to_have_text("200")
    expect(fact(listed, "結果")).to_contain_text("OK")
    assert _moment(fact(listed, "日時").locator("time")) == request_at
    _expect_one_way(call, steps, ivr=ivr, found=found)
    _expect_times_in_order(call, steps, request_at)


def fact(page: Page, label: str) -> Locator:
    """What a screen says under a label."""
    return page.locator(".fact").filter(has=page.locator("dt", has_text=re.compile(f"^{label}$"))).locator("dd")


def _expect_one_call(call: Page, steps: Page, request: Page, *, caller: str, dialled: str, call_id: str) -> None:
    """The same caller and end on both screens of the call; the request leads back to it and asked for its caller."""
    for page in (call, steps):
        expect(page.get_by_role("heading", level=1)).to_have_text(caller)
        expect(page.locator(".heading .badge").first).to_have_text("応答")
    expect(fact(call, "発信者")).to_contain_text(caller)
    assert dialled.removeprefix("+81") in re.sub(r"\D", "", fact(call, "着信先番号").inner_text())
    for page in (steps, request):
        way_back = page.get_by_role("link", name="通話の詳細へ")
        expect(way_back).to_have_attribute("href", f"/console/calls/{call_id}/")
    number = read_caller(caller.replace("-", ""), "", False)
    assert isinstance(number, Telephone)
    # Whole numbers do not stand in this history: its last digits tell them apart.
    expect(request.get_by_role("main")).to_contain_text(number.e164[-4:])
    expect(request.get_by_role("main")).not_to_contain_text(number.e164[1:])


def _expect_one_way(call: Page, steps: Page, *, ivr: str, found: str) -> None:
    """The same steps at the same moments, through this IVR, with what the look-up came to."""
    shown = steps.locator(".route li").all_inner_texts()
    assert call.locator(".route li").all_inner_texts() == shown
    assert ivr in shown[0]
    assert [line for line in shown if "チャット照会" in line and found in line]


def _expect_times_in_order(call: Page, steps: Page, request_at: datetime) -> None:
    """Arrival, IVR, request, look-up, answer, end."""
    arrived, answered, ended = (_moment(fact(call, label).locator("time")) for label in ("着信日時", "応答", "終話"))
    assert _moment(steps.locator(".card-header time")) == arrived
    lines = steps.locator(".route li")
    moments = [_moment(lines.nth(place).locator("time")) for place in range(lines.count())]
    [looked_up] = [_moment(line.locator("time")) for line in lines.filter(has_text="チャット照会").all()]
    assert moments == sorted(moments)
    assert arrived <= moments[0] <= request_at <= looked_up <= answered <= ended
    assert moments[-1] <= ended


def _moment(shown: Locator) -> datetime:
    """The moment that a screen shows, to the microsecond."""
    stamp = shown.get_attribute("datetime")
    assert stamp is not None
    return datetime.fromisoformat(stamp)
