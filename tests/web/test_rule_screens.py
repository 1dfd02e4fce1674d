"""着信ルール: the form says every step in its order, and writes back what it says."""

from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.actions.settings.line import save_rule
from renkei.cli.demo.office import furnish
from renkei.domain.rules import BusyStep, HangUpStep, PlayStep, RingStep, RuleStep, find_unreached, write_steps
from renkei.errors import RejectedError
from renkei.models import Agent, Guidance, IncomingRule, Ivr, User
from renkei.permissions import ADMINISTRATOR, SUPERVISOR
from renkei.queries.settings.line import StepNames
from renkei.queries.settings.lists import RuleShown
from renkei.web.console.rule_steps import RuleForm
from tests.sample_centre import make_person, sign_in
from tests.web.sent_forms import sent_by

database = pytest.mark.django_db

NAMES = StepNames(
    {number: f"ガイダンス {number}" for number in range(1, 6)},
    {number: f"担当者 ({1000 + number})" for number in (3, 1, 4, 2, 5)},
    frozenset({1, 2, 3}),
    frozenset({1, 2, 3, 4}),
)
"""Guidance 4 and 5 belong to an IVR, agent 5 is disabled: a rule that names them already goes on doing so."""
PLAYS = st.builds(PlayStep, st.sampled_from(sorted(NAMES.guidances)))
RUNG = st.sets(st.sampled_from(list(NAMES.agents)), min_size=1).filter(lambda agents: agents != {5})
RINGS = st.builds(
    RingStep,
    RUNG.map(lambda agents: tuple(agent for agent in NAMES.agents if agent in agents)),
    st.integers(min_value=1, max_value=300).map(float),
)
ENDS = st.sampled_from([(), (BusyStep(),), (HangUpStep(),)])
RULES = st.tuples(st.lists(st.one_of(PLAYS, RINGS), max_size=8).map(tuple), ENDS).map(lambda both: both[0] + both[1])


def draw(form: RuleForm) -> QueryDict:
    """What a browser would send of the steps as they are drawn."""
    context = {"form": form, "steps": form.drawn_steps(), "addable": form.addable()}
    return sent_by(render_to_string("console/_rule_steps.html", context), is_fragment=True)


@settings(max_examples=60, deadline=None)
@given(steps=RULES.filter(bool))
def test_a_rule_that_is_opened_and_saved_is_the_same_rule(steps: tuple[RuleStep, ...]) -> None:
    """Of every valid rule: each step, in its place, with its values. Proves R55."""
    shown = RuleShown(7, "窓口", False, write_steps(steps), "")
    sent = draw(RuleForm(None, names=NAMES, shown=shown))
    sent["name"] = "窓口"
    form = RuleForm(sent, names=NAMES, shown=shown)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["steps"].steps == steps


@settings(max_examples=60, deadline=None)
@given(steps=RULES.filter(bool), presses=st.lists(st.tuples(st.sampled_from(["up", "down"]), st.integers(1, 9))))
def test_moving_steps_changes_their_order_and_nothing_else(
    steps: tuple[RuleStep, ...], presses: list[tuple[str, int]]
) -> None:
    """However often the buttons are pressed; each press moves one step by one place. Proves R55."""
    shown = RuleShown(7, "窓口", False, write_steps(steps), "")
    sent = draw(RuleForm(None, names=NAMES, shown=shown))
    expected = [(str(number), step) for number, step in enumerate(steps, start=1)]
    for verb, number in presses:
        sent["deed"] = f"{verb} {number}"
        sent = draw(RuleForm(sent, names=NAMES, shown=shown))
        place = next((place for place, (key, _step) in enumerate(expected) if key == str(number)), None)
        to = -1 if place is None else place + (1 if verb == "down" else -1)
        if place is not None and 0 <= to < len(expected):
            expected[place], expected[to] = expected[to], expected[place]
    sent["name"] = "窓口"
    form = RuleForm(sent, names=NAMES, shown=shown)
    now = [step for _key, step in expected]
    assert form.is_valid() == (find_unreached(now) is None)
    assert [step_form.entered() for _row, step_form in form.step_forms] == now


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR, group="受付")


@pytest.fixture
def client(person: User) -> Client:
    return sign_in(person)


def press(client: Client, address: str, sent: QueryDict, deed: str) -> tuple[QueryDict, str]:
    """Press a button of a step: the form as it is drawn then, and the page."""
    answer = client.post(address, sent.urlencode() + f"&deed={deed.replace(' ', '+')}", **FORM)
    assert answer.status_code == 200
    page = answer.content.decode()
    return sent_by(page), page


FORM: dict[str, Any] = {"content_type": "application/x-www-form-urlencoded"}


