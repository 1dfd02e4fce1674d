"""コール管理 > ケース検索 and ケースメイン (R139, R142, R145): found, read, worked on."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from renkei.actions.cases.conversation import ConversationShown, NamedLine, open_conversation
from renkei.actions.cases.edit import InteractionEdit, edit_case, edit_interaction
from renkei.domain.csv_format import copy_all, copy_one, list_transcript_losses
from renkei.domain.interaction_items import ITEMS
from renkei.domain.transcript import Side
from renkei.errors import RejectedError
from renkei.messages import say, sentence
from renkei.permissions import holds
from renkei.queries.agents.directory import Choice, list_agent_choices, list_group_choices
from renkei.queries.cases.detail import CaseShown, read_case
from renkei.queries.cases.search import CaseFilter, search_interactions
from renkei.queries.settings.chat_settings import list_setting_choices
from renkei.queries.settings.installation import read_installation
from renkei.web.console.chat import losses_words
from renkei.web.console.csv_file import send_transcript
from renkei.web.console.filters import ANY, FilterForm, MomentField, read_filter
from renkei.web.console.forms import ScreenForm, sent
from renkei.web.console.words import Badge
from renkei.web.leaving import show_way_out
from renkei.web.locks import may
from renkei.web.people import person_of

CHANNELS = {
    "chat": pgettext_lazy("channel", "Chat"),
    "phone": pgettext_lazy("channel", "Telephone"),
}
STATES = {"open": (pgettext_lazy("case", "Open"), "note"), "closed": (pgettext_lazy("case", "Closed"), "good")}
ITEM_LABELS = {
    "title": pgettext_lazy("item", "Title"),
    "category": pgettext_lazy("item", "Category"),
    "priority": pgettext_lazy("item", "Priority"),
    "result": pgettext_lazy("item", "Result"),
    "content": pgettext_lazy("item", "Content"),
    "memo": pgettext_lazy("item", "Memo"),
}
TABS = ("basic", "sns", "revisions")
_ONE_COLUMN = 200
"""Characters of an item that may be longer than a column is wide."""


class CaseFilterForm(FilterForm):
    """Filters of the search."""

    private = ("words", "who")

    words = forms.CharField(
        label=gettext_lazy("Words"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    who = forms.CharField(
        label=gettext_lazy("Customer"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    since = MomentField(label=gettext_lazy("From"))
    until = MomentField(label=gettext_lazy("Until"), is_end=True)
    agent_id = forms.ChoiceField(label=gettext_lazy("Agent"), required=False)
    group_id = forms.ChoiceField(label=gettext_lazy("Business group"), required=False)
    setting_id = forms.ChoiceField(label=gettext_lazy("SNS setting"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False, choices=[ANY, *((key, word) for key, (word, _) in STATES.items())]
    )
    only_default_agent = forms.BooleanField(label=gettext_lazy("Only at the default agent"), required=False)

    def __init__(self, data: Any, **options: Any) -> None:
        super().__init__(data, **options)
        self._offer("agent_id", [(each.id, each.name) for each in list_agent_choices()])
        self._offer("group_id", [(each.id, each.name) for each in list_group_choices()])
        self._offer("setting_id", [(each.id, each.name) for each in list_setting_choices()])

    def _offer(self, name: str, choices: list[tuple[int, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ANY, *((str(key), word) for key, word in choices)]

    @property
    def case_filter(self) -> CaseFilter:
        """What the query is asked for."""
        wanted = self.wanted
        for name in ("agent_id", "group_id", "setting_id"):
            if name in wanted:
                wanted[name] = int(wanted[name])
        return CaseFilter(**wanted)


class InteractionForm(ScreenForm):
    """コール詳細 by hand."""

    agent_id = forms.ChoiceField(label=gettext_lazy("Current agent"))

    def __init__(self, *positional: Any, current: Choice, **options: Any) -> None:
        super().__init__(*positional, **options)
        offered = list_agent_choices()
        if all(each.id != current.id for each in offered):
            offered = (current, *offered)  # whoever has left still has what they had
        self.choose("agent_id", [(str(each.id), each.name) for each in offered])
        for item, most in ITEMS.items():
            widget: forms.Widget = forms.TextInput() if most <= 200 else forms.Textarea(attrs={"rows": 5})
            widget.attrs["class"] = "form-control"
            self.fields[item] = forms.CharField(label=ITEM_LABELS[item], required=False, widget=widget)


class CaseForm(ScreenForm):
    """A case's title and state."""

    title = forms.CharField(label=pgettext_lazy("item", "Title"), max_length=200, required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=[(key, word) for key, (word, _) in STATES.items()])


