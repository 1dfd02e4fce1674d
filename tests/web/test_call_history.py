"""発着信履歴: the list, the detail, and the chat in it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from renkei.domain.chat import Speaker
from renkei.models import Agent, AuditEntry, BusinessGroup, ExternalApiCall, Installation, IvrStep
from renkei.permissions import ADMINISTRATOR
from tests.sample_centre import (
    LinkedCall,
    make_call,
    make_linked_call,
    make_person,
    make_unlinked_call,
    say,
    sign_in,
)

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC)  # 09:05:07 in Tokyo


@pytest.fixture
def administrator() -> Client:
    return sign_in(make_person(ADMINISTRATOR))


@pytest.fixture
def linked() -> LinkedCall:
    return make_linked_call(
        [
            say("解約したいです", AT),
            say('はい,"承り"ます\n番号をどうぞ', AT + timedelta(seconds=3), speaker=Speaker.BOT),
            say("https://example.jp/manual", AT + timedelta(seconds=9)),
            say("", AT + timedelta(seconds=10), url="https://files.example.jp/a.png"),
            say("=1+1 😀", AT + timedelta(seconds=12)),
            say("+81312345678", AT + timedelta(seconds=13)),
        ]
    )


def page(client: Client, call_id: int) -> str:
    html = client.get(reverse("console:call", args=[call_id])).content.decode()
    return html.split("<main")[1].split("</main>")[0]


def test_the_detail_shows_the_chat_with_its_times(administrator: Client, linked: LinkedCall) -> None:
    """Proves R2, R101, R102, R103, R104, R105."""
    html = page(administrator, linked.call.pk)
    for words in ("チャット内容", "お客様", "チャットサービス", "2025/01/31 09:05:07", "解約したいです"):
        assert words in html
    for button in ("クリップボードへコピー", "CSVダウンロード", "個別コピー"):
        assert button in html
    assert html.index("解約したいです") < html.index("番号をどうぞ") < html.index("=1+1")
    customer = html.index("解約したいです")
    assert 'class="chat-line "' in html[customer - 900 : customer]
    assert html.count('class="chat-line is-right"') == 1


def test_links_open_by_an_own_page_that_shows_the_host(administrator: Client, linked: LinkedCall) -> None:
    """Proves R106."""
    html = page(administrator, linked.call.pk)
    assert html.count("リンクを開く") == 2
    assert 'href="https://' not in html
    address = reverse("console:chat_link", args=[linked.call.pk, 4])
    assert f'href="{address}" target="_blank" rel="noopener noreferrer"' in html
    between = administrator.get(address).content.decode()
    assert "files.example.jp" in between
    assert 'href="https://files.example.jp/a.png" rel="noopener noreferrer"' in between
    assert administrator.get(reverse("console:chat_link", args=[linked.call.pk, 1])).status_code == 404


def test_the_way_out_is_the_same_from_the_desk_and_speaks_of_a_file_only_where_one_was_sent(
    administrator: Client, linked: LinkedCall
) -> None:
    """Proves R94, R97, R106."""
    stays = "ファイルはチャットの提供元に保存されています"
    for number, is_upload in ((3, False), (4, True)):
        history = administrator.get(reverse("console:chat_link", args=[linked.call.pk, number])).content.decode()
        desk = administrator.get(reverse("agent:leave", args=[linked.call.pk, number])).content.decode()
        assert (stays in history) is is_upload
        assert main_of(history) == main_of(desk)
    assert administrator.get(reverse("agent:leave", args=[linked.call.pk, 1])).status_code == 404


def main_of(html: str) -> str:
    return html[html.index("<main") : html.index("</main>")]


def test_the_shift_jis_file_is_exact_to_the_byte(administrator: Client, linked: LinkedCall) -> None:
    """Proves R104, R112, R113, R114, R115, R116, R119, D9."""
    answer = administrator.get(reverse("console:chat_csv", args=[linked.call.pk]))
    expected = (
        "会話日時,会話者,会話内容\r\n"
        "2025/01/31 09:05:07,お客様,解約したいです\r\n"
        '2025/01/31 09:05:10,チャットサービス,"はい,""承り""ます\n番号をどうぞ"\r\n'
        "2025/01/31 09:05:16,お客様,https://example.jp/manual\r\n"
        "2025/01/31 09:05:17,お客様,https://files.example.jp/a.png\r\n"
        "2025/01/31 09:05:19,お客様,'=1+1 〓\r\n"
        "2025/01/31 09:05:20,お客様,+81312345678\r\n"
    )
    assert b"".join(answer.streaming_content) == expected.encode("cp932")  # type: ignore[attr-defined]  # streams
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    html = page(administrator, linked.call.pk)
    assert "😀" in html.split('id="chat-losses"')[1].split("</p>")[0]


def test_the_utf_8_file_loses_nothing(administrator: Client, linked: LinkedCall) -> None:
    answer = administrator.get(reverse("console:chat_csv_utf_8", args=[linked.call.pk]))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # streams
    assert content.startswith(b"\xef\xbb\xbf")
    assert "'=1+1 😀\r\n".encode() in content


def test_the_clipboard_gets_one_line_a_message_without_times(administrator: Client, linked: LinkedCall) -> None:
    """Proves R103, R117, R118."""
    copied = administrator.get(reverse("console:chat_clipboard", args=[linked.call.pk])).content.decode()
    assert copied.split("\n")[:2] == ["お客様: 解約したいです", 'チャットサービス: はい,"承り"ます 番号をどうぞ']
    assert "2025" not in copied


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("request_error", "チャット接続に失敗しました"),
        ("switched_off", "チャット接続に失敗しました"),
        ("no_chat", "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"),
        ("number_mismatch", "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"),
        ("expired", "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"),
        ("bad_channel", "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"),
        ("not_obtained", "チャットを取得できませんでした"),
        ("bad_project", "チャットを取得できませんでした"),
        ("provider_error", "チャットを取得できませんでした"),
    ],
)
def test_without_a_chat_the_section_says_why_and_where_to_look(
    administrator: Client, reason: str, sentence: str
) -> None:
    """Proves R107, R120, R121, R126, R132, R135."""
    call = make_unlinked_call(reason)
    step = IvrStep.objects.create(call=call, position=1, kind="looked_up", detail={"reason": reason})
    request = ExternalApiCall.objects.create(
        call=call, connector="dec_support", method="GET", url="/x", status=500, outcome="http_status"
    )
    html = page(administrator, call.pk)
    assert sentence in html
    assert "IVR履歴および外部API連携履歴からエラーの詳細をご確認ください。" in html
    assert f'href="{reverse("console:ivr_history_call", args=[call.pk])}#step-{step.pk}"' in html
    assert f'href="{reverse("console:api_call", args=[request.pk])}"' in html
    assert (
        f'id="step-{step.pk}"'
        in administrator.get(reverse("console:ivr_history_call", args=[call.pk])).content.decode()
    )


def test_where_nothing_was_asked_the_links_lead_to_the_call_all_the_same(administrator: Client) -> None:
    """Proves R132. A withheld number is looked up nowhere."""
    call = make_unlinked_call("caller_withheld")
    html = page(administrator, call.pk)
    assert f'href="{reverse("console:ivr_history_call", args=[call.pk])}"' in html
    listed = f"{reverse('console:api_history')}?call={call.pk}"
    assert f'href="{listed}"' in html
    assert administrator.get(listed).status_code == 200


def test_who_may_not_see_the_details_is_told_whom_to_ask() -> None:
    call = make_unlinked_call("request_error")
    person = make_person(None, rights=["call_history.view", "chat_content.view"])
    group = BusinessGroup.objects.create(name="受付")
    call.answered_by = Agent.objects.create(user=person, extension="4322", business_group=group)
    call.save()
    html = page(sign_in(person), call.pk)
    assert "管理者またはスーパーバイザーにご確認ください" in html
    assert "IVR履歴および外部API連携履歴からエラーの詳細をご確認ください。" not in html


def test_a_call_that_never_passed_the_linkage_ivr_has_no_chat_section(administrator: Client) -> None:
    """Proves R107."""
    call = make_call()
    assert "チャット内容" not in page(administrator, call.pk)
    assert administrator.get(reverse("console:chat_csv", args=[call.pk])).status_code == 404


def test_without_the_right_no_path_gives_the_chat(linked: LinkedCall) -> None:
    """Screen, file, clipboard, link page and the other system's answer (an excerpt may quote it). Proves R108, R109."""
    rights = ["call_history.view", "call_history.export", "ivr_history.view", "external_api_history.view"]
    person = make_person(None, rights=rights)
    group = BusinessGroup.objects.create(name="受付")
    agent = Agent.objects.create(user=person, extension="4321", business_group=group)
    linked.call.answered_by = agent
    linked.call.save()
    request = ExternalApiCall.objects.create(
        call=linked.call, connector="x", method="GET", url="/x", status=200, outcome="not_json",
        answer_excerpt="解約したいです", is_confidential=True,
    )  # fmt: skip
    client = sign_in(person)
    detail = client.get(reverse("console:call", args=[linked.call.pk]))
    assert detail.status_code == 200
    assert "解約したいです" not in detail.content.decode()
    assert "チャット内容" in detail.content.decode()
    for name, extra in (("chat_csv", []), ("chat_csv_utf_8", []), ("chat_clipboard", []), ("chat_link", [4])):
        answer = client.get(reverse(f"console:{name}", args=[linked.call.pk, *extra]))
        assert answer.status_code == 403, name
        assert "解約したいです" not in answer.content.decode()
    shown = client.get(reverse("console:api_call", args=[request.pk]))
    assert shown.status_code == 200
    assert "解約したいです" not in shown.content.decode()
    assert not AuditEntry.objects.filter(action__startswith="chat.").exists()


