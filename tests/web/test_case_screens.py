"""ケース検索, ケースメイン and 顧客: imported chats are found, read and worked on like ordinary interactions."""

from typing import Any

import pytest
from django.test import Client

from renkei.models import AuditEntry, Case, Customer, Interaction, SnsCustomer, User
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from tests.actions.imports.source import Importing, make_importing, record
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def importing() -> Importing:
    return make_importing("画面", template={"title": "{{subject}}({{setting_name}})", "category": "チャット"})


@pytest.fixture
def client() -> Client:
    return sign_in(make_person(ADMINISTRATOR))


def take(importing: Importing, **options: Any) -> Interaction:
    importing.take([record("c-1", agent="A-1", customer="K-1", **options)])
    return Interaction.objects.select_related("case__customer").get(external_id="c-1")


def main_of(row: Interaction, tab: str = "") -> str:
    return f"/console/cases/{row.case_id}/{row.pk}/" + (f"{tab}/" if tab else "")


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def search(client: Client, **wanted: str) -> str:
    """Send the form, follow its address."""
    answer = client.post("/console/cases/", wanted, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_imported_chat_stands_on_case_main_with_its_items(importing: Importing, client: Client) -> None:
    """Proves R139, R140, R141."""
    shown = page(client, main_of(take(importing)))
    for words in ("お問い合わせ(画面)", "チャット", "クローズ", "山田花子", "佐藤", "c-1"):
        assert words in shown


def test_the_sns_tab_shows_the_conversation_under_the_display_names(importing: Importing, client: Client) -> None:
    """Proves R145, D7, R154, R168."""
    row = take(importing)
    SnsCustomer.objects.update(display_name="はなちゃん")
    shown = page(client, main_of(row, "sns"))
    assert shown.index("解約したいです") < shown.index("承知しました")
    assert "はなちゃん" in shown
    assert "さとう" in shown
    assert "解約したいです" not in page(client, main_of(row))


def test_nobody_answers_a_chat_from_here(importing: Importing, client: Client) -> None:
    """Proves R144. The tab has nothing to type or send, and says where the chat is handled."""
    shown = page(client, main_of(take(importing), "sns"))
    conversation = shown.split('<section class="card" aria-labelledby="chat-title">')[1].split("</section>")[0]
    assert "解約したいです" in conversation
    for of_a_reply in ("<textarea", "<input", "<form", 'type="submit"', "hx-post"):
        assert of_a_reply not in conversation
    assert "チャットへの対応操作はチャットシステムで行います" in conversation


def test_reading_a_conversation_is_written_down(importing: Importing, client: Client) -> None:
    """P8: who read whose chat."""
    row = take(importing)
    page(client, main_of(row, "sns"))
    page(client, f"/console/cases/{row.case_id}/{row.pk}/clipboard/")
    read = AuditEntry.objects.filter(action="chat.read", resource="interaction", object_id=str(row.pk))
    assert [entry.detail["via"] for entry in read.order_by("id")] == ["sns_tab", "clipboard"]


def test_without_the_right_for_chats_no_path_leads_to_the_words(importing: Importing) -> None:
    """Proves R108, R109. Not the tab, not the clipboard, not an earlier content, not the search."""
    row = take(importing)
    importing.take([record("c-1", texts=["変更後"], version=3, agent="A-1", customer="K-1")])
    person = make_person(SUPERVISOR)
    group = person.groups.get()
    group.permissions.remove(*group.permissions.filter(codename__startswith="chat_content."))
    client = sign_in(User.objects.get(pk=person.pk))
    assert "変更後" not in page(client, main_of(row, "sns"))
    for path in ("clipboard/", "revisions/1/", "links/1/"):
        assert client.get(main_of(row) + path).status_code == 403
    assert 'name="words"' not in page(client, "/console/cases/")
    found = search(client, words="解約")
    assert "解約" not in found.replace('value="解約"', "")


@pytest.mark.parametrize(
    ("wanted", "is_found"),
    [
        ({"words": "解約"}, True),
        ({"words": "カイヤク"}, False),
        ({"words": "解約したい 承知"}, True),
        ({"words": "約解"}, False),
        ({"who": "山田"}, True),
        ({"who": "090-1111-2222"}, True),
        ({"who": "別人"}, False),
        ({"state": "closed"}, True),
        ({"state": "open"}, False),
        ({"since": "2025/01/31", "until": "2025/01/31"}, True),
        ({"since": "2025/02/01"}, False),
    ],
)
def test_imported_chats_are_found_like_ordinary_interactions(
    importing: Importing, client: Client, wanted: dict[str, str], is_found: bool
) -> None:
    """Proves R142."""
    row = take(importing, phone="090-1111-2222")
    assert (main_of(row) in search(client, **wanted)) is is_found


def test_words_searched_for_stand_in_no_address(importing: Importing, client: Client) -> None:
    """Nothing personal in URLs."""
    answer = client.post("/console/cases/", {"words": "解約", "who": "山田花子"})
    assert answer.status_code == 302
    assert "%E8%A7%A3" not in answer["Location"]
    assert "words=" in answer["Location"]


def test_who_sees_an_interaction_follows_the_rule_of_calls(importing: Importing) -> None:
    """Proves R143. Its agent and its group's supervisors; for everybody else it does not exist (P6)."""
    row = take(importing)
    own = User.objects.get(agent=importing.other_agent)
    agent = make_person(AGENT)
    own.groups.set(agent.groups.all())
    supervisor = make_person(SUPERVISOR, group=importing.setting.business_group.name)
    foreign = make_person(SUPERVISOR, group="よその業務グループ")
    seen = {person.pk: sign_in(person).get(main_of(row)).status_code for person in (own, supervisor, agent, foreign)}
    assert seen == {own.pk: 200, supervisor.pk: 200, agent.pk: 404, foreign.pk: 404}
    edit = main_of(row) + "edit/"
    assert sign_in(agent).post(edit, {"title": "x"}).status_code == 404


def test_items_are_changed_by_hand_and_marked(importing: Importing, client: Client) -> None:
    """The stored values are shown afterwards; the chat system's next content does not overwrite them."""
    row = take(importing)
    entered = {"title": "手で直した", "category": "チャット", "agent_id": str(importing.default_agent.pk)}
    answer = client.post(main_of(row) + "edit/", entered, follow=True)
    assert "手で直した" in answer.content.decode()
    importing.take([record("c-1", texts=["追記"], version=9, agent="A-1", customer="K-1")])
    row.refresh_from_db()
    assert row.edited["title"] == "手で直した"
    assert row.current_agent_id == importing.default_agent.pk
    assert "手動で変更" in page(client, main_of(row))


def test_an_item_that_is_too_long_is_refused_and_nothing_typed_is_lost(importing: Importing, client: Client) -> None:
    """A clear error beside the field."""
    row = take(importing)
    entered = {"title": "長" * 201, "agent_id": str(importing.other_agent.pk)}
    shown = client.post(main_of(row) + "edit/", entered).content.decode()
    assert "長" * 201 in shown
    assert "field-error" in shown
    assert Interaction.objects.get().edited == {}


def test_an_earlier_content_stays_to_be_read(importing: Importing, client: Client) -> None:
    """The chat system changed it later."""
    row = take(importing)
    importing.take([record("c-1", texts=["変更後"], version=3, agent="A-1", customer="K-1")])
    assert "変更後" in page(client, main_of(row, "sns"))
    assert "revisions/1/" in page(client, main_of(row, "revisions"))
    assert "解約したいです" in page(client, main_of(row) + "revisions/1/")


def test_hostile_words_are_inert_on_every_page(importing: Importing, client: Client) -> None:
    """P5."""
    hostile = "<script>alert(1)</script>{{7*7}}\u202e${SHELL(id)}"
    row = take(importing, texts=[hostile, "javascript:alert(1)"])
    Case.objects.update(title=hostile)
    Customer.objects.update(name=hostile)
    for path in (main_of(row), main_of(row, "sns"), "/console/cases/", f"/console/customers/{row.case.customer_id}/"):
        shown = page(client, path)
        assert "<script>alert" not in shown
        assert 'href="javascript:' not in shown
        assert "49" not in shown.split("{{7*7}}")[-1][:3]


def test_links_open_only_through_the_page_that_shows_their_host(importing: Importing, client: Client) -> None:
    """Proves R94."""
    row = take(importing, texts=["https://example.jp/a?b=c", "はい"])
    assert 'href="https://example.jp' not in page(client, main_of(row, "sns"))
    shown = page(client, main_of(row) + "links/1/")
    assert '<strong class="mono" data-host>example.jp</strong>' in shown
    assert client.get(main_of(row) + "links/2/").status_code == 404


def test_customers_are_listed_by_kana_a_page_at_a_time(client: Client) -> None:
    """Proves D19. Forward and back again nobody is missed or seen twice."""
    from renkei.domain.people import sort_key
    from renkei.queries.customers.people import list_customers

    people = [("相田", "アイダ"), ("伊藤", "いとう"), ("上野", ""), ("江口", "エグチ"), ("岡", "おか")]
    for name, kana in people * 3:
        Customer.objects.create(name=name, name_kana=kana, sort_key=sort_key(name, kana))
    viewer = make_person(ADMINISTRATOR)
    names, cursor = [], None
    while True:
        found = list_customers(viewer, cursor=cursor, size=4)
        names += [row.name for row in found.rows]
        if found.next_cursor is None:
            break
        cursor, last = found.next_cursor, found
    assert names == [name for name in ("相田", "伊藤", "江口", "岡", "上野") for _ in range(3)]
    back = list_customers(viewer, cursor=found.previous_cursor, size=4)
    assert [row.id for row in back.rows] == [row.id for row in last.rows]
    assert client.get("/console/customers/?cursor=tampered").status_code == 400


def test_a_customer_is_made_and_changed_by_hand_and_found_by_number(client: Client) -> None:
    """Proves R160."""
    typed = {"name": "高橋一郎", "name_kana": "タカハシ", "phone": "03-1234-5678", "email": "ichiro@example.jp"}
    client.post("/console/customers/new/", typed)
    made = Customer.objects.get()
    assert (made.e164, made.email_key) == ("+81312345678", "ichiro@example.jp")
    client.post(f"/console/customers/{made.pk}/edit/", {**typed, "note": "折り返し希望"})
    made.refresh_from_db()
    assert made.note == "折り返し希望"
    assert "高橋一郎" in client.post("/console/customers/", {"who": "0312345678"}, follow=True).content.decode()
    refused = client.post("/console/customers/new/", {"name_kana": "カナだけ"})
    assert Customer.objects.count() == 1
    assert "field-error" in refused.content.decode() or "alert" in refused.content.decode()


def test_sns_customer_entries_are_kept_by_hand(importing: Importing, client: Client) -> None:
    """Proves R166, R167, R169, D17."""
    customer = Customer.objects.create(name="山田", sort_key="x")
    other = Customer.objects.create(name="先の人", sort_key="y")
    SnsCustomer.objects.create(customer=other, setting=importing.setting, registration_number="K-9")
    typed = {
        "connector": "standard", "setting": str(importing.setting.pk), "registration_number": "K-1",
        "display_name": "やまだ", "image_url": "https://example.jp/a.png", "status_message": "元気です",
    }  # fmt: skip
    address = f"/console/customers/{customer.pk}/sns/"
    client.post(f"{address}new/", typed)
    entry = SnsCustomer.objects.get(registration_number="K-1")
    assert (entry.display_name, entry.image_url, entry.status_message) == (
        "やまだ",
        "https://example.jp/a.png",
        "元気です",
    )
    taken = client.post(f"{address}new/", {**typed, "registration_number": "K-9"}).content.decode()
    assert "先の人" in taken
    client.post(f"{address}{entry.pk}/", {**typed, "display_name": "別名"})
    entry.refresh_from_db()
    assert entry.display_name == "別名"
    client.post(f"{address}{entry.pk}/delete/")
    assert not SnsCustomer.objects.filter(registration_number="K-1").exists()


def test_a_customer_with_cases_is_not_deleted(importing: Importing, client: Client) -> None:
    """Nothing is lost by one click."""
    row = take(importing)
    client.post(f"/console/customers/{row.case.customer_id}/delete/")
    assert Customer.objects.filter(pk=row.case.customer_id).exists()
