"""システム設定 shows which telephone system is connected, and warns of one that is too old or open to attack."""

from datetime import timedelta

import pytest
from django.urls import reverse

from renkei import clock
from renkei.models import Worker
from renkei.permissions import ADMINISTRATOR
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db


def _shown() -> str:
    client = sign_in(make_person(ADMINISTRATOR), language="ja")
    return client.get(reverse("console:settings")).content.decode()


def _worker(system: str, *, line: str = "asterisk", seconds: int = 60) -> None:
    Worker.objects.create(
        name="renkei-1", line=line, system=system, lease_until=clock.now() + timedelta(seconds=seconds)
    )


@pytest.mark.parametrize(
    ("said", "warning"),
    [
        ("Asterisk 18.26.4", "Asterisk 18.26.4は古すぎます。RenkeiにはAsterisk 20以降が必要です。"),
        (
            "Asterisk 22.5.1",
            "Asterisk 22.5.1には攻撃に使われうる既知の脆弱性があります(GHSA-64qc-9x89-rx5j)。22.5.2以降を",
        ),
    ],
)
def test_an_asterisk_that_must_be_renewed_is_warned_of_with_what_to_do(said: str, warning: str) -> None:
    _worker(said)
    shown = _shown()
    assert f"<bdi>{said}</bdi>" in shown
    assert warning in shown
    assert "更新が必要" in shown


def test_an_asterisk_that_is_well_is_shown_without_a_warning() -> None:
    _worker("Asterisk 22.10.1~dfsg+~cs6.16.60671435-1")
    shown = _shown()
    assert "Asterisk 22.10.1~dfsg+~cs6.16.60671435-1" in shown
    assert "既知の問題なし" in shown
    assert "更新が必要" not in shown


def test_what_an_asterisk_calls_itself_is_only_text() -> None:
    """Proves P5."""
    _worker("Asterisk <script>alert(1)</script>")
    assert "<bdi>Asterisk &lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in _shown()


@pytest.mark.parametrize(
    ("line", "seconds", "words"),
    [("simulator", 60, "模擬電話"), ("asterisk", 60, "未取得"), ("asterisk", -60, "通話ワーカーが動いていません")],
    ids=["simulated", "not told yet", "no living worker"],
)
def test_without_a_version_the_screen_says_why(line: str, seconds: int, words: str) -> None:
    _worker("", line=line, seconds=seconds)
    assert words in _shown()
