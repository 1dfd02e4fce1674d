"""IVR履歴 and 外部API連携履歴 as files: what they hold, for whom, and that nothing in them acts."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from renkei.models import AuditEntry, BusinessGroup, Call, ExternalApiCall, Installation, IvrStep
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from renkei.queries.calls import export_histories
from renkei.queries.calls.export import MOST_ROWS
from tests.sample_centre import make_call, make_person, sign_in
from tests.web.test_call_csv import ACTING, E164, FORMULA, FORMULAS

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC)  # 09:05:07 in Tokyo
LISTS = {"steps": "ivr_history", "requests": "external_api_history"}
SECRET = "秘密のチャット"


def page_of(kind: str) -> str:
    return reverse("console:ivr_history" if kind == "steps" else "console:api_history")


def fetch(client: Client, kind: str, /, *, encoding: str = "utf_8", **query: Any) -> Any:
    return client.get(reverse(f"console:{kind}_csv{'_utf_8' if encoding == 'utf_8' else ''}"), query)


def download(client: Client, kind: str, /, *, encoding: str = "utf_8", **query: Any) -> bytes:
    answer = fetch(client, kind, encoding=encoding, **query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]


def add_step(call: Call, **fields: Any) -> IvrStep:
    given = {"kind": "entered", "ivr_name": "通販", "detail": {}, "at": AT, "position": call.ivr_steps.count()}
    return IvrStep.objects.create(call=call, **given | fields)


def add_request(call: Call | None, **fields: Any) -> ExternalApiCall:
    given = {
        "connector": "dec_support", "method": "GET", "url": "https://chat.example.jp/v1?phone=*******5678",
        "request_headers": {"x-api-key": "***"}, "status": 200, "outcome": "ok", "duration_ms": 120, "at": AT,
        "answer_excerpt": SECRET, "is_confidential": True,
    }  # fmt: skip
    return ExternalApiCall.objects.create(call=call, **given | fields)


def fill() -> Call:
    call = make_call(arrived_at=AT)
    add_step(call)
    add_step(call, kind="label", detail={"label": "解約😀"}, at=AT + timedelta(seconds=1))
    add_request(call)
    add_request(call, status=500, outcome="http_500", error="http_500", at=AT + timedelta(seconds=1))
    return call


@pytest.fixture
def administrator() -> Client:
    return sign_in(make_person(ADMINISTRATOR))


@pytest.mark.parametrize(
    ("encoding", "codec", "mark", "emoji"),
    [("shift_jis", "cp932", b"", "〓"), ("utf_8", "utf-8", b"\xef\xbb\xbf", "😀")],
)
def test_each_file_is_exact_to_the_byte(
    administrator: Client, encoding: str, codec: str, mark: bytes, emoji: str
) -> None:
    """Proves D9."""
    number = fill().pk
    steps = "\r\n".join(
        [
            "日時,通話番号,発信者番号,IVR,ステップ,内容",
            f"2025/01/31 09:05:08,{number},090-1234-5678,通販,業務ラベル,解約{emoji}",
            f"2025/01/31 09:05:07,{number},090-1234-5678,通販,IVR,通販",
            "",
        ]
    )
    assert download(administrator, "steps", encoding=encoding) == mark + steps.encode(codec)
    content = download(administrator, "requests", encoding=encoding)
    assert content.startswith(mark)
    assert content.decode(codec).lstrip("\ufeff").splitlines()[0] == (
        "日時,通話番号,IVR,メソッド,アドレス,ステータスコード,結果,所要時間(ミリ秒)"
    )
    assert content.decode(codec).splitlines()[2] == (
        f"2025/01/31 09:05:07,{number},,GET,https://chat.example.jp/v1?phone=*******5678,200,応答した,120"
    )


def test_each_file_is_an_attachment_named_by_the_server(administrator: Client) -> None:
    fill()
    for kind in LISTS:
        answer = fetch(administrator, kind, encoding="shift_jis")
        assert re.search(r"filename\*=UTF-8''[%A-Za-z0-9]+_\d{8}_\d{6}\.csv", answer["Content-Disposition"])
        assert answer["Content-Type"] == "text/csv; charset=Shift_JIS"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer["Cache-Control"]


def test_each_file_holds_what_the_filter_leaves(administrator: Client) -> None:
    call = fill()
    assert [row[5] for row in rows_of(download(administrator, "requests", only_failed="on"))] == ["500"]
    assert [row[4] for row in rows_of(download(administrator, "steps", kind="label"))] == ["業務ラベル"]
    assert rows_of(download(administrator, "steps", call=call.pk + 1)) == []
    for kind in LISTS:
        listed = administrator.get(page_of(kind), {"call": call.pk}).content.decode()
        address = re.search(r'href="([^"]*utf_8\.csv[^"]*)"', listed)
        assert address
        assert f"call={call.pk}" in address[1]
        assert f"{MOST_ROWS:,}" in listed


@pytest.mark.parametrize("kind", LISTS)
def test_a_filter_that_is_not_understood_makes_no_file(administrator: Client, kind: str) -> None:
    fill()
    answer = administrator.get(reverse(f"console:{kind}_csv"), {"since": "2025/02/30"}, follow=True)
    assert answer.redirect_chain
    assert "ファイルを作成しませんでした" in answer.content.decode()
    assert not AuditEntry.objects.filter(action__endswith="_history.exported").exists()


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("deeds", [["view"], ["export"], []])
def test_without_the_right_there_is_neither_a_button_nor_a_file(kind: str, deeds: list[str]) -> None:
    fill()
    client = sign_in(make_person(None, rights=[f"{LISTS[kind]}.{deed}" for deed in deeds]))
    for name in (f"{kind}_csv", f"{kind}_csv_utf_8"):
        assert client.get(reverse(f"console:{name}")).status_code == 403
        assert reverse(f"console:{name}") not in client.get(page_of(kind)).content.decode()
    assert not AuditEntry.objects.filter(action__endswith="_history.exported").exists()


def test_each_file_holds_exactly_the_rows_a_person_may_see() -> None:
    """Proves P6."""
    east = make_person(SUPERVISOR, group="東", rights=["external_api_history.export"])
    make_person(SUPERVISOR, group="西")
    groups = {group.name: group for group in BusinessGroup.objects.all()}
    ours, theirs = (make_call(business_group=groups[name], arrived_at=AT) for name in ("東", "西"))
    for call in (ours, theirs):
        add_step(call)
        add_request(call)
    for kind in LISTS:
        assert {row[1] for row in rows_of(download(sign_in(east), kind))} == {str(ours.pk)}
        everything = rows_of(download(sign_in(make_person(ADMINISTRATOR)), kind))
        assert {row[1] for row in everything} == {str(ours.pk), str(theirs.pk)}


def test_no_word_of_an_answer_is_in_the_file(administrator: Client) -> None:
    """Proves R109."""
    fill()
    assert SECRET not in download(administrator, "requests").decode()


def test_what_each_file_held_is_written_down_without_what_was_looked_for() -> None:
    call = fill()
    person = make_person(ADMINISTRATOR)
    for kind, resource in LISTS.items():
        download(sign_in(person), kind, call=call.pk)
        [entry] = AuditEntry.objects.filter(action=f"{resource}.exported")
        assert (entry.user, entry.resource) == (person, resource)
        assert entry.detail == {"via": "csv", "rows": 2, "is_capped": False, "fields": ["call"]}
    assert "外部API連携履歴の出力" in sign_in(person).get(reverse("console:audit")).content.decode()


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_acts(administrator: Client, text: str) -> None:
    call = make_call(arrived_at=AT)
    add_step(call, ivr_name=text, kind="label", detail={"label": text})
    add_request(call, url=text, method=text[:8], error=text, outcome="failed")
    for kind in LISTS:
        for encoding in ("utf_8", "shift_jis"):
            content = download(administrator, kind, encoding=encoding)
            decoded = content.decode("utf-8-sig" if encoding == "utf_8" else "cp932")
            [row] = list(csv.reader(io.StringIO(decoded, newline="")))[1:]
            for cell in row:
                assert not ACTING.search(cell)
                assert E164.match(cell) or not FORMULA.match(cell)


def test_a_file_holds_the_newest_only_and_comes_in_chunks(
    administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_histories, "MOST_ROWS", 5)
    monkeypatch.setattr(export_histories, "CHUNK", 2)
    call = make_call(arrived_at=AT)
    for second in range(7):
        add_step(call, at=AT + timedelta(seconds=second))
        add_request(call, at=AT + timedelta(seconds=second))
    for kind in LISTS:
        times = [row[0][-2:] for row in rows_of(download(administrator, kind))]
        assert times == ["13", "12", "11", "10", "09"]
    assert AuditEntry.objects.filter(action="ivr_history.exported").latest("id").detail["is_capped"]


def test_a_switched_off_linkage_gives_no_file_of_its_requests(administrator: Client) -> None:
    """Proves D12."""
    fill()
    Installation.objects.update(api_linked_ivr=False)
    assert fetch(administrator, "requests").status_code != 200
    assert fetch(administrator, "steps").status_code == 200