def save(client: Client, address: str, sent: QueryDict) -> str:
    """Press 保存: the page that follows."""
    return client.post(address, sent.urlencode(), follow=True, **FORM).content.decode()


def in_any_order(step: dict[str, Any]) -> dict[str, Any]:
    """Agents are rung at once: their order means nothing."""
    return step | {"agents": sorted(step.get("agents", []))}


@database
def test_renaming_a_rule_of_the_sample_office_keeps_its_procedure() -> None:
    """Each of them, whatever its steps: what was stored is stored again. Proves R55."""
    furnish()
    client = sign_in(make_person(ADMINISTRATOR))
    rules = IncomingRule.objects.filter(builtin=None)
    assert len(rules) == 5
    for rule in rules:
        address = reverse("console:edit_rule", args=[rule.pk])
        sent = sent_by(client.get(address).content.decode())
        sent["name"] = f"{rule.name}(改)"
        shown = save(client, address, sent)
        assert "設定内容が反映されている事をご確認ください" in shown
        again = IncomingRule.objects.get(pk=rule.pk)
        assert again.name == f"{rule.name}(改)"
        assert [in_any_order(step) for step in again.steps] == [in_any_order(step) for step in rule.steps]


@database
def test_steps_are_added_moved_and_removed_and_only_saving_stores_them(client: Client, person: User) -> None:
    """A new step stands before the end; what was typed moves with its step. Proves R55, R25, R26."""
    agent = Agent.objects.get(user=person)
    guidance = Guidance.objects.create(name="ご案内", words="お待ちください", media="a")
    address = reverse("console:new_rule")
    page = client.get(address).content.decode()
    assert 'data-confirm="保存しますか?"' in page
    sent = sent_by(page)
    sent["name"] = "夜間"
    sent, page = press(client, address, sent, "add guidance")
    assert "1番目に手順を追加しました。まだ保存されていません。" in page
    assert (sent.getlist("step"), sent["name"]) == (["2", "1"], "夜間")
    sent["step-2-guidance"] = str(guidance.pk)
    sent, page = press(client, address, sent, "add ring")
    sent.setlist("step-3-agents", [str(agent.pk)])
    sent["step-3-seconds"] = "45"
    sent, page = press(client, address, sent, "up 3")
    assert (sent.getlist("step"), sent["step-3-seconds"]) == (["3", "2", "1"], "45")
    assert "手順を1番目に移動しました" in page
    sent, page = press(client, address, sent, "remove 1")
    assert "最後の手順の後、通話を終了します。" in page
    sent, page = press(client, address, sent, "add hang_up")
    sent["step-4-do"] = "busy"
    assert not IncomingRule.objects.filter(name="夜間").exists(), "only saving stores"
    shown = save(client, address, sent)
    stored = IncomingRule.objects.get(name="夜間")
    assert stored.steps == [
        {"do": "ring", "agents": [agent.pk], "seconds": 45},
        {"do": "guidance", "guidance": guidance.pk},
        {"do": "busy"},
    ]
    main = shown.split("<main")[1]
    places = [
        main.index(words) for words in ("担当者を呼び出す", "45秒", "ガイダンスを流す", "ご案内", "ビジー(話中音)")
    ]
    assert places == sorted(places)
    assert 'data-confirm="保存しますか?"' not in main, "shown to read, not to edit"
    assert "通話ワーカーが動いていません" in main, "whether the telephone system has it, beside it"


@database
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"step-1-guidance": ""}, "流すガイダンスを選択してください。"),
        ({"step-2-agents": []}, "呼び出す担当者を1人以上選択してください。"),
        ({"step-2-seconds": "301"}, "1〜300の整数(秒)を入力してください。"),
        ({"step-2-seconds": "20.5"}, "1〜300の整数(秒)を入力してください。"),
        ({"step": ["3", "1", "2"]}, "2番目の手順は実行されません"),
        ({"step": []}, "少なくとも1つの手順が必要です"),
    ],
)
def test_what_is_missing_is_said_in_its_step_and_nothing_is_lost(
    client: Client, person: User, changed: dict[str, Any], words: str
) -> None:
    """The stored rule stays as it was, and what was typed stays in the form. Proves R55."""
    guidance = Guidance.objects.create(name="ご案内", words="お待ちください", media="a")
    steps = [PlayStep(guidance.pk), RingStep((Agent.objects.get(user=person).pk,), 20.0), BusyStep()]
    rule = IncomingRule.objects.create(name="夜間", steps=write_steps(steps))
    address = reverse("console:edit_rule", args=[rule.pk])
    sent = sent_by(client.get(address).content.decode())
    sent["name"] = "別の名前"
    for name, value in changed.items():
        sent.setlist(name, value if isinstance(value, list) else [value])
    page = save(client, address, sent)
    assert words in page
    assert 'value="別の名前"' in page
    assert sent_by(page).getlist("step") == sent.getlist("step")
    assert IncomingRule.objects.get(pk=rule.pk).name == "夜間"


