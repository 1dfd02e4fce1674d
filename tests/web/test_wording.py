"""What the histories write: the same length everywhere, names for what shows nothing, each language its own signs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from renkei.models import (
    Agent,
    AuditEntry,
    BusinessGroup,
    BusinessLabel,
    CallRing,
    Guidance,
    IncomingRule,
    IvrStep,
    Presence,
)
from renkei.models.calls import CallLabel
from renkei.permissions import ADMINISTRATOR
from tests.sample_centre import make_call, make_linked_call, make_person, say, sign_in

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC)
JAPANESE_SIGNS = re.compile("[「」、。]")


def main_of(html: str) -> str:
    return html.split("<main")[1].split("</main>")[0]


@time_machine.travel(AT + timedelta(minutes=1), tick=False)
def test_the_talk_time_is_one_everywhere_and_agrees_with_the_times_beside_it() -> None:
    """Answered at .9 of a second, ended at .1: the list, the detail, the file and the desk all say three seconds."""
    person = make_person(ADMINISTRATOR, group="受付")
    agent = Agent.objects.get(user=person)
    Presence.objects.get_or_create(agent=agent)
    answered = AT.replace(microsecond=900_000)
    ended = answered + timedelta(seconds=2, milliseconds=200)
    call = make_call(arrived_at=answered, answered_at=answered, ended_at=ended, answered_by=agent)
    CallRing.objects.create(call=call, agent=agent, ring_id="ring-3", rang_at=answered, ended_why="answered")
    client = sign_in(person)
    shown = {
        "list": main_of(client.get(reverse("console:calls")).content.decode()),
        "detail": main_of(client.get(reverse("console:call", args=[call.pk])).content.decode()),
        "desk": client.get(reverse("agent:today")).content.decode(),
    }
    for where, html in shown.items():
        assert re.findall(r">\s*(\d+:\d\d)\s*<", html) == ["0:03"], where
    file = b"".join(client.get(reverse("console:calls_csv_utf_8")).streaming_content)  # type: ignore[attr-defined]  # streams
    assert [row.split(",")[10] for row in file.decode("utf-8-sig").splitlines()][1:] == ["3"]


def test_the_warning_before_the_download_names_what_cannot_be_seen() -> None:
    """A family emoji is held together by joiners; a warning with an empty place in it helps nobody."""
    linked = make_linked_call([say("家族👨\u200d👩\u200d👧です\ufe0f", AT), say("\U000e0067", AT)])
    expected = {"ja": "U+200D(ゼロ幅接合子)", "en": "U+200D (zero-width joiner)"}
    for language, words in expected.items():
        client = sign_in(make_person(ADMINISTRATOR), language=language)
        html = client.get(reverse("console:call", args=[linked.call.pk])).content.decode()
        warning = html.split('id="chat-losses"')[1].split(">", 1)[1].split("</p>")[0]
        assert words in warning
        assert "U+E0067" in warning
        assert "👨" in warning
        assert not re.search("[\u200d\ufe0f\U000e0067]", warning)


def test_english_rows_carry_no_japanese_signs() -> None:
    """Names may be Japanese; what Renkei writes between and around them is not."""
    person = make_person(ADMINISTRATOR, group="desk")
    other = make_person(ADMINISTRATOR, group="desk")
    call = make_call()
    ring = {"agents": ["Sato", "Ito"], "seconds": 20}
    words = {"name": "Welcome", "words": "Please wait"}
    for position, (kind, detail) in enumerate([("ring", ring), ("guidance", words), ("speech", words)]):
        IvrStep.objects.create(call=call, position=position, kind=kind, ivr_name="Main", detail=detail, at=AT)
    for name in ("Cancelled", "Moved"):
        CallLabel.objects.create(call=call, label=BusinessLabel.objects.create(name=name))
    guidance = Guidance.objects.create(name="Closed", words="We are closed.", media="closed")
    agents = [Agent.objects.get(user=each).pk for each in (person, other)]
    steps = [{"do": "guidance", "guidance": guidance.pk}, {"do": "ring", "agents": agents, "seconds": 20}]
    IncomingRule.objects.create(name="Day", steps=[*steps, {"do": "hang_up"}])
    english, japanese = sign_in(person, language="en"), sign_in(other, language="ja")
    pages = [reverse("console:ivr_history"), reverse("console:ivr_history_call", args=[call.pk])]
    shown = [main_of(english.get(path).content.decode()) for path in pages]
    assert all("Sato, Ito (20 s)" in html and "Welcome “Please wait”" in html for html in shown)
    rules = main_of(english.get(reverse("console:rules")).content.decode())
    rows = [html.split("<tbody")[1].split("</tbody>")[0] for html in (shown[0], rules)]
    assert all(not JAPANESE_SIGNS.search(html) for html in [*rows, shown[1]])
    assert "Sato、Ito" in main_of(japanese.get(pages[0]).content.decode())
    assert "Welcome「Please wait」" in main_of(japanese.get(pages[0]).content.decode())
    file = b"".join(english.get(reverse("console:calls_csv_utf_8")).streaming_content)  # type: ignore[attr-defined]  # streams
    assert '"Cancelled, Moved"' in file.decode("utf-8-sig")


def test_the_audit_says_in_words_who_did_what_to_what() -> None:
    """No name that only the program knows, whatever kind of setting was touched."""
    person = make_person(ADMINISTRATOR)
    rows: list[tuple[str, str, str, dict[str, object]]] = [
        ("phone_number.created", "phone_number", "31", {}),
        ("ivr.linkage_edited", "ivr", "32", {"fields": ["project_id", "request_error_rule"]}),
        ("ivr.branch_edited", "ivr", "33", {"condition": "failure"}),
        ("system_settings.edited", "system_settings", "", {"fields": ["zone", "chatbot_linkage"]}),
        ("api_key.created", "api_key", "34", {"rights": ["look_up.view"]}),
        ("account.became", "user", "35", {}),
    ]
    for action, resource, object_id, detail in rows:
        AuditEntry.objects.create(
            at=AT, user=person, actor="user", action=action, resource=resource, object_id=object_id, detail=detail
        )
    AuditEntry.objects.create(at=AT, actor="system", action="sign_in.issued", resource="user", object_id="36")
    html = main_of(sign_in(person).get(reverse("console:audit")).content.decode())
    shown = html.split("<tbody")[1].split("</tbody>")[0]
    for words in (
        "電話番号: 登録", "電話番号 31", "プロジェクトID、リクエストエラー時の動作", "IVR 33", "失敗",
        "タイムゾーン、チャットボット連携", "照会API: 参照", "アカウント 35", "Renkei(自動)",
    ):  # fmt: skip
        assert words in shown, words
    assert not re.search(r">[^<]*\b[a-z]+_[a-z]+", shown)


def test_a_number_without_any_group_to_belong_to_says_where_one_comes_from() -> None:
    """In a new installation the form would otherwise end nowhere: its group is required and its list is empty."""
    client = sign_in(make_person(ADMINISTRATOR))
    address = reverse("console:new_number")
    assert "業務グループがまだありません" in client.get(address).content.decode()
    BusinessGroup.objects.create(name="受付")
    assert "業務グループがまだありません" not in client.get(address).content.decode()
