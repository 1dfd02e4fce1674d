"""Every code has its sentence, in both languages, and the known ones word for word."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import translation
from django.utils.translation import trans_real

import renkei
from renkei.cli.translations import compile_all
from renkei.domain.matching import Attempt, LookedUp, Message, Outcome, Reason, decide_link
from renkei.domain.phone import NoNumber, Telephone
from renkei.domain.transcript import Label
from renkei.errors import RejectedError
from renkei.messages import (
    SENTENCES,
    explain_detail,
    explain_reason,
    explain_record,
    name_absence,
    say,
    sentence,
    show_duration,
)
from tests.domain.test_matching import ARRIVED, MISTYPED, chat

PARTS = Path(renkei.__file__).parent / "locale" / "ja" / "parts"


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The sentences compiled afresh from the repository's .po, whatever the last start of Renkei left behind."""
    locale = tmp_path_factory.mktemp("locale")
    (locale / "ja").mkdir()
    (locale / "ja" / "parts").symlink_to(PARTS)
    compile_all(locale)
    with override_settings(LOCALE_PATHS=[locale]):
        _forget_translations()
        yield
    _forget_translations()


def _forget_translations() -> None:
    vars(trans_real)["_translations"] = {}  # Django keeps every language it has once read


@pytest.fixture
def in_japanese() -> Iterator[None]:
    """As most readers see it."""
    with translation.override("ja"):
        yield


@pytest.fixture
def in_english() -> Iterator[None]:
    """As the others see it."""
    with translation.override("en"):
        yield


@pytest.mark.usefixtures("in_japanese")
def test_the_messages_of_the_linkage_are_exact() -> None:
    """Proves R99, R120, R121, R126, R131, R132, R135, D1."""
    assert sentence(Message.CONNECTION_FAILED) == "チャット接続に失敗しました"
    assert sentence(Message.NO_CHAT_IN_WINDOW, {"hours": 24.0}) == (
        "お客様が誤った電話番号をチャット入力したか、24時間以内のチャット利用がありません"
    )
    assert sentence(Message.NOT_OBTAINED) == "チャットを取得できませんでした"
    assert sentence("server_connection_failed") == "サーバ接続に失敗しました"
    assert sentence("see_histories") == "IVR履歴および外部API連携履歴からエラーの詳細をご確認ください。"


@pytest.mark.usefixtures("in_japanese")
def test_the_hours_of_the_message_follow_the_window() -> None:
    """Proves R121, D1."""
    for window, hours in [(timedelta(hours=24), "24"), (timedelta(hours=36), "36"), (timedelta(minutes=90), "1.5")]:
        attempt = Attempt(Telephone("+819012345678"), "c", datetime(2025, 1, 31, tzinfo=UTC), window=window)
        decision = decide_link(attempt, LookedUp(Outcome.ANSWERED), conversations=[])
        assert decision.message is not None
        assert f"、{hours}時間以内の" in sentence(decision.message.value, decision.message_params)


@pytest.mark.usefixtures("in_japanese")
def test_the_words_of_a_transcript_are_exact() -> None:
    """Proves R92, R113."""
    assert sentence(Label.CUSTOMER) == "お客様"
    assert sentence(Label.CHAT_SERVICE) == "チャットサービス"
    assert sentence("open_link") == "リンクを開く"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_code_of_the_rules_has_a_sentence(language: str) -> None:
    """Reasons, messages, missing numbers, outcomes and labels: none is shown as a bare code."""
    with translation.override(language):
        said = [explain_reason(reason) for reason in Reason]
        said += [name_absence(absence) for absence in NoNumber]
        said += [sentence(code) for code in [*Message, *Label]]
        assert len(set(said)) == len(said)
        assert not [text for text in said if "(reason_" in text or "(number_" in text]


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_sentence_is_whole_in_both_languages(code: str) -> None:
    """Translated, with the same values named; Japanese has no Latin sentence left in it."""
    with translation.override("en"):
        english = str(SENTENCES[code])
    with translation.override("ja"):
        japanese = str(SENTENCES[code])
    named = re.compile(r"%\((\w+)\)s")
    assert sorted(named.findall(english)) == sorted(named.findall(japanese))
    assert re.search("[ぁ-んァ-ヶ一-龠]", japanese)
    assert not re.search("[ぁ-んァ-ヶ一-龠]", english)
    assert named.sub("", english).count("%") == named.sub("", japanese).count("%") == 0