def test_every_reading_is_written_down(linked: LinkedCall) -> None:
    person = make_person(ADMINISTRATOR)
    client = sign_in(person)
    page(client, linked.call.pk)
    b"".join(client.get(reverse("console:chat_csv", args=[linked.call.pk])).streaming_content)  # type: ignore[attr-defined]
    client.get(reverse("console:chat_clipboard", args=[linked.call.pk]))
    entries = AuditEntry.objects.filter(user=person, resource="conversation", object_id=str(linked.chat.pk))
    assert [(each.action, each.detail["via"]) for each in entries.order_by("id")] == [
        ("chat.read", "history"),
        ("chat.exported", "csv"),
        ("chat.read", "clipboard"),
    ]
    shown = client.get(reverse("console:audit"), {"only_chats": "on", "conversation_id": linked.chat.pk})
    assert shown.content.decode().count(str(person)) >= 3


def test_switched_off_the_chat_is_refused_and_nothing_is_changed(administrator: Client, linked: LinkedCall) -> None:
    """Proves R7, D12."""
    Installation.objects.update(chatbot_linkage=False)
    assert "解約したいです" not in page(administrator, linked.call.pk)
    assert administrator.get(reverse("console:chat_csv", args=[linked.call.pk])).status_code == 403
    Installation.objects.update(chatbot_linkage=True)
    assert "解約したいです" in page(administrator, linked.call.pk)


