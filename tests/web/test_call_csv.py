"""発着信履歴 as a file: what it holds, for whom, and that nothing in it acts."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from renkei.actions.calls import export_calls
from renkei.models import Agent, AuditEntry, BusinessGroup, BusinessLabel, Call, IncomingRule, PhoneNumber, User
from renkei.models.calls import CallLabel
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from renkei.queries.calls import export
from renkei.queries.calls.history import CallFilter
from tests.sample_centre import make_call, make_linked_call, make_person, make_unlinked_call, ring, say, sign_in
from tests.web.test_hostile_text import CORPUS

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC)  # 09:05:07 in Tokyo
HEADER = (
    "着信日時,発着信,発信者番号,発信者名,着信先番号,業務グループ,担当者,"
    "結果,応答日時,終話日時,通話時間(秒),チャット連携,業務ラベル"
)  # fmt: skip
FORMULAS = ["=1+1", "+1+1", "-2+3", "@SUM(1)", '=HYPERLINK("http://e.example","x")', "＝1+1", " =1", "\t=1", "\r\n=1"]
ACTING = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")


@pytest.fixture
def administrator() -> Client:
    return sign_in(make_person(ADMINISTRATOR))


def download(client: Client, *, encoding: str = "utf_8", **query: Any) -> bytes:
    name = "calls_csv" if encoding == "shift_jis" else "calls_csv_utf_8"
    answer = client.get(reverse(f"console:{name}"), query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # streams


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]


def make_calls() -> list[Call]:
    """An answered, linked call with labels; one from abroad; one withheld that nobody answered."""
    group = BusinessGroup.objects.create(name="通販")
    agent = Agent.objects.create(user=make_person(AGENT), extension="2001", business_group=group)
    User.objects.filter(pk=agent.user_id).update(display_name="佐藤 花子")
    busy = IncomingRule.objects.get(builtin="busy")
    number = PhoneNumber.objects.create(
        e164="+81345001299", name="代表", business_group=group, entry_rule=busy, fallback_rule=busy
    )
    linked = make_linked_call(
        [say("秘密のチャット", AT)], arrived_at=AT, number=number, business_group=group, answered_by=agent,
        caller_name="山田, \"太郎\"",
    ).call  # fmt: skip
    for name in ("契約", "解約"):
        CallLabel.objects.create(call=linked, label=BusinessLabel.objects.create(name=name))
    abroad = make_call(
        arrived_at=AT - timedelta(minutes=1), caller_e164="+12125550123", dialled_raw="+1 212-555-0199",
        direction="out", caller_name="J. Smith 😀", ended_at=None, state="talking",
    )  # fmt: skip
    withheld = make_unlinked_call(
        "no_chat", arrived_at=AT - timedelta(hours=1), caller_e164=None, caller_unknown="withheld", outcome="abandoned",
        answered_at=None, dialled_raw="0312345678",
    )  # fmt: skip
    return [linked, abroad, withheld]


LINKED = (
    '2025/01/31 09:05:07,着信,090-1234-5678,"山田, ""太郎""",03-4500-1299,通販,佐藤 花子,応答,'
    "2025/01/31 09:05:16,2025/01/31 09:06:16,60,連携済み,契約、解約"
)
ABROAD = "2025/01/31 09:04:07,発信,+12125550123,J. Smith {emoji},+12125550199,,,通話中,2025/01/31 09:04:16,,,,"
WITHHELD = "2025/01/31 08:05:07,着信,非通知,,0312345678,,,途中切断,,2025/01/31 08:06:16,,チャットなし,"


@pytest.mark.parametrize(
    ("encoding", "codec", "mark", "emoji"),
    [("shift_jis", "cp932", b"", "〓"), ("utf_8", "utf-8", b"\xef\xbb\xbf", "😀")],
)
def test_the_file_is_exact_to_the_byte(
    administrator: Client, encoding: str, codec: str, mark: bytes, emoji: str
) -> None:
    """Proves D9."""
    make_calls()
    expected = "\r\n".join([HEADER, LINKED, ABROAD, WITHHELD, ""]).replace("{emoji}", emoji)
    assert download(administrator, encoding=encoding) == mark + expected.encode(codec)


