"""On a real line, guidance that nobody can speak is silent: the screen says so."""

import pytest
from django.test import Client

from renkei.permissions import ADMINISTRATOR
from renkei.settings import LineKind, config
from renkei.web.console import guidances
from tests.sample_centre import make_person, sign_in

pytestmark = pytest.mark.django_db
WARNING = "音声合成がインストールされていないため"


@pytest.fixture
def client() -> Client:
    return sign_in(make_person(ADMINISTRATOR))


@pytest.mark.parametrize(
    ("line", "has_voice", "is_warned"),
    [
        (LineKind.ASTERISK, False, True),
        (LineKind.ASTERISK, True, False),
        (LineKind.SIMULATOR, False, False),
    ],
)
def test_a_real_line_without_a_voice_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, line: LineKind, has_voice: bool, is_warned: bool
) -> None:
    monkeypatch.setattr(config, "line", line)
    monkeypatch.setattr(guidances, "has_voice", lambda: has_voice)
    assert (WARNING in client.get("/console/guidance/").content.decode()) == is_warned
