"""ログイン中の端末: what a person sees of the devices that are signed in under their name."""

import pytest
from django.test import Client

from renkei.models import Agent, Call
from renkei.permissions import ADMINISTRATOR, AGENT
from renkei.web.tags import device
from tests.sample_centre import PASSWORD, make_person, sign_in

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (CHROME, "Chrome (Windows)"),
        (CHROME + " Edg/131.0", "Edge (Windows)"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/17 Safari/605.1", "Safari (macOS)"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox (Linux)"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1", "Safari (iPhone)"),
    ],
)
def test_a_device_is_named_as_people_name_it(said: str, shown: str) -> None:
    assert device(said) == shown


@pytest.mark.django_db
def test_each_device_has_its_line_and_this_one_is_marked() -> None:
    person = make_person(ADMINISTRATOR)
    client = Client()
    for each, browser in ((Client(), CHROME + " Edg/1"), (client, CHROME)):
        answer = each.post(
            "/accounts/login/", {"login": person.username, "password": PASSWORD}, headers={"user-agent": browser}
        )
        assert answer.status_code == 302
    html = client.get("/accounts/sessions/").content.decode()
    assert "ログイン中の端末" in html
    for words in ("Chrome (Windows)", "Edge (Windows)", "ほかの端末をすべてログアウト"):
        assert words in html
    assert html.count("この端末") == 1


@pytest.mark.django_db
def test_an_extension_with_calls_stays_and_the_sentence_says_what_to_do() -> None:
    client = sign_in(make_person(ADMINISTRATOR))
    person = make_person(AGENT, group="受付")
    agent = Agent.objects.get(user=person)
    Call.objects.create(line_id="x-1", direction="in", answered_by=agent)
    form = {
        "username": person.username, "display_name": "人", "display_name_kana": "ヒト", "role": AGENT, "extension": "",
        "group": "", "is_enabled": "on", "password": "",
    }  # fmt: skip
    html = client.post(f"/console/agents/{person.pk}/", form).content.decode()
    assert "内線番号は外せません" in html
    assert Agent.objects.filter(pk=agent.pk).exists()