def test_the_file_is_an_attachment_named_by_the_server(administrator: Client) -> None:
    make_calls()
    answer = administrator.get(reverse("console:calls_csv"), {"name": "evil.exe"})
    assert re.fullmatch(
        r"attachment; filename=\"_+\d{8}_\d{6}\.csv\"; filename\*=UTF-8''[%A-F0-9]+_\d{8}_\d{6}\.csv",
        answer["Content-Disposition"],
    )
    assert answer["Content-Type"] == "text/csv; charset=Shift_JIS"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_the_file_holds_what_the_filter_leaves(administrator: Client) -> None:
    make_calls()
    sent = administrator.post(reverse("console:calls"), {"who": "090-1234-5678"})
    listed = administrator.get(sent["Location"]).content.decode()
    address = re.search(r'href="([^"]*utf_8\.csv[^"]*)"', listed)
    assert address
    assert "1234" not in address[1]
    answer = administrator.get(address[1].replace("&amp;", "&"))
    [row] = rows_of(b"".join(answer.streaming_content))  # type: ignore[attr-defined]  # streams
    assert row[2] == "090-1234-5678"
    assert [row[7] for row in rows_of(download(administrator, outcome="abandoned"))] == ["途中切断"]


def test_a_filter_that_is_not_understood_makes_no_file(administrator: Client) -> None:
    """It would hold more than was meant."""
    make_calls()
    answer = administrator.get(reverse("console:calls_csv"), {"since": "2025/02/30"}, follow=True)
    assert answer.redirect_chain
    assert "ファイルを作成しませんでした" in answer.content.decode()
    assert not AuditEntry.objects.filter(action="call_history.exported").exists()


def test_the_file_is_in_the_persons_language() -> None:
    make_calls()
    content = download(sign_in(make_person(ADMINISTRATOR), language="en")).decode("utf-8-sig")
    assert content.startswith("Arrived at,Direction,Caller's number,")
    assert "Incoming" in content
    assert not re.search("着信|応答", content)


def test_no_word_of_a_chat_is_in_the_file(administrator: Client) -> None:
    """Proves R109."""
    make_calls()
    assert "秘密" not in download(administrator).decode()


@pytest.mark.parametrize("rights", [["call_history.view"], ["call_history.export"], []])
def test_without_the_right_there_is_neither_a_button_nor_a_file(rights: list[str]) -> None:
    make_calls()
    client = sign_in(make_person(None, rights=rights))
    for name in ("calls_csv", "calls_csv_utf_8"):
        assert client.get(reverse(f"console:{name}")).status_code == 403
        assert f'href="{reverse(f"console:{name}")}' not in client.get(reverse("console:calls")).content.decode()
    assert not AuditEntry.objects.filter(action="call_history.exported").exists()


def test_the_file_holds_exactly_the_rows_a_person_may_see() -> None:
    """Proves P6."""
    east, west = make_person(SUPERVISOR, group="東"), make_person(SUPERVISOR, group="西")
    groups = {group.name: group for group in BusinessGroup.objects.all()}
    make_call(business_group=groups["東"], caller_name="東の客")
    make_call(business_group=groups["西"], caller_name="西の客")
    ring(make_call(caller_name="呼ばれた客"), east)
    seen = {person: {row[3] for row in rows_of(download(sign_in(person)))} for person in (east, west)}
    assert seen == {east: {"東の客", "呼ばれた客"}, west: {"西の客"}}
    everybody = rows_of(download(sign_in(make_person(ADMINISTRATOR))))
    assert len(everybody) == 3