@database
def test_a_rule_goes_on_naming_whom_it_names_and_says_so(client: Client, person: User) -> None:
    """An agent disabled since and an IVR's own guidance: shown, kept, and offered to no other rule."""
    gone = make_person(SUPERVISOR, group="受付")
    agents = [Agent.objects.get(user=each).pk for each in (person, gone)]
    User.objects.filter(pk=gone.pk).update(is_active=False)
    own = Guidance.objects.create(name="専用", ivr=Ivr.objects.create(name="通販"), words="専用です", media="b")
    rule = IncomingRule.objects.create(
        name="夜間", steps=write_steps([RingStep(tuple(agents), 20.0), PlayStep(own.pk)])
    )
    page = client.get(reverse("console:rule", args=[rule.pk])).content.decode()
    assert "(無効)" in page
    assert "専用 (通販)" in page
    address = reverse("console:edit_rule", args=[rule.pk])
    sent = sent_by(client.get(address).content.decode())
    save(client, address, sent)
    again = IncomingRule.objects.get(pk=rule.pk)
    assert [in_any_order(step) for step in again.steps] == [in_any_order(step) for step in rule.steps]
    sent, page = press(client, reverse("console:new_rule"), sent_by(""), "add ring")
    assert "(無効)" not in page


@database
def test_the_rule_that_ships_is_shown_and_cannot_be_changed(client: Client, person: User) -> None:
    """「ビジー」, by no address. Proves R56."""
    busy = IncomingRule.objects.get(builtin="busy")
    shown = client.get(reverse("console:rule", args=[busy.pk])).content.decode()
    assert "標準で用意された着信ルールのため、変更できません。" in shown
    edit = reverse("console:edit_rule", args=[busy.pk])
    assert edit not in shown
    answer = client.post(edit, {"name": "話中", "step": "1", "step-1-do": "hang_up"})
    assert (answer.status_code, answer["Location"]) == (302, reverse("console:rule", args=[busy.pk]))
    with pytest.raises(RejectedError, match="built_in"):
        save_rule(person, busy.pk, name="話中", steps=(HangUpStep(),))
    busy.refresh_from_db()
    assert (busy.name, busy.steps) == ("ビジー", [{"do": "busy"}])


@database
def test_who_may_only_look_sees_the_procedure_and_no_button() -> None:
    """The supervisor."""
    rule = IncomingRule.objects.create(name="夜間", steps=[{"do": "hang_up"}])
    client = sign_in(make_person(SUPERVISOR))
    assert reverse("console:rule", args=[rule.pk]) in client.get(reverse("console:rules")).content.decode()
    page = client.get(reverse("console:rule", args=[rule.pk])).content.decode()
    assert "切断" in page
    assert "編集" not in page.split("<main")[1]
    assert client.get(reverse("console:edit_rule", args=[rule.pk])).status_code == 403


@database
def test_nobody_saves_over_an_order_that_somebody_else_has_changed(client: Client, person: User) -> None:
    """Moving steps meanwhile does not make one forget what was shown at first; a second press decides."""
    guidance = Guidance.objects.create(name="ご案内", words="お待ちください", media="a")
    ring = RingStep((Agent.objects.get(user=person).pk,), 20.0)
    rule = IncomingRule.objects.create(name="夜間", steps=write_steps([PlayStep(guidance.pk), ring]))
    address = reverse("console:edit_rule", args=[rule.pk])
    sent, _page = press(client, address, sent_by(client.get(address).content.decode()), "add hang_up")
    assert "設定内容が反映されている" in save(client, address, sent), "who is alone is not bothered"
    sent = sent_by(client.get(address).content.decode())
    save_rule(person, rule.pk, name="夜間", steps=(ring, PlayStep(guidance.pk)))
    sent, _page = press(client, address, sent, "down 1")
    page = save(client, address, sent)
    assert "ほかの利用者が先に変更したため" in page
    assert "秒呼び出し → ガイダンス「ご案内」" in page
    assert len(IncomingRule.objects.get(pk=rule.pk).steps) == 2
    save(client, address, sent_by(page))
    assert IncomingRule.objects.get(pk=rule.pk).steps[-1] == {"do": "hang_up"}
    with pytest.raises(RejectedError, match="changed_meanwhile"):
        save_rule(person, rule.pk, name="夜間", steps=(ring,), seen="of long ago")