@pytest.mark.usefixtures("in_english")
def test_a_sentence_never_fails() -> None:
    """At night a sentence with a gap is better than none; values are text, whatever they hold."""
    assert sentence("no_such_code") == (
        "Something went wrong (no_such_code). Try again; if it goes on, tell an administrator."
    )
    assert sentence("text_too_long", {"limit": 500}) == "At most 500 characters are allowed; this has ?."
    assert sentence("record_detail", {"detail": "%(x)s %s {{7*7}}"}) == "Detail: %(x)s %s {{7*7}}"
    assert say(RejectedError("sign_in_throttled", seconds=30)) == ("Too many attempts. Wait 30 seconds and try again.")


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (94200, "26 h 10 m", "26時間10分"),
        (86400, "24 h", "24時間"),
        (86399.9, "23 h 59 m", "23時間59分"),
        (86401, "24 h 0 m", "24時間0分"),
        (299, "4 m 59 s", "4分59秒"),
        (0, "0 m 0 s", "0分0秒"),
        (-61, "1 m 1 s", "1分1秒"),
    ],
)
def test_lengths_are_cut_off_and_never_rounded_up(seconds: float, english: str, japanese: str) -> None:
    """What lies inside the limit must not look as if it did not."""
    with translation.override("en"):
        assert show_duration(seconds) == english
    with translation.override("ja"):
        assert show_duration(seconds) == japanese


@pytest.mark.parametrize(
    ("detail", "english"),
    [
        ("timed_out", "The provider did not answer in time."),
        ("http_503", "The provider answered with status 503."),
        ("withheld", "Withheld number"),
        ("project_id_missing", "A required setting is empty (project_id). Enter it in the chatbot linkage settings."),
        ("address_missing", "The provider's address is empty. Enter it in the connection settings."),
        ("something_new", "Detail: something_new"),
    ],
)
@pytest.mark.usefixtures("in_english")
def test_every_detail_of_a_look_up_is_put_into_words(detail: str, english: str) -> None:
    """Also one that nobody has written a sentence for."""
    assert explain_detail(detail) == english


@pytest.mark.usefixtures("in_english")
def test_the_decision_record_is_told_in_sentences() -> None:
    """How far outside the window, which status, and nothing that names a whole number."""
    attempt = Attempt(Telephone("+819012345678"), "channel-1", ARRIVED)
    old = chat(4, age=timedelta(hours=26, minutes=10))
    looked_up = LookedUp(Outcome.ANSWERED, status=200)
    record = decide_link(attempt, looked_up, conversations=[old, chat(5, age=timedelta(minutes=-7))]).record
    assert explain_record(record.to_json()) == [
        "Chat 5: 7 m 0 s after the call arrived, not used",
        "Chat 4: 26 h 10 m before the call, limit 24 h",
        "The provider answered with status 200",
    ]
    record = decide_link(attempt, looked_up, conversations=[MISTYPED]).record
    assert explain_record(record.to_json())[1] == "Last four digits differ: 5678 / 5687"
    elsewhere = chat(6, e164="+818112345678")
    record = decide_link(attempt, looked_up, conversations=[elsewhere]).record
    assert explain_record(record.to_json())[1] == "Last four digits agree (5678), digits before them differ"
    timed_out = LookedUp(Outcome.REQUEST_ERROR, detail="timed_out")
    record = decide_link(attempt, timed_out, conversations=[]).record
    assert explain_record(record.to_json()) == ["The provider did not answer in time."]