def test_what_a_file_held_is_written_down_once_without_what_was_looked_for() -> None:
    make_calls()
    person = make_person(ADMINISTRATOR)
    client = sign_in(person)
    sent = client.post(reverse("console:calls"), {"who": "090-1234-5678"})
    query = sent["Location"].partition("?")[2]
    b"".join(client.get(f"{reverse('console:calls_csv')}?{query}").streaming_content)  # type: ignore[attr-defined]
    [entry] = AuditEntry.objects.filter(action="call_history.exported")
    assert (entry.user, entry.resource) == (person, "call_history")
    assert entry.detail == {"via": "csv", "rows": 1, "is_capped": False, "fields": ["who"]}
    shown = client.get(reverse("console:audit")).content.decode()
    assert "発着信履歴の出力" in shown
    assert "CSV · who · 1件" in shown


def test_the_written_number_of_rows_is_that_of_the_file_whatever_arrives_meanwhile() -> None:
    make_calls()
    taken = export_calls(make_person(ADMINISTRATOR), CallFilter())
    make_call(caller_name="遅れて来た客")
    assert taken.count == sum(len(chunk) for chunk in taken.chunks) == 3


def test_who_loses_the_rows_while_the_file_is_sent_gets_no_more_of_them() -> None:
    make_calls()
    person = make_person(ADMINISTRATOR)
    taken = export_calls(person, CallFilter())
    person.groups.clear()
    assert sum(len(chunk) for chunk in taken.chunks) == 0


@pytest.mark.parametrize("text", [*CORPUS, *FORMULAS])
def test_a_hostile_caller_is_inert_in_both_files(administrator: Client, text: str) -> None:
    """Proves P5, D9."""
    make_call(caller_name=text[:200], dialled_raw=text[:200], caller_e164=None, caller_unknown="unparsable")
    content = download(administrator)
    [row] = rows_of(content)
    assert len(row) == 13
    for cell in row:
        assert not ACTING.search(cell)
        assert E164.match(cell) or not FORMULA.match(cell)
    shift_jis = download(administrator, encoding="shift_jis")
    assert not ACTING.search(shift_jis.decode("cp932"))
    assert shift_jis.count(b"\r\n") == content.count(b"\r\n") == shift_jis.count(b"\n") == 2


def test_more_calls_cost_no_more_queries(administrator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two a chunk, however many calls are in it."""

    def count_queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            download(administrator)
        return len(captured)

    make_calls()
    count_queries()  # the first request fills what Django remembers
    few = count_queries()
    for number in range(40):
        make_linked_call([say("x", AT)], caller_name=f"{number}")
    assert count_queries() == few
    monkeypatch.setattr(export, "CHUNK", 10)
    assert count_queries() == few + 4 * 2
    assert len(rows_of(download(administrator))) == 43


def test_the_newest_are_kept_when_a_file_would_be_too_long(
    administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_calls()
    monkeypatch.setattr(export, "MOST_ROWS", 2)
    assert [row[0] for row in rows_of(download(administrator))] == ["2025/01/31 09:05:07", "2025/01/31 09:04:07"]
    assert AuditEntry.objects.get(action="call_history.exported").detail["is_capped"]


def test_the_list_says_how_much_a_file_holds(administrator: Client) -> None:
    make_calls()
    html = administrator.get(reverse("console:calls")).content.decode()
    assert "新しい順に最大100,000件" in html
    assert "CSVダウンロード" in html


def test_an_unreadable_number_is_shown_as_it_came_and_a_withheld_one_is_not(administrator: Client) -> None:
    odd = make_call(caller_raw="090&PJSIP/<b>\u202e", caller_e164=None, caller_unknown="unparsable")
    hidden = make_call(caller_raw="09055556666", caller_e164=None, caller_unknown="withheld")
    pages = [
        reverse("console:calls"),
        reverse("console:call", args=[odd.pk]),
        reverse("console:call", args=[hidden.pk]),
    ]
    html = [administrator.get(page).content.decode() for page in pages]
    assert "090&amp;PJSIP/&lt;b&gt;[U+202E]" in html[0]
    assert "090&amp;PJSIP/&lt;b&gt;[U+202E]" in html[1]
    assert "09055556666" not in "".join(html)
