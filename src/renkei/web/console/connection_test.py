"""「接続テスト」 on the tab 「チャットボット連携設定」: asked here, carried out by a job, followed to its end (D16)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from renkei.actions.settings.connection_tests import ask_connection_test
from renkei.domain.connection_test import Advice, Finding, Mark, Stage, Verdict
from renkei.domain.matching import Branch
from renkei.errors import RejectedError
from renkei.messages import explain_detail, say
from renkei.queries.settings.connection_tests import ConnectionTestShown, read_newest_test
from renkei.web.console.forms import ScreenForm
from renkei.web.locks import may
from renkei.web.people import person_of

VERDICTS: Mapping[Verdict, tuple[Promise, str]] = {
    Verdict.CONNECTED: (_("Connected"), "good"),
    Verdict.UNSURE: (_("Connected, but not certain"), "warn"),
    Verdict.FAILED: (_("Failed"), "bad"),
}
STAGES: Mapping[Stage, Promise] = {
    Stage.SETTINGS: _("Settings complete"),
    Stage.DESTINATION: _("Destination allowed"),
    Stage.CONNECTION: _("Connection (name, network, encryption)"),
    Stage.ANSWER: _("Answer in time"),
    Stage.CONTENT: _("Answer readable"),
    Stage.IDS: _("Project ID and channel ID known"),
}
MARKS: Mapping[Mark, tuple[Promise, str]] = {
    Mark.PASSED: (_("OK"), "good"),
    Mark.FAILED: (_("Failed"), "bad"),
    Mark.UNKNOWN: (_("Unclear"), "warn"),
    Mark.NOT_REACHED: (_("Not reached"), "plain"),
}
ADVICE: Mapping[Advice, Promise] = {
    Advice.NOTHING: _("Calls are looked up like this. Nothing needs to be done."),
    Advice.COMPLETE_SETTINGS: _("Nothing was sent. Press “Edit”, complete the settings, save and test again."),
    Advice.ENTER_SECRET: _("Nothing was sent. Press “Edit”, enter the secret again, save and test again."),
    Advice.ALLOW_DESTINATION: _(
        "If the provider really is at this address inside your own network, have the server's administrator add it to "
        "RENKEI_ALLOWED_DESTINATIONS. Otherwise correct the API address and test again."
    ),
    Advice.CORRECT_ADDRESS: _("Compare the API address with the provider's documents, correct it and test again."),
    Advice.CHECK_NETWORK: _(
        "Check host and port of the API address, and whether this server may reach the provider (firewall, the "
        "provider's list of allowed senders)."
    ),
    Advice.CHECK_CERTIFICATE: _(
        "Check that the API address names the host of the certificate, and ask the provider whether its certificate "
        "is valid."
    ),
    Advice.ASK_WHY_SLOW: _(
        "Check the API address and the network. If it stays like this, ask the provider, or raise the time limit of "
        "the look-up in the system settings."
    ),
    Advice.CHECK_WHO_ANSWERS: _(
        "Something else than the chat API answers there, such as a web page or a maintenance notice. Compare the API "
        "address, path included, with the provider's documents."
    ),
    Advice.CHECK_CREDENTIALS: _(
        "The provider does not accept the credentials. Enter the API key again and check that it belongs to this "
        "project."
    ),
    Advice.CHECK_REQUEST: _(
        "The provider does not accept the request. Compare the API address and both IDs with the provider's documents."
    ),
    Advice.WAIT: _("The provider is busy or closed for maintenance. Wait a few minutes and test again."),
    Advice.ASK_PROVIDER: _(
        "The cause lies with the provider. Test again; if it goes on, ask the provider and tell it the time below."
    ),
    Advice.CHECK_SPECIFICATION: _(
        "The provider answers in another form than expected. Compare the connection specification with the provider's "
        "documents."
    ),
    Advice.CHECK_PROJECT: _("Compare the project ID and the API key with what the provider has issued."),
    Advice.CHECK_CHANNEL: _("Compare the channel ID with what the provider has issued."),
    Advice.TRY_KNOWN_NUMBER: _(
        "This is usual for a number without a chat, but it does not prove that both IDs are right. Use the chatbot, "
        "type a telephone number there and test with that number."
    ),
    Advice.TELL_ADMINISTRATOR: _(
        "The cause lies in this installation. Tell the server's administrator the time below; the log has the details."
    ),
}
BRANCHES: Mapping[Branch, Promise] = {
    Branch.SUCCESS: _("A call from this number would take “Success” while the chat lies inside the window."),
    Branch.FAILURE: _("A call from this number would take “Failure” now."),
    Branch.REQUEST_ERROR: _("A call would take “Behaviour on request error” now."),
}
EMPTY_IS_RIGHT = _("A call takes “Failure” without a chat, and “Success” with one inside the window.")


class ConnectionTestForm(ScreenForm):
    """Whose chat to ask for."""

    number = forms.CharField(
        label=_("Telephone number to ask for (optional)"),
        help_text=_("Without one, a number that has no chat is asked for: an empty answer is the right one."),
        max_length=40,
        required=False,
        widget=forms.TextInput(
            attrs={
                "inputmode": "tel",
                "autocomplete": "off",
                "aria-describedby": "connection_test_number_helptext connection-test-problem",
            }
        ),
    )


@dataclass(frozen=True, slots=True)
class FindingWords:
    """A finding as it is read: the verdict and its colour, what happened, what to do, and each step."""

    verdict: Promise
    kind: str
    happened: str
    advice: Promise
    effect: Promise
    steps: tuple[tuple[Promise, Promise, str], ...]


@dataclass(frozen=True, slots=True)
class ConnectionTestPart:
    """What the part of the tab shows. ``mark`` changes when and only when there is something new to see."""

    ivr_id: int
    form: ConnectionTestForm
    newest: ConnectionTestShown | None
    words: FindingWords | None
    mark: str
    problem: str = ""


def show_connection_test(request: HttpRequest, ivr_id: int, *, problem: str = "") -> ConnectionTestPart:
    """The part for ``_connection_test.html``, there named ``test``."""
    newest = read_newest_test(person_of(request), ivr_id)
    return ConnectionTestPart(
        ivr_id=ivr_id,
        form=ConnectionTestForm(auto_id="connection_test_%s"),
        newest=newest,
        words=word_finding(newest.finding) if newest and newest.finding else None,
        mark=f"{newest.id}-{newest.state}" if newest else "none",
        problem=problem,
    )


@require_GET
@may("ivr.view")
def result(request: HttpRequest, ivr_id: int) -> HttpResponse:
    """The newest result; 204 while what ``was`` names (id and state) is still so: nothing is read out twice."""
    if not request.headers.get("HX-Request"):
        return redirect("console:linkage", ivr_id)
    test = show_connection_test(request, ivr_id)
    if request.GET.get("was") == test.mark:
        return HttpResponse(status=204)
    return render(request, "console/_connection_test_result.html", {"test": test})


@require_POST
@may("ivr.edit")
def run(request: HttpRequest, ivr_id: int) -> HttpResponse:
    """Ask for a test; the page follows it."""
    problem = ""
    try:
        ask_connection_test(person_of(request), ivr_id, number=request.POST.get("number", ""))
    except RejectedError as error:
        if error.code != "bad_number":
            raise
        problem = say(error)
    if not request.headers.get("HX-Request"):
        if problem:
            messages.error(request, problem)
        return redirect("console:linkage", ivr_id)
    test = show_connection_test(request, ivr_id, problem=problem)
    return render(request, "console/_connection_test_result.html", {"test": test})


def word_finding(finding: Finding) -> FindingWords:
    """Put a finding into words."""
    verdict, kind = VERDICTS[finding.verdict]
    is_empty = finding.verdict is Verdict.CONNECTED and not finding.conversations
    return FindingWords(
        verdict=verdict,
        kind=kind,
        happened=_tell(finding),
        advice=ADVICE[finding.advice],
        effect=EMPTY_IS_RIGHT if is_empty else BRANCHES[finding.branch],
        steps=tuple((STAGES[stage], *MARKS[mark]) for stage, mark in finding.marks()),
    )


def _tell(finding: Finding) -> str:
    if finding.detail:
        return explain_detail(finding.detail)
    if not finding.conversations:
        return gettext("The provider answered, and knows no chat of this number.")
    return ngettext(
        "The provider answered, and knows %(count)s chat of this number.",
        "The provider answered, and knows %(count)s chats of this number.",
        finding.conversations,
    ) % {"count": finding.conversations}
