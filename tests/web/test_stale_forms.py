"""Two people in one form: the second is told, loses nothing of what was typed, and decides."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from renkei.actions.cases.edit import InteractionEdit, edit_case, edit_interaction
from renkei.actions.customers.edit import CustomerEntered, save_customer
from renkei.actions.settings.chat_settings import edit_chat_setting
from renkei.errors import RejectedError
from renkei.models import Case, ChatSetting, Customer, Installation, Interaction, InteractionTemplate, User
from renkei.permissions import ADMINISTRATOR
from renkei.queries.cases.detail import read_case
from renkei.queries.cases.search import CaseFilter, search_interactions
from tests.actions.imports.source import Importing, make_importing, record
from tests.chat_setting_office import entered, group_of, make_setting
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db

TOLD = "ほかの利用者が先に変更したため"


@pytest.fixture
def person() -> User:
    return make_person(ADMINISTRATOR)


@pytest.fixture
def importing() -> Importing:
    importing = make_importing()
    importing.take([record("c-1", customer="K-1", texts=["荷物はどこですか"])])
    return importing


class Tab:
    """A browser's tab with a form open."""

    def __init__(self, person: User, name: str, *args: Any) -> None:
        self._client: Client = sign_in(person)
        self.address = reverse(f"console:{name}", args=args)
        self.page = self._client.get(self.address).content.decode()

    def marks(self) -> str:
        """The hidden field as it was drawn last."""
        found = re.search(r'name="shown_marks" value="([^"]+)"', self.page)
        assert found is not None
        return found[1]

    def send(self, **typed: Any) -> int:
        """Press 保存; the answer's status."""
        answer = self._client.post(self.address, {**typed, "shown_marks": self.marks()})
        self.page = answer.content.decode()
        return answer.status_code


CUSTOMER = {"name": "山田", "name_kana": "ヤマダ", "phone": "", "email": "", "note": ""}


def test_what_was_typed_stays_beside_what_is_stored_and_a_second_press_decides(person: User) -> None:
    """Of a customer: nothing is saved over the other's words until somebody has seen them."""
    customer = Customer.objects.create(name="山田", sort_key="x", note="前")
    mine, theirs = Tab(person, "edit_customer", customer.pk), Tab(person, "edit_customer", customer.pk)
    assert theirs.send(**{**CUSTOMER, "note": "相手のメモ"}) == 302
    assert mine.send(**{**CUSTOMER, "note": "私のメモ"}) == 200
    assert TOLD in mine.page
    assert "「相手のメモ」" in mine.page
    assert "私のメモ</textarea>" in mine.page
    assert Customer.objects.get().note == "相手のメモ"
    assert mine.send(**{**CUSTOMER, "note": "私のメモ"}) == 302
    assert Customer.objects.get().note == "私のメモ"


def test_who_wants_the_same_is_not_bothered(person: User) -> None:
    """A double click is two equal wishes."""
    customer = Customer.objects.create(name="山田", sort_key="x")
    one, other = Tab(person, "edit_customer", customer.pk), Tab(person, "edit_customer", customer.pk)
    assert one.send(**CUSTOMER) == 302
    assert other.send(**CUSTOMER) == 302


def test_a_case_and_its_interaction_are_guarded(person: User, importing: Importing) -> None:
    """The chat system's later content counts as somebody else's change too."""
    row = Interaction.objects.get()
    head = Tab(person, "edit_case", row.case_id)
    items = Tab(person, "edit_items", row.case_id, row.pk)
    edit_case(person, row.case_id, title="相手の件名", state="open")
    assert head.send(title="私の件名", state="closed") == 200
    assert (TOLD in head.page, "相手の件名" in head.page, "私の件名" in head.page) == (True, True, True)
    assert Case.objects.get().title == "相手の件名"
    edit_interaction(person, row.pk, InteractionEdit(items={"memo": "相手"}, agent_id=row.current_agent_id))
    assert items.send(agent_id=row.current_agent_id, memo="私", title="お問い合わせ") == 200
    assert (TOLD in items.page, "「相手」" in items.page) == (True, True)
    row.refresh_from_db()
    assert row.edited == {"title": "", "memo": "相手"}


