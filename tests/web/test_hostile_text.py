"""Whatever a customer types is shown and never runs (P5); what every answer carries in its headers."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils.html import escape

from renkei.domain.transcript import show_inert
from renkei.models import ExternalApiCall, IvrStep
from renkei.permissions import ADMINISTRATOR
from tests.sample_centre import make_linked_call, make_person, say, sign_in

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 31, tzinfo=UTC)
CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</textarea><svg onload=alert(1)>",
    "{{7*7}}{% load x %}",
    "${SHELL(id)}%s%n",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/x",
    "https://good.example@evil.example/",
    "https://example.jp/\u202egnp.exe",
    "\x1b[31m赤\x07",
    "a\u2028b\u2029c",
    "=cmd|'/c calc'!A1",
    "👨‍👩‍👧‍👦🇯🇵",
    "\U00020bb7野家",
    "x" * 10_000,
    "行\n" * 2_000,
    "<!--", "]]>", "&lt;script&gt;",
]  # fmt: skip


@pytest.mark.parametrize("text", CORPUS)
def test_a_hostile_message_is_inert_wherever_it_is_shown(text: str) -> None:
    linked = make_linked_call([say(text, AT), say("", AT, url=text)], caller_name=text[:200], dialled_raw=text[:200])
    IvrStep.objects.create(call=linked.call, position=1, kind="guidance", detail={"name": text, "words": text})
    request = ExternalApiCall.objects.create(
        call=linked.call, connector="x", method="GET", url=text, request_body=text, answer_excerpt=text, outcome="x",
        error=text[:60], request_headers={"x": text},
    )  # fmt: skip
    client = sign_in(make_person(ADMINISTRATOR))
    pages = [
        client.get(reverse("console:calls")),
        client.get(reverse("console:call", args=[linked.call.pk])),
        client.get(reverse("console:ivr_history")),
        client.get(reverse("console:ivr_history_call", args=[linked.call.pk])),
        client.get(reverse("console:api_history")),
        client.get(reverse("console:api_call", args=[request.pk])),
    ]
    for page in pages:
        html = page.content.decode()
        assert page.status_code == 200
        for acting in (
            "<script>alert",
            "<img src=x",
            "<svg onload",
            'href="javascript:',
            'href="data:',
            "\u202e",
            "\x1b",
        ):
            assert acting not in html
        assert "evil.example" not in "".join(part.split('"')[0] for part in html.split('href="')[1:])
    assert escape(show_inert(text)).splitlines()[0][:80] in pages[1].content.decode()


@pytest.mark.parametrize("path", ["/accounts/login/", "/console/calls/", "/console/nothing/here/"])
def test_every_page_carries_the_headers_we_promise(path: str) -> None:
    answer = sign_in(None if "login" in path else make_person(ADMINISTRATOR)).get(path)
    policy = answer["Content-Security-Policy"]
    for directive in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]


def test_no_page_has_inline_script_or_style() -> None:
    linked = make_linked_call([say("こんにちは", AT)])
    client = sign_in(make_person(ADMINISTRATOR))
    for name, args in (("call", [linked.call.pk]), ("calls", []), ("settings", []), ("agents", []), ("audit", [])):
        html = client.get(reverse(f"console:{name}", args=args)).content.decode()
        assert " style=" not in html
        assert "<style" not in html
        assert " onclick=" not in html
        assert all("src=" in tag.split(">")[0] for tag in html.split("<script")[1:])