@dataclass(frozen=True, slots=True)
class LineWords:
    """One message ready for the page."""

    named: NamedLine
    is_right: bool
    speaker: str
    copy: str


@may("case.view")
def cases(request: HttpRequest) -> HttpResponse:
    """The search. A sent filter becomes an address, in which the person's words are encrypted."""
    form = CaseFilterForm(read_filter(request, CaseFilterForm.private), zone=read_installation().zone)
    person = person_of(request)
    may_read = holds(person, "chat_content.view")
    if not may_read:
        del form.fields["words"]
    if request.method == "POST":
        return redirect(f"{request.path}?{form.address_words()}".rstrip("?&"))
    wanted, status = form.case_filter, 200
    try:
        page = search_interactions(person, wanted, cursor=request.GET.get("cursor"))
    except RejectedError as error:
        if error.code != "bad_cursor":
            raise
        messages.warning(request, say(error))
        status = 400
        page = search_interactions(person, wanted)
    context = {
        "form": form,
        "page": page,
        "rows": [(row, state_badge(row.state), CHANNELS.get(row.channel, row.channel)) for row in page.rows],
        "query": form.address_words(),
    }
    return render(request, "console/cases.html", context, status=status)


@require_GET
@may("case.view")
def case(request: HttpRequest, case_id: int, interaction_id: int | None = None, tab: str = "basic") -> HttpResponse:
    """ケースメイン: the case's interactions left, コール詳細 with its tabs in the middle, the customer right."""
    if tab not in TABS:
        raise RejectedError("not_found")
    person = person_of(request)
    shown = read_case(person, case_id, interaction_id=interaction_id)
    chosen = shown.chosen
    context = {
        "case": shown,
        "chosen": chosen,
        "state": state_badge(shown.state),
        "rows": [(row, state_badge(row.state), CHANNELS.get(row.channel, row.channel)) for row in shown.interactions],
        "items": [] if chosen is None else _items(chosen.items, chosen.edited),
        "tab": tab,
        "conversation": None,
        "refused": "",
        "has_tabs": chosen is not None and chosen.has_conversation,
    }
    if tab == "sns" and chosen is not None:
        context |= _open(request, chosen.row.id)
    return render(request, "console/case.html", context)


@require_GET
@may("chat_content.view")
def revision(request: HttpRequest, case_id: int, interaction_id: int, number: int) -> HttpResponse:
    """An earlier content of a conversation that the chat system changed later."""
    person = person_of(request)
    shown = read_case(person, case_id, interaction_id=interaction_id)
    told = open_conversation(person, interaction_id, via="revision", revision=number)
    context = {"case": shown, "chosen": shown.chosen, "lines": _lines(told), "number": number}
    return render(request, "console/case_revision.html", context)


@require_GET
@may("chat_content.view")
def clipboard(request: HttpRequest, case_id: int, interaction_id: int) -> HttpResponse:
    """「クリップボードへコピー」 of an imported conversation, as for calls (R103, R117)."""
    _check(request, case_id, interaction_id)
    told = open_conversation(person_of(request), interaction_id, via="clipboard")
    text = copy_all([each.line for each in told.lines])
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_GET
@may("chat_content.export")
def csv(request: HttpRequest, case_id: int, interaction_id: int, encoding: str) -> HttpResponseBase:
    """「CSVダウンロード」 of an imported conversation, as for calls (R104, R112 to R116, D9)."""
    _check(request, case_id, interaction_id)
    told = open_conversation(person_of(request), interaction_id, via="csv")
    if not told.lines:
        raise RejectedError("not_found")
    lines = [each.line for each in told.lines]
    return send_transcript(lines, name=f"C-{case_id}-{interaction_id}", encoding=encoding, zone=told.zone)


