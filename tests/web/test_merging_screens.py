"""名寄せ on the screens: from case main to the merge, and back (R164, R165, B4)."""

import re
from typing import Any

import pytest
from django.test import Client

from renkei.models import Case, Customer, CustomerMerge, SnsCustomer, User
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from tests.actions.imports.source import Importing, make_importing, record
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def importing() -> Importing:
    made = make_importing("窓口")
    made.take([record("c-1", agent="A-1", customer="K-1"), record("c-2", agent="A-1", customer="K-2")])
    return made


@pytest.fixture
def client() -> Client:
    return sign_in(make_person(ADMINISTRATOR))


def who(number: str) -> int:
    return SnsCustomer.objects.get(registration_number=number).customer_id


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def pair(survivor: int, merged: int) -> str:
    return f"/console/customers/{survivor}/merge/{merged}/"


def seen(shown: str) -> str:
    """What the form hands back."""
    found = re.search(r'name="seen" value="(\w+)"', shown)
    assert found
    return found[1]


def merge(client: Client, survivor: int, merged: int, query: str = "", **chosen: str) -> Any:
    """Open the dry run and send it: what stands there is chosen, unless told otherwise."""
    address = pair(survivor, merged) + query
    shown = page(client, address)
    buttons = re.findall(r'type="radio" name="(\w+)" value="(\w+)"[^>]*checked', shown)
    typed = {"seen": seen(shown), "is_checked": "on", **dict(buttons), **chosen}
    return client.post(address, typed, follow=True)


def test_merging_is_reached_from_case_main_and_leads_back_there(importing: Importing, client: Client) -> None:
    """Proves R165."""
    case = Case.objects.get(interactions__external_id="c-2")
    shown = page(client, f"/console/cases/{case.pk}/")
    link = re.search(r'href="(/console/customers/\d+/merge/\?case=\d+)">\s*山田花子 を名寄せする</a>', shown)
    assert link is not None
    one, two = who("K-1"), who("K-2")
    chosen = page(client, link[1])
    assert f"ケースメイン C-{case.pk}" in chosen
    assert f'href="{pair(one, two)}?case={case.pk}&amp;"' in chosen
    answer = merge(client, one, two, f"?case={case.pk}")
    assert answer.redirect_chain[-1][0] == f"/console/cases/{case.pk}/"
    assert "名寄せしました" in answer.content.decode()
    assert Case.objects.filter(customer=one).count() == 2


def test_the_dry_run_shows_both_and_changes_nothing(importing: Importing, client: Client) -> None:
    """Proves B4. Both values, what there is to choose, what would move, what speaks for and against it."""
    one, two = who("K-1"), who("K-2")
    Customer.objects.filter(pk=one).update(name="山田花子", phone="090-1111-2222", e164="+819011112222", note="一")
    Customer.objects.filter(pk=two).update(name="山田はな", phone="090-1111-2222", e164="+819011112222", note="二")
    shown = page(client, pair(one, two))
    for words in ("山田花子", "山田はな", "K-1", "K-2", "電話番号が同じ", "名前が異なる", "両方を残す", "ケース: 1件"):
        assert words in shown
    assert shown.count('type="radio" name="name"') == 2
    assert 'type="radio" name="phone"' not in shown
    assert not Customer.objects.filter(merged_into__isnull=False).exists()
    turned = page(client, pair(two, one))
    assert seen(turned) != seen(shown)


def test_what_is_chosen_is_what_the_survivor_has(importing: Importing, client: Client) -> None:
    """Proves R164, B4."""
    one, two = who("K-1"), who("K-2")
    Customer.objects.filter(pk=two).update(name="佐藤花子", note="二")
    merge(client, one, two, name="merged", name_kana="survivor")
    left = Customer.objects.get(pk=one)
    assert (left.name, left.note) == ("佐藤花子", "二")
    assert f"/console/customers/{one}/" in page(client, f"/console/customers/{two}/")


def test_on_a_number_alone_nothing_is_merged_unchecked(importing: Importing, client: Client) -> None:
    """Proves B4."""
    one, two = who("K-1"), who("K-2")
    Customer.objects.filter(pk=one).update(name="山田太郎", e164="+819011112222", phone="090-1111-2222")
    Customer.objects.filter(pk=two).update(e164="+819011112222", phone="09011112222")
    chosen = page(client, f"/console/customers/{one}/merge/")
    assert "電話番号が同じ" in chosen
    assert "同一の可能性が高い" not in chosen
    refused = merge(client, one, two, is_checked="")
    assert "チェックを付けてください" in refused.content.decode()
    assert not CustomerMerge.objects.exists()
    merge(client, one, two)
    assert CustomerMerge.objects.exists()


