"""コールセンター > IVR: the words of the rows, what cannot be changed, what is counted and cleared."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from renkei.actions.settings.ivrs import create_ivr, edit_ivr
from renkei.errors import RejectedError
from renkei.models import ChatbotLinkage, Guidance, IncomingRule, Installation, Ivr, ResponseBranch, User
from renkei.models.secrets import open_fields
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from renkei.web.console import urls as console
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db

FIXED = "※作成後に変更する事ができませんのでご注意ください。"
BUSY = "※初期値が着信ルール「ビジー」になっているので、運用前に適切な転送先へ変更する必要があります。"


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def client(person: User) -> Client:
    return sign_in(person)


@pytest.fixture
def ivr(person: User) -> Ivr:
    ivr_id = create_ivr(person, name="チャット連携", use_api=True, service_type="chatbot_dec_support")
    return Ivr.objects.get(pk=ivr_id)


def read(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"console:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_ivr_is_made_with_a_warning_a_question_and_its_stored_values(client: Client) -> None:
    """Proves R18, R19, R20, R22, R25, R26."""
    form = read(client, "new_ivr")
    for words in ("API連携を利用する", "利用しない", "サービス種類", "チャットボット連携(DEC Support)", FIXED, "保存"):
        assert words in form
    assert 'data-confirm="保存しますか?"' in form
    sent = {"name": "窓口", "use_api": "yes", "service_type": "chatbot_dec_support"}
    stored = client.post(reverse("console:new_ivr"), sent, follow=True).content.decode()
    assert "設定内容が反映されている事をご確認ください" in stored
    assert "窓口" in stored
    assert "チャットボット連携(DEC Support)" in stored


class Menu(HTMLParser):
    """The side menu as (section, entry, address) and the buttons beside a screen's heading as (label, address)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.entries: list[tuple[str, str, str]] = []
        self.buttons: list[tuple[str, str]] = []
        self._section = self._words = self._href = ""
        self._is_in_actions = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a heading or a link."""
        given = dict(attrs)
        if tag == "div" and given.get("class") == "heading-actions":
            self._is_in_actions = True
        if tag in ("h2", "a"):
            self._words, self._href = "", given.get("href") or ""

    def handle_data(self, data: str) -> None:
        """Words of what is open."""
        self._words += data.strip()

    def handle_endtag(self, tag: str) -> None:
        """A heading names the section of what follows; a link is an entry, or a button where the actions stand."""
        if tag == "h2":
            self._section = self._words
        if tag == "a" and self._is_in_actions:
            self.buttons.append((self._words, self._href))
        elif tag == "a":
            self.entries.append((self._section, self._words, self._href))
        if tag == "div":
            self._is_in_actions = False


def test_the_ivrs_stand_in_the_menu_below_the_call_centre(client: Client) -> None:
    """Under that section, by that name, leading to the list, and marked while one is there. Proves R16."""
    listed = read(client, "ivrs")
    assert ("コールセンター", "IVR", reverse("console:ivrs")) in Menu(
        listed.split("<aside")[1].split("</aside>")[0]
    ).entries
    assert f'<a href="{reverse("console:ivrs")}" aria-current="page">IVR</a>' in listed
    assert "<span>コールセンター</span>" in listed.split('class="trail"')[1].split("</nav>")[0]
    nobody_there = sign_in(make_person(None, rights=["call_history.view"]))
    menu = Menu(nobody_there.get(reverse("console:calls")).content.decode()).entries
    assert reverse("console:ivrs") not in [href for _section, _name, href in menu]


def test_a_new_ivr_begins_with_a_button_beside_the_heading_of_the_list(client: Client) -> None:
    """It leads to the form; who may not make one is not offered it. Proves R17."""
    listed = read(client, "ivrs").split("<main")[1]
    assert Menu(listed).buttons == [("新規", reverse("console:new_ivr"))]
    assert 'name="name"' in client.get(reverse("console:new_ivr")).content.decode()
    reader = sign_in(make_person(SUPERVISOR))
    assert Menu(read(reader, "ivrs").split("<main")[1]).buttons == []


def test_the_guidance_form_is_one_of_two_and_what_was_chosen_is_kept(client: Client, ivr: Ivr) -> None:
    """Standard guidance or real-time speech synthesis, each with its own field; nothing else is taken. Proves R46."""
    address = reverse("console:edit_branch", args=[ivr.pk, "success"])
    form = read(client, "edit_branch", ivr.pk, "success")
    choices = form.split("ガイダンス形式")[1].split("</fieldset>")[0]
    offered = re.findall(r'type="radio" name="guidance_form" value="(\w+)"[^>]*>\s*([^<]+?)\s*</label>', choices)
    assert offered == [("standard", "標準ガイダンス"), ("speech", "リアルタイム音声合成")]
    assert 'data-when="guidance_form=standard"' in form.split('name="guidance"')[0]
    assert 'data-when="guidance_form=speech"' in form.split('name="speech_text"')[0]
    guidance = Guidance.objects.create(name="R46のご案内", words="お待ちください", media="r46")
    both = {"guidance": guidance.pk, "speech_text": "ただいまおつなぎします"}
    for chosen, word, kept in (
        ("speech", "リアルタイム音声合成", (None, "ただいまおつなぎします")),
        ("standard", "標準ガイダンス", (guidance.pk, "")),
    ):
        assert client.post(address, branch_values(guidance_form=chosen, **both)).status_code == 302
        branch = ResponseBranch.objects.get(ivr=ivr, condition="success")
        assert (branch.guidance_form, branch.guidance_id, branch.speech_text) == (chosen, *kept)
        shown = read(client, "branch", ivr.pk, "success")
        assert word in shown.split("ガイダンス形式")[1].split("</dd>")[0]
    assert client.post(address, branch_values(guidance_form="song", **both)).status_code == 200
    assert ResponseBranch.objects.get(ivr=ivr, condition="success").guidance_form == "standard"


def test_without_api_linkage_it_is_a_standard_ivr(client: Client) -> None:
    """Proves R19."""
    client.post(reverse("console:new_ivr"), {"name": "標準", "use_api": "no", "service_type": "chatbot_dec_support"})
    ivr = Ivr.objects.get(name="標準")
    assert (ivr.use_api, ivr.service_type) == (False, None)


def test_the_service_types_are_a_list(client: Client) -> None:
    form = read(client, "new_ivr")
    assert form.count("<option") >= 2


def test_the_kind_is_fixed_on_the_screen_in_the_action_and_in_the_database(
    client: Client, person: User, ivr: Ivr
) -> None:
    """Proves R21, R23."""
    address = reverse("console:edit_ivr", args=[ivr.pk])
    refused = client.post(address, {"name": "改名", "use_api": "no"})
    assert refused.status_code == 400
    refused = client.post(address, {"name": "改名", "service_type": "chatbot_standard"})
    assert refused.status_code == 400
    for use_api, service_type in ((False, None), (True, "chatbot_standard")):
        with pytest.raises(RejectedError) as error:
            edit_ivr(person, ivr.pk, name="改名", use_api=use_api, service_type=service_type)
        assert error.value.code == "service_type_fixed"
    for change in ("service_type = 'chatbot_standard'", "use_api = false, service_type = NULL"):
        statement = f"UPDATE renkei_ivr SET {change} WHERE id = {ivr.pk}"
        with pytest.raises(IntegrityError, match="ivr_kind_is_fixed"), transaction.atomic():
            connection.cursor().execute(statement)
    ivr.refresh_from_db()
    assert (ivr.name, ivr.use_api, ivr.service_type) == ("チャット連携", True, "chatbot_dec_support")


def test_the_linkage_tab_is_read_first_and_then_edited(client: Client, ivr: Ivr) -> None:
    """Proves R27, R28, R30, R31, R32, R33, R34, D16."""
    tab = read(client, "linkage", ivr.pk)
    words = ("チャットボット連携設定", "編集", "チャットボット連携(DEC Support)", "プロジェクトID", "チャネルID")
    for each in (*words, "リクエストエラー時の動作", "接続仕様は提供元の資料に合わせて確認してください"):
        assert each in tab
    assert 'name="project_id"' not in tab
    rule = IncomingRule.objects.create(name="夜間", steps=[{"do": "hang_up"}])
    form = read(client, "edit_linkage", ivr.pk)
    assert 'type="text" name="project_id"' in form
    assert 'data-confirm="保存しますか?"' in form
    assert f'<option value="{rule.pk}">夜間</option>' in form
    sent = {"project_id": "PRJ 7", "channel_id": "ch/1", "request_error_rule": rule.pk}
    stored = client.post(reverse("console:edit_linkage", args=[ivr.pk]), sent, follow=True).content.decode()
    for each in ("PRJ 7", "ch/1", "夜間", "設定内容が反映されている事をご確認ください"):
        assert each in stored


def test_the_older_names_are_found_by_the_menu_search_and_never_shown(client: Client, ivr: Ivr) -> None:
    """Proves R29, R36."""
    html = read(client, "linkage", ivr.pk)
    assert 'data-words="チャットボット連携設定 コールセンター API連携設定' in html
    assert 'data-words="チャットボット転送先設定 コールセンター APIレスポンス設定' in html
    assert "API連携設定<" not in html
    assert "APIレスポンス設定<" not in html


def test_a_secret_is_written_and_never_shown(client: Client, ivr: Ivr) -> None:
    linkage = ChatbotLinkage.objects.get(ivr=ivr)
    sent = {"project_id": "P", "channel_id": "C", "request_error_rule": linkage.request_error_rule_id}
    address = reverse("console:edit_linkage", args=[ivr.pk])
    client.post(address, {**sent, "connector_base_url": "https://api.example.jp", "connector_api_key": "s3cr3t-42"})
    linkage.refresh_from_db()
    assert open_fields(linkage.secrets) == {"api_key": "s3cr3t-42"}
    assert b"s3cr3t-42" not in bytes(linkage.secrets or b"")
    for name in ("linkage", "edit_linkage"):
        assert "s3cr3t-42" not in read(client, name, ivr.pk)
    client.post(address, {**sent, "connector_base_url": "https://api.example.jp/v2", "connector_api_key": ""})
    linkage.refresh_from_db()
    assert open_fields(linkage.secrets) == {"api_key": "s3cr3t-42"}
    assert linkage.connector_settings["base_url"] == "https://api.example.jp/v2"


@pytest.mark.parametrize("elsewhere", ["https://thief.example.jp", "http://api.example.jp", ""])
def test_a_stored_secret_is_not_sent_to_a_host_it_was_not_typed_for(client: Client, ivr: Ivr, elsewhere: str) -> None:
    linkage = ChatbotLinkage.objects.get(ivr=ivr)
    sent = {"project_id": "P", "channel_id": "C", "request_error_rule": linkage.request_error_rule_id}
    address = reverse("console:edit_linkage", args=[ivr.pk])
    client.post(address, {**sent, "connector_base_url": "https://api.example.jp", "connector_api_key": "s3cr3t-42"})
    changed = {**sent, "connector_base_url": elsewhere, "connector_api_key": ""}
    refused = client.post(address, changed)
    assert "別のホスト" in refused.content.decode()
    linkage.refresh_from_db()
    assert linkage.connector_settings["base_url"] == "https://api.example.jp"
    assert client.post(address, {**changed, "connector_api_key": "anew"}).status_code == 302


def test_there_are_exactly_two_conditions_that_begin_as_busy(client: Client, ivr: Ivr) -> None:
    """Proves R36, R37, R38, R39, R40, R56, R57."""
    tab = read(client, "branches", ivr.pk)
    assert "チャットボット転送先設定" in tab
    assert BUSY in tab
    for words in ("成功", "失敗", "チャット情報を取得出来た場合", "接続したがチャット情報を取得出来なかった場合"):
        assert words in tab
    assert ResponseBranch.objects.filter(ivr=ivr, rule__builtin="busy", action="rule").count() == 2
    detail = read(client, "branch", ivr.pk, "success")
    assert "編集" in detail
    assert BUSY in detail
    form = read(client, "edit_branch", ivr.pk, "failure")
    for words in (
        "業務ラベル",
        "ガイダンス形式",
        "標準ガイダンス",
        "リアルタイム音声合成",
        "選択時の動作",
        "転送",
        "着信ルール",
        "メモ",
    ):
        assert words in form


def test_conditions_cannot_be_added_removed_or_renamed(client: Client, ivr: Ivr) -> None:
    """Proves R44."""
    before = sorted(ResponseBranch.objects.filter(ivr=ivr).values_list("id", "condition"))
    sent = branch_values(condition="renamed", name="renamed", DELETE="on", delete="1")
    assert client.post(reverse("console:edit_branch", args=[ivr.pk, "success"]), sent).status_code == 302
    assert client.delete(reverse("console:branch", args=[ivr.pk, "success"])).status_code == 405
    assert sorted(ResponseBranch.objects.filter(ivr=ivr).values_list("id", "condition")) == before
    addresses = [str(each.pattern) for each in console.urlpatterns if "branches/" in str(each.pattern)]
    assert all(each.endswith(("branches/", "<str:condition>/", "edit/")) for each in addresses), addresses
    assert client.get(reverse("console:edit_branch", args=[ivr.pk, "third"])).status_code == 404
    assert client.post(reverse("console:edit_branch", args=[ivr.pk, "third"]), {"action": "rule"}).status_code == 404


def branch_values(**changes: Any) -> dict[str, Any]:
    rule = IncomingRule.objects.exclude(builtin=None).get()
    return {"action": "rule", "rule": rule.pk, "guidance_form": "standard", **changes}


@pytest.mark.parametrize("character", ["あ", "𠮷", "a", "\r\n"])
def test_a_memo_of_500_characters_is_accepted_and_one_of_501_refused(client: Client, ivr: Ivr, character: str) -> None:
    """Counted as people count, CRLF as one. Proves R62, R63, D18."""
    address = reverse("console:edit_branch", args=[ivr.pk, "success"])
    assert client.post(address, branch_values(memo="b" + character * 499)).status_code == 302
    branch = ResponseBranch.objects.get(ivr=ivr, condition="success")
    assert len(branch.memo) == 500
    refused = client.post(address, branch_values(memo="b" + character * 500))
    assert refused.status_code == 200
    assert "501" in refused.content.decode()
    assert 'data-limit="500"' in refused.content.decode()
    branch.refresh_from_db()
    assert len(branch.memo) == 500


@pytest.mark.parametrize("character", ["𠮷", "\r\n"])
def test_what_is_read_out_may_have_1000_characters_and_no_more(client: Client, ivr: Ivr, character: str) -> None:
    """Real-time synthesis and guidance alike, counted as the memo is. Proves D18."""
    text = "あ" + character * 998 + "い"
    branch = reverse("console:edit_branch", args=[ivr.pk, "success"])
    words = {"label": "", "guidance_form": "speech"}
    assert client.post(branch, branch_values(**words, speech_text=text)).status_code == 302
    assert len(ResponseBranch.objects.get(ivr=ivr, condition="success").speech_text) == 1000
    refused = client.post(branch, branch_values(**words, speech_text=text + "う")).content.decode()
    assert "1000文字以内で入力してください(現在1001文字)" in refused
    assert 'data-limit="1000"' in refused
    assert 'maxlength="1000"' not in refused
    guidance = reverse("console:new_guidance")
    assert client.post(guidance, {"name": "満ちた案内", "words": text}).status_code == 302
    assert len(Guidance.objects.get(name="満ちた案内").words) == 1000
    refused = client.post(guidance, {"name": "溢れた案内", "words": text + "う"}).content.decode()
    assert "1000文字以内で入力してください(現在1001文字)" in refused
    assert 'data-counter="words-counter"' in refused
    assert 'id="words-counter"' in refused


def test_success_and_failure_are_set_independently(client: Client, ivr: Ivr) -> None:
    """Proves R64."""
    client.post(reverse("console:edit_branch", args=[ivr.pk, "success"]), branch_values(memo="成功のメモ"))
    assert ResponseBranch.objects.get(ivr=ivr, condition="failure").memo == ""


def test_hidden_fields_are_cleared(client: Client, ivr: Ivr) -> None:
    """A number typed for a transfer does not stay behind an incoming rule. Proves R65."""
    address = reverse("console:edit_branch", args=[ivr.pk, "success"])
    agent = make_person(AGENT, group="転送先").agent
    sent = branch_values(action="transfer", destination="agent", agent=str(agent.pk), outside_number="03-1234-5678")
    client.post(address, {**sent, "speech_text": "隠れた文言"})
    branch = ResponseBranch.objects.get(ivr=ivr, condition="success")
    assert (branch.destination_agent, branch.outside_number, branch.rule, branch.speech_text) == (agent, "", None, "")
    client.post(address, branch_values(destination="agent", agent=str(agent.pk)))
    branch.refresh_from_db()
    assert branch.destination_agent is None
    assert branch.rule is not None


def test_a_destination_that_no_call_can_reach_yet_is_not_offered(client: Client, ivr: Ivr) -> None:
    """What the form shows is what happens to a call; an outside number sent all the same is refused."""
    address = reverse("console:edit_branch", args=[ivr.pk, "success"])
    assert 'value="outside"' not in client.get(address).content.decode()
    before = list(ResponseBranch.objects.filter(ivr=ivr).values())
    client.post(address, branch_values(action="transfer", destination="outside", outside_number="03-1234-5678"))
    assert list(ResponseBranch.objects.filter(ivr=ivr).values()) == before


def test_without_speech_synthesis_the_form_is_standard(client: Client, ivr: Ivr) -> None:
    """Proves R49."""
    Installation.objects.update(realtime_speech=False)
    form = read(client, "edit_branch", ivr.pk, "success")
    assert "リアルタイム音声合成" not in form.split("<main")[1]
    client.post(
        reverse("console:edit_branch", args=[ivr.pk, "success"]), branch_values(guidance_form="speech", speech_text="x")
    )
    assert ResponseBranch.objects.get(ivr=ivr, condition="success").guidance_form == "standard"


@pytest.mark.parametrize("option", ["api_linked_ivr", "chatbot_linkage"])
def test_a_switched_off_option_hides_its_screens_and_refuses(client: Client, ivr: Ivr, option: str) -> None:
    """Proves R6, R7, D12."""
    Installation.objects.update(**{option: False})
    for name, args in (("linkage", [ivr.pk]), ("edit_linkage", [ivr.pk]), ("branches", [ivr.pk])):
        assert client.get(reverse(f"console:{name}", args=args)).status_code == 403
    sent = {"name": "新しい", "use_api": "yes", "service_type": "chatbot_dec_support"}
    answer = client.post(reverse("console:new_ivr"), sent)
    assert "停止" in answer.content.decode()
    assert not Ivr.objects.filter(name="新しい").exists()
    assert "チャットボット連携設定" not in read(client, "ivr", ivr.pk).split("<main")[1].split("</main>")[0]
    assert ChatbotLinkage.objects.filter(ivr=ivr).exists()


def test_a_supervisor_reads_and_is_not_offered_to_edit(ivr: Ivr) -> None:
    client = sign_in(make_person(SUPERVISOR))
    tab = read(client, "linkage", ivr.pk)
    assert reverse("console:edit_linkage", args=[ivr.pk]) not in tab
    assert client.post(reverse("console:edit_linkage", args=[ivr.pk]), {}).status_code == 403


def test_every_screen_is_complete_in_english(person: User, ivr: Ivr) -> None:
    client = sign_in(person, language="en")
    tab = read(client, "linkage", ivr.pk)
    for words in ("Chatbot linkage settings", "Chatbot linkage (DEC Support)", "Project ID", "Edit"):
        assert words in tab
