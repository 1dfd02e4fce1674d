"""「接続テスト」 on the tab 「チャットボット連携設定」: who may press it, what is shown while and after it runs."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from renkei import clock
from renkei.actions.settings.connection_tests import begin_connection_test, finish_connection_test
from renkei.actions.settings.ivrs import create_ivr
from renkei.domain.connection_test import Advice, Mark, Stage, Verdict
from renkei.domain.exchanges import Exchange
from renkei.domain.matching import Branch, LookedUp, Outcome
from renkei.models import ConnectionTest, User
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from renkei.web.console.connection_test import ADVICE, BRANCHES, MARKS, STAGES, VERDICTS
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
NOTE = "接続仕様は提供元の資料に合わせて確認してください"


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def client(person: User) -> Client:
    return sign_in(person)


@pytest.fixture
def ivr_id(person: User) -> int:
    return create_ivr(person, name="解約", use_api=True, service_type="chatbot_dec_support")


def press(client: Client, ivr_id: int, number: str = "") -> str:
    answer = client.post(reverse("console:run_connection_test", args=[ivr_id]), {"number": number}, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def look(client: Client, ivr_id: int, was: str = "") -> tuple[int, str]:
    address = reverse("console:connection_test_result", args=[ivr_id])
    answer = client.get(address, {"was": was} if was else {}, headers=HTMX)
    return answer.status_code, answer.content.decode()


def finish(looked_up: LookedUp, *, url: str = "https://api.example.jp/x") -> None:
    test = ConnectionTest.objects.get()
    assert begin_connection_test(test.pk) is not None
    exchange = Exchange(
        at=clock.now(), method="GET", url=url, request_headers=(), request_body="", status=looked_up.status,
        outcome=looked_up.detail or "ok", error=looked_up.detail, duration_ms=123, answer_excerpt="",
    )  # fmt: skip
    finish_connection_test(test.pk, "dec_support", looked_up, duration_ms=123, exchanges=[exchange])


def test_the_tab_offers_the_test_beside_the_providers_note(client: Client, ivr_id: int) -> None:
    """Proves D16."""
    page = client.get(reverse("console:linkage", args=[ivr_id])).content.decode()
    part = page[page.index('id="connection-test"') :]
    assert NOTE in part
    assert "接続テスト" in part
    assert "まだテストしていません。" in part
    assert 'role="status"' in part


def test_a_connector_without_a_note_shows_none(client: Client, person: User) -> None:
    ivr_id = create_ivr(person, name="標準API", use_api=True, service_type="chatbot_standard")
    assert NOTE not in client.get(reverse("console:linkage", args=[ivr_id])).content.decode()


def test_a_pressed_test_is_followed_and_read_out_once_a_state(client: Client, ivr_id: int) -> None:
    waiting = press(client, ivr_id)
    assert "テストの開始を待っています" in waiting
    followed = re.search(r"\?was=([\w-]+)", waiting)
    assert followed is not None
    assert 'hx-trigger="every' in waiting
    assert look(client, ivr_id, followed[1]) == (204, "")
    finish(LookedUp(Outcome.BAD_CHANNEL, status=404, detail="bad_channel_answer"))
    status, over = look(client, ivr_id, followed[1])
    assert status == 200
    assert "hx-trigger" not in over
    assert "提供元から、チャネルIDが不明という応答がありました。" in over
    assert "チャネルIDを、提供元から発行されたものと照らし合わせてください。" in over
    assert ">404<" in over
    assert "123 ms" in over
    linked = re.search(r'href="(/console/external-api/\d+/)"', over)
    assert linked is not None
    assert client.get(linked[1]).status_code == 200


def test_the_result_stays_on_the_tab_and_speaks_the_readers_language(person: User, client: Client, ivr_id: int) -> None:
    press(client, ivr_id)
    finish(LookedUp(Outcome.REQUEST_ERROR, detail="timed_out"))
    japanese = client.get(reverse("console:linkage", args=[ivr_id])).content.decode()
    assert "提供元から時間内に応答がありませんでした。" in japanese
    english = sign_in(person, language="en").get(reverse("console:linkage", args=[ivr_id])).content.decode()
    assert "The provider did not answer in time." in english
    assert "A call would take “Behaviour on request error” now." in english


def test_what_the_provider_is_called_is_inert_text(client: Client, ivr_id: int) -> None:
    """Proves P5."""
    press(client, ivr_id)
    finish(LookedUp(Outcome.ANSWERED, status=200), url="https://x/<script>alert(1)</script>\u202e")
    _, shown = look(client, ivr_id)
    assert "<script" not in shown
    assert "\u202e" not in shown
    assert "&lt;script&gt;" in shown


def test_a_wrong_number_is_refused_with_a_sentence_beside_the_field(client: Client, ivr_id: int) -> None:
    shown = press(client, ivr_id, "<b>110")
    assert 'id="connection-test-problem"' in shown
    assert "電話番号が正しくありません" in shown
    assert not ConnectionTest.objects.exists()


def test_without_script_the_page_comes_back(client: Client, ivr_id: int) -> None:
    answer = client.post(reverse("console:run_connection_test", args=[ivr_id]), {"number": ""})
    assert answer.headers["Location"] == reverse("console:linkage", args=[ivr_id])
    answer = client.get(reverse("console:connection_test_result", args=[ivr_id]))
    assert answer.headers["Location"] == reverse("console:linkage", args=[ivr_id])


def test_who_may_only_look_sees_results_and_no_button(client: Client, ivr_id: int) -> None:
    press(client, ivr_id)
    finish(LookedUp(Outcome.ANSWERED, status=200))
    looking = sign_in(make_person(SUPERVISOR))
    page = looking.get(reverse("console:linkage", args=[ivr_id])).content.decode()
    assert "提供元から応答がありました" in page
    assert reverse("console:run_connection_test", args=[ivr_id]) not in page
    answer = looking.post(reverse("console:run_connection_test", args=[ivr_id]), headers=HTMX)
    assert answer.status_code == 403
    stranger = sign_in(make_person(None))
    assert look(stranger, ivr_id)[0] == 403


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_code_of_a_finding_has_words(language: str) -> None:
    assert set(ADVICE) == set(Advice)
    assert set(STAGES) == set(Stage)
    assert set(VERDICTS) == set(Verdict)
    assert set(MARKS) == set(Mark)
    assert set(BRANCHES) == set(Branch)
    with translation.override(language):
        said = [str(words) for words in (*ADVICE.values(), *STAGES.values(), *BRANCHES.values())]
        said += [str(words) for words, _ in (*VERDICTS.values(), *MARKS.values()) if str(words) != "OK"]
    is_japanese = [bool(re.search("[ぁ-んァ-ヶ一-龠]", words)) for words in said]
    assert set(is_japanese) == {language == "ja"}