def test_values_that_changed_while_somebody_looked_are_shown_again(importing: Importing, client: Client) -> None:
    """Nothing is merged upon what nobody has seen; the next confirmation is upon the new values."""
    one, two = who("K-1"), who("K-2")
    old = seen(page(client, pair(one, two)))
    Customer.objects.filter(pk=two).update(name="途中で変わった名")
    answer = client.post(pair(one, two), {"seen": old, "is_checked": "on"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "途中で変わった名" in shown
    assert "確認している間に変更されました" in shown
    assert seen(shown) != old
    assert not CustomerMerge.objects.exists()


def test_a_page_of_somebody_merged_meanwhile_leads_to_where_they_went(importing: Importing, client: Client) -> None:
    """The second of two people who merge the same hears it, and can go on."""
    one, two = who("K-1"), who("K-2")
    typed = {"seen": seen(page(client, pair(two, one))), "is_checked": "on"}
    merge(client, one, two)
    for path in (pair(two, one), f"/console/customers/{two}/merge/"):
        answer = client.post(path, typed, follow=True) if path.endswith(f"/{one}/") else client.get(path, follow=True)
        shown = answer.content.decode()
        assert "すでに別の顧客へ名寄せされています" in shown
        assert f'href="/console/customers/{one}/"' in shown
    assert client.get(pair(one, one), follow=True).status_code == 200


def test_a_merge_is_taken_back_from_the_survivors_page(importing: Importing, client: Client) -> None:
    """Proves B4. The dry run first: what goes back, what stays because somebody changed it since."""
    one, two = who("K-1"), who("K-2")
    Customer.objects.filter(pk=two).update(phone="03-1234-5678", e164="+81312345678", email="h@example.jp")
    merge(client, one, two)
    Customer.objects.filter(pk=one).update(email="new@example.jp")
    link = re.search(r'href="(/console/customers/\d+/merges/\d+/)"', page(client, f"/console/customers/{one}/"))
    assert link
    shown = page(client, link[1])
    for words in ("一緒に戻るケース: 1件", "K-2", "03-1234-5678", "new@example.jp", "名寄せの後に変更されたため"):
        assert words in shown
    answer = client.post(link[1], follow=True)
    assert answer.redirect_chain[-1][0] == f"/console/customers/{two}/"
    assert "取り消し済み" in answer.content.decode()
    survivor = page(client, f"/console/customers/{one}/")
    assert "名寄せの後に変更されたため残した項目: メールアドレス" in survivor
    assert who("K-2") == two
    again = client.post(link[1], follow=True)
    assert "すでに取り消されています" in again.content.decode()
    assert "すでに取り消されています" in page(client, link[1])


def test_the_search_finds_the_other_and_its_words_stand_in_no_address(importing: Importing, client: Client) -> None:
    """By name, number, address or SNS number; never the customer at hand."""
    one, two = who("K-1"), who("K-2")
    Customer.objects.filter(pk=two).update(name="検索される人")
    path = f"/console/customers/{one}/merge/"
    answer = client.post(path, {"who": "検索される"})
    assert "%E6%A4%9C" not in answer["Location"]
    shown = page(client, answer["Location"])
    assert f'href="{pair(one, two)}?"' in shown
    for words in ("K-2", "K-1"):
        found = client.post(path, {"who": words}, follow=True).content.decode()
        assert (pair(one, two) in found.split('id="search-title"')[1]) is (words == "K-2")


def test_without_the_right_nothing_leads_to_merging(importing: Importing) -> None:
    """Proves P6. Agents and supervisors have it at first."""
    agent = sign_in(make_person(AGENT, group="東"))
    assert agent.get(f"/console/customers/{who('K-1')}/merge/").status_code == 200
    person = make_person(SUPERVISOR, group=importing.setting.business_group.name)
    group = person.groups.get()
    group.permissions.remove(group.permissions.get(codename="customer_merge.edit"))
    client = sign_in(User.objects.get(pk=person.pk))
    for path in (pair(who("K-1"), who("K-2")), f"/console/customers/{who('K-1')}/merge/"):
        assert client.get(path).status_code == 403
        assert client.post(path).status_code == 403
    case = Case.objects.get(interactions__external_id="c-1")
    for path in (f"/console/customers/{who('K-1')}/", f"/console/cases/{case.pk}/"):
        assert "/merge/" not in page(client, path)


def test_a_case_outside_somebodys_rows_is_not_named(importing: Importing) -> None:
    """Proves P6. Customers are the whole centre's, cases are not."""
    case = Case.objects.get(interactions__external_id="c-1")
    Case.objects.update(title="東だけの件名")
    stranger = sign_in(make_person(AGENT, group="よその業務グループ"))
    for case_id in (str(case.pk), "x", "9" * 30):
        shown = page(stranger, f"/console/customers/{case.customer_id}/merge/?case={case_id}")
        assert "東だけの件名" not in shown
        assert f"C-{case.pk}" not in shown


def test_hostile_values_are_inert_on_every_page(importing: Importing, client: Client) -> None:
    """P5."""
    hostile = "<script>alert(1)</script>{{7*7}}\u202e"
    one, two = who("K-1"), who("K-2")
    Customer.objects.update(name=hostile, name_kana=hostile, note=hostile)
    Customer.objects.filter(pk=two).update(note=f"{hostile}2")
    case = Case.objects.get(interactions__external_id="c-1")
    paths = [f"/console/customers/{one}/merge/", pair(one, two), f"/console/cases/{case.pk}/"]
    shown = [page(client, path) for path in paths]
    merge(client, one, two)
    done = CustomerMerge.objects.get()
    shown += [
        page(client, path) for path in (f"/console/customers/{one}/", f"/console/customers/{one}/merges/{done.pk}/")
    ]
    for each in shown:
        assert "<script>alert" not in each
        assert "{{7*7}}" in each
