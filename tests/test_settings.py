"""The settings of an installation."""

import pytest

from renkei.settings import Config, Mode

EMULATOR = "http://127.0.0.1:9001"


@pytest.mark.parametrize(
    ("written", "urls"),
    [
        ("", ()),
        (" , ", ()),
        ("bot.lan:8443", ("http://bot.lan:8443", "https://bot.lan:8443")),
        ("https://bot.lan:8443 , 10.0.0.4:80", ("https://bot.lan:8443", "http://10.0.0.4:80", "https://10.0.0.4:80")),
    ],
)
def test_destinations_are_those_listed_and_the_emulator_only_where_it_belongs(
    written: str, urls: tuple[str, ...]
) -> None:
    def reached(mode: Mode) -> tuple[str, ...]:
        return Config(mode=mode, allowed_destinations=written, emulator_url=EMULATOR).destinations

    assert reached(Mode.EMPTY) == urls
    assert reached(Mode.DEMO) == reached(Mode.TEST) == (*urls, EMULATOR)