@require_GET
@may("chat_content.view")
def link(request: HttpRequest, case_id: int, interaction_id: int, number: int) -> HttpResponse:
    """Between 「リンクを開く」 and the address: where the link really leads (R94)."""
    _check(request, case_id, interaction_id)
    told = open_conversation(person_of(request), interaction_id, via="link")
    return show_way_out(request, [each.line for each in told.lines], number)


@may("case.edit")
def edit_items(request: HttpRequest, case_id: int, interaction_id: int) -> HttpResponse:
    """コール詳細 by hand."""
    person = person_of(request)
    shown = read_case(person, case_id, interaction_id=interaction_id)
    assert shown.chosen is not None
    current = Choice(shown.chosen.current_agent_id, shown.chosen.row.agent)
    form = InteractionForm(sent(request), current=current, initial={**shown.chosen.items, "agent_id": str(current.id)})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        entered = InteractionEdit(items={item: values[item] for item in ITEMS}, agent_id=int(values["agent_id"]))
        try:
            edit_interaction(person, interaction_id, entered, seen=shown.chosen.mark)
        except RejectedError as error:
            if error.code not in ("item_too_long", "changed_meanwhile"):
                raise
            form.refuse(error, str(error.params["item"]) if "item" in error.params else None)
        else:
            messages.success(request, _("Saved. Check that the settings below are as you want them."))
            return redirect("console:case_interaction", case_id, interaction_id)
    return render(request, "console/case_items_edit.html", {"case": shown, "chosen": shown.chosen, "form": form})


@may("case.edit")
def edit_head(request: HttpRequest, case_id: int) -> HttpResponse:
    """A case's title and state by hand."""
    person = person_of(request)
    shown = read_case(person, case_id)
    form = CaseForm(sent(request), initial={"title": shown.title, "state": shown.state})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            edit_case(person, case_id, title=values["title"], state=values["state"], seen=shown.mark)
        except RejectedError as error:
            if error.code != "changed_meanwhile":
                raise
            form.refuse(error)
        else:
            messages.success(request, _("Saved. Check that the settings below are as you want them."))
            return redirect("console:case", case_id)
    return render(request, "console/case_edit.html", {"case": shown, "form": form})


def state_badge(state: str) -> Badge:
    """対応中 or クローズ."""
    word, kind = STATES.get(state, (state, "plain"))
    return Badge(str(word), kind)


def _items(items: Any, edited: frozenset[str]) -> list[tuple[Any, str, bool, bool]]:
    """Label, text, whether somebody has changed it, and whether it takes a line of its own."""
    return [(ITEM_LABELS[name], text, name in edited, ITEMS[name] > _ONE_COLUMN) for name, text in items.items()]


def _open(request: HttpRequest, interaction_id: int) -> dict[str, Any]:
    try:
        told = open_conversation(person_of(request), interaction_id, via="sns_tab")
    except RejectedError as error:
        return {"refused": sentence(error.code, error.params)}
    may_export = holds(person_of(request), "chat_content.export")
    losses = losses_words(list_transcript_losses([each.line for each in told.lines])) if may_export else ""
    return {"conversation": told, "lines": _lines(told), "losses": losses}


def _lines(told: ConversationShown) -> list[LineWords]:
    return [
        LineWords(each, each.line.side is Side.RIGHT, sentence(each.line.label.value), copy_one(each.line))
        for each in told.lines
    ]


def _check(request: HttpRequest, case_id: int, interaction_id: int) -> CaseShown:
    """The interaction belongs to this case, and both are the viewer's."""
    return read_case(person_of(request), case_id, interaction_id=interaction_id)