def test_a_chat_setting_is_guarded_with_what_cannot_be_seen(person: User) -> None:
    """Its version: another's new secret is not drawn, and is not lost unseen either."""
    setting = make_setting(person)
    agent = setting.default_agent
    typed = {
        "name": "私の名前", "group": agent.business_group_id, "call_url": setting.call_url, "default_agent": agent.pk,
        "template": "", "is_enabled": "on", "interval_seconds": 300, "overlap_minutes": 1440,
    }  # fmt: skip
    tab = Tab(person, "edit_chat_setting", setting.pk)
    edit_chat_setting(person, setting.pk, entered(agent, secrets={"token": "another"}))
    tab.send(**typed)
    assert TOLD in tab.page
    assert ChatSetting.objects.get().name == "注文窓口のチャット"
    assert tab.send(**typed) == 302
    assert ChatSetting.objects.get().name == "私の名前"


@pytest.mark.parametrize("screen", ["settings", "group", "template"])
def test_the_other_forms_of_settings_are_guarded_too(person: User, screen: str) -> None:
    """By the form itself."""
    group = group_of("受付")
    template = InteractionTemplate.objects.create(business_group=group, name="標準")
    views: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
        "settings": ("edit_settings", (), {"centre_name": "私", "zone": "Asia/Tokyo", "history_retention_days": 30,
            "link_window_minutes": 60, "lookup_budget_ms": 3000}),
        "group": ("edit_business_group", (group.pk,), {"name": "私"}),
        "template": ("edit_template", (group.pk, template.pk), {"name": "私"}),
    }  # fmt: skip
    view, args, typed = views[screen]
    tab = Tab(person, view, *args)
    Installation.objects.update(centre_name="相手")
    type(group).objects.filter(pk=group.pk).update(name="相手")
    InteractionTemplate.objects.update(name="相手")
    tab.send(**typed)
    assert TOLD in tab.page
    assert "「相手」" in tab.page
    assert tab.send(**typed) == 302


def test_an_action_compares_once_more_under_its_lock(person: User, importing: Importing) -> None:
    """Between the form's look and the writing somebody else may have been quicker by milliseconds."""
    row = Interaction.objects.get()
    shown = read_case(person, row.case_id, interaction_id=row.pk)
    assert shown.chosen is not None
    mine = InteractionEdit(items={"memo": "私"}, agent_id=row.current_agent_id)
    edit_interaction(person, row.pk, InteractionEdit(items={"memo": "相手"}, agent_id=row.current_agent_id))
    edit_case(person, row.case_id, title="相手", state="open")
    customer = Customer.objects.get()
    setting = make_setting(person)
    for deed in (
        lambda: edit_interaction(person, row.pk, mine, seen=shown.chosen.mark if shown.chosen else ""),
        lambda: edit_case(person, row.case_id, title="私", state="open", seen=shown.mark),
        lambda: save_customer(person, customer.pk, CustomerEntered(**CUSTOMER), seen="of long ago"),
        lambda: edit_chat_setting(person, setting.pk, entered(setting.default_agent), seen="0"),
    ):
        with pytest.raises(RejectedError, match="changed_meanwhile"):
            deed()


def found(person: User, words: str) -> int:
    return len(search_interactions(person, CaseFilter(words=words)).rows)


def test_words_that_people_wrote_are_found_at_once_and_after_a_later_content(
    person: User, importing: Importing
) -> None:
    """Proves R142. Items and titles as people see them; what an item said before is found no more."""
    row = Interaction.objects.get()
    edit_interaction(
        person, row.pk, InteractionEdit(items={"title": "返金の相談", "memo": "折返し"}, agent_id=row.current_agent_id)
    )
    assert [found(person, each) for each in ("返金", "折返し", "荷物")] == [1, 1, 1]
    edit_interaction(
        person, row.pk, InteractionEdit(items={"title": "返金の相談", "memo": "済"}, agent_id=row.current_agent_id)
    )
    assert [found(person, each) for each in ("折返し", "済")] == [0, 1]
    edit_case(person, row.case_id, title="特別案件", state="closed")
    importing.take([record("c-1", customer="K-1", texts=["届きました"], version=3)])
    assert [found(person, each) for each in ("返金", "済", "特別案件", "届きました", "荷物")] == [1, 1, 1, 1, 0]
