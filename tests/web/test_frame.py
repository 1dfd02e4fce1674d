"""The frame around every screen: what the menu offers to whom, and how forms mark what they need."""

from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from renkei.actions.accounts import issue_first_sign_in
from renkei.actions.settings.ivrs import create_ivr
from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR
from tests.sample_centre import PASSWORD, make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", [ADMINISTRATOR, SUPERVISOR, AGENT])
@pytest.mark.parametrize("takes_calls", [True, False])
def test_the_softphone_is_offered_to_people_who_take_calls_only(role: str, takes_calls: bool) -> None:
    """In the menu and in its search alike: without an extension the page could only refuse."""
    client = sign_in(make_person(role, group="受付" if takes_calls else ""))
    html = client.get("/accounts/password/change/").content.decode()
    offered = html.count(f'href="{reverse("agent:desk")}"')
    assert (offered > 0) is takes_calls
    assert client.get(reverse("agent:desk")).status_code == (200 if takes_calls else 409)


class Fields(HTMLParser):
    """Which fields of a page are required, by their names, and which of them their label marks with an asterisk."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.required: set[str] = set()
        self.marked: set[str] = set()
        self._label = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note labels, fields and asterisks."""
        given = {name: value or "" for name, value in attrs}
        if tag == "label":
            self._label = given.get("for", self._label)
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            self.names[given.get("id", "")] = given.get("name", "")
            if "required" in given and given.get("type") != "radio":
                self.required.add(given.get("id", ""))
        if given.get("class") == "required":
            self.marked.add(self._label)


FORMS = (
    "/console/ivrs/new/",
    "/console/rules/new/",
    "/console/guidance/new/",
    "/console/labels/new/",
    "/console/numbers/new/",
    "/console/agents/new/",
    "/console/settings/edit/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/desk/settings/cti/basic/",
)


def check(html: str, where: str) -> None:
    """Every required field is marked."""
    fields = Fields(html.split("<main")[1].split("</main>")[0])
    assert fields.required <= fields.marked, (where, fields.required - fields.marked)


def test_every_required_field_is_marked_on_every_form() -> None:
    """Signed in: settings, people, passwords."""
    cache.clear()
    person = make_person(ADMINISTRATOR, group="受付")
    client = Client()
    entered = client.post("/accounts/login/", {"login": person.username, "password": PASSWORD})
    assert entered.status_code == 302
    ivr = create_ivr(person, name="印の窓口", use_api=True, service_type="chatbot_dec_support")
    own = (f"/console/ivrs/{ivr}/linkage/edit/", f"/console/ivrs/{ivr}/edit/")
    for path in (*FORMS, *own):
        answer = client.get(path)
        assert answer.status_code == 200, path
        check(answer.content.decode(), path)


def test_the_sign_in_forms_mark_the_password_as_they_mark_the_name() -> None:
    cache.clear()
    client = Client(headers={"Accept-Language": "ja"})
    entrance = client.get("/accounts/login/").content.decode()
    issued = issue_first_sign_in()
    assert issued is not None
    first = client.get(issued.path).content.decode()
    for html, wanted in ((entrance, {"login", "password"}), (first, {"username", "display_name", "password", "again"})):
        fields = Fields(html.split("<main")[1].split("</main>")[0])
        assert {fields.names[each] for each in fields.marked} == wanted


def test_nobody_is_sent_to_a_page_that_does_not_exist_for_a_forgotten_password() -> None:
    """There is no mail server: the way to a new password is an administrator."""
    person = make_person(ADMINISTRATOR)
    pages = [(Client(), "/accounts/login/"), (sign_in(person), "/accounts/password/change/")]
    for client, path in pages:
        html = client.get(path, headers={"Accept-Language": "ja"}).content.decode()
        assert "/accounts/password/reset/" not in html
        assert "管理者に再設定を依頼してください。" in html, path