def test_without_crm_linkage_the_history_still_shows_the_chat(administrator: Client, linked: LinkedCall) -> None:
    """Proves R9."""
    Installation.objects.update(crm_linkage=False)
    assert "解約したいです" in page(administrator, linked.call.pk)


def test_filters_narrow_and_a_number_never_stands_in_an_address(administrator: Client) -> None:
    make_call(caller_e164="+819011112222")
    make_call(caller_e164="+819033334444", outcome="missed")
    sent = administrator.post(reverse("console:calls"), {"who": "090-1111-2222"})
    assert sent.status_code == 302
    assert "1111" not in sent["Location"]
    listed = administrator.get(sent["Location"]).content.decode()
    assert "090-1111-2222" in listed
    assert "090-3333-4444" not in listed
    missed = administrator.get(reverse("console:calls"), {"outcome": "missed"}).content.decode()
    assert "090-3333-4444" in missed
    assert "090-1111-2222" not in missed


def test_a_tampered_cursor_shows_the_first_page_and_says_so(administrator: Client) -> None:
    make_call()
    answer = administrator.get(reverse("console:calls"), {"cursor": "tampered"})
    assert answer.status_code == 400
    assert "最初のページ" in answer.content.decode()
    assert "090-1234-5678" in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["since=2025/02/30", "until=25:00", "agent_id=999999", "outcome=x", "page=-1", "since=%00"]
)
def test_a_bad_filter_is_answered_and_never_a_fault(administrator: Client, query: str) -> None:
    assert administrator.get(f"{reverse('console:calls')}?{query}").status_code == 200


def test_an_empty_list_says_the_next_step(administrator: Client) -> None:
    html = administrator.get(reverse("console:calls")).content.decode()
    assert "通話はまだありません。" in html
    assert reverse("console:numbers") in html
