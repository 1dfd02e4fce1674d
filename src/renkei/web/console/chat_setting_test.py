"""「接続テスト」 of a chat setting: asked here, carried out by a job, followed to its end (D16)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.setting_tests import ask_setting_test
from renkei.domain.setting_test import Finding, Verdict
from renkei.messages import explain_detail
from renkei.queries.settings.installation import require_chat_import
from renkei.queries.settings.setting_tests import SettingTestShown, read_newest_setting_test
from renkei.web.locks import may
from renkei.web.people import person_of

VERDICTS: Mapping[Verdict, tuple[Promise, str, Promise]] = {
    Verdict.FETCHED: (
        _("Connected"),
        "good",
        _("Closed chats can be fetched like this. Nothing was stored; start the service to import them."),
    ),
    Verdict.EMPTY: (
        _("Connected"),
        "good",
        _("The chat system answered and shows no closed chat. Close one there and test again to see it here."),
    ),
    Verdict.UNREADABLE: (
        _("Connected, but not certain"),
        "warn",
        _("Records came, but none can be read. Compare SNS type and call URL with the chat system's documents."),
    ),
    Verdict.WRONG_SETTING: (
        _("Failed"),
        "bad",
        _("The setting must be corrected: press “Edit”, compare it with what was issued to you, save, test again."),
    ),
    Verdict.NO_ANSWER: (
        _("Failed"),
        "bad",
        _("The chat system gave no usable answer. A running service tries again by itself; test again later."),
    ),
}


@dataclass(frozen=True, slots=True)
class AgentWords:
    """An agent's number of the page, in how many chats, and our agent's name, empty for the default agent."""

    number: str
    chats: int
    name: str


@dataclass(frozen=True, slots=True)
class FindingWords:
    """A finding as it is read."""

    verdict: Promise
    kind: str
    happened: str
    advice: Promise
    agents: tuple[AgentWords, ...]


@dataclass(frozen=True, slots=True)
class SettingTestPart:
    """What the part of the screen shows. ``mark`` changes when and only when there is something new to see."""

    setting_id: int
    newest: SettingTestShown | None
    words: FindingWords | None
    mark: str


def show_setting_test(request: HttpRequest, setting_id: int) -> SettingTestPart:
    """The part for ``_setting_test.html``, there named ``test``."""
    newest = read_newest_setting_test(person_of(request), setting_id)
    return SettingTestPart(
        setting_id=setting_id,
        newest=newest,
        words=word_finding(newest.finding, newest.agents) if newest and newest.finding else None,
        mark=f"{newest.id}-{newest.state}" if newest else "none",
    )


def word_finding(finding: Finding, names: Mapping[int, str]) -> FindingWords:
    """Put a finding into words."""
    verdict, kind, advice = VERDICTS[finding.verdict]
    agents = tuple(
        AgentWords(each.number, each.chats, "" if each.agent_id is None else names.get(each.agent_id, ""))
        for each in finding.agents
    )
    return FindingWords(verdict, kind, explain_detail(finding.detail) if finding.detail else "", advice, agents)


@require_GET
@may("chat_setting.view")
def setting_test_result(request: HttpRequest, row_id: int) -> HttpResponse:
    """The newest result; 204 while what ``was`` names (id and state) is still so: nothing is read out twice."""
    require_chat_import()
    if not request.headers.get("HX-Request"):
        return redirect("console:chat_setting", row_id)
    test = show_setting_test(request, row_id)
    if request.GET.get("was") == test.mark:
        return HttpResponse(status=204)
    return render(request, "console/_setting_test_result.html", {"test": test})


@require_POST
@may("chat_setting.edit")
def run_setting_test(request: HttpRequest, row_id: int) -> HttpResponse:
    """Ask for a test; the page follows it."""
    ask_setting_test(person_of(request), row_id)
    if not request.headers.get("HX-Request"):
        return redirect("console:chat_setting", row_id)
    return render(request, "console/_setting_test_result.html", {"test": show_setting_test(request, row_id)})
