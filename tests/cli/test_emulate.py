"""The emulated provider's customer side: chat, number, uploads, restart, and its own small walls."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from renkei.cli.emulate import bot
from renkei.cli.emulate.app import Provider, make_app
from renkei.cli.emulate.command import main
from renkei.cli.emulate.failures import Failure
from renkei.cli.emulate.office import DEMO_CHANNELS, DEMO_PROJECT, Office, digits_of
from tests.asterisk_rig import free_port

NOW = datetime(2025, 1, 31, 0, 5, 7, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n"


def open_page(office: Office) -> TestClient:
    app = make_app(Provider(office, now=lambda: NOW, public_url="http://127.0.0.1:1"))
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture
def page() -> TestClient:
    return open_page(Office())


@pytest.fixture
def chat(page: TestClient) -> str:
    return str(page.post("/chats", json={}).json()["session_id"])


def test_a_customer_chats_sends_a_picture_a_bare_url_and_an_emoji_and_gives_a_number(
    page: TestClient, chat: str
) -> None:
    """Proves R66, R96."""
    for text in ("解約したい", "https://example.jp/", "😀👨‍👩‍👧"):
        assert page.post(f"/chats/{chat}/messages", json={"text": text}).status_code == 200
    headers = {"content-type": "image/png"}
    assert page.post(f"/chats/{chat}/uploads?name=写真.png", content=PNG, headers=headers).status_code == 200
    shown = page.post(f"/chats/{chat}/number", json={"number": " ０９０-1234-5678 "}).json()
    customer = [(each["type"], each["text"]) for each in shown["messages"] if each["sender"] == "user"]
    assert customer == [
        ("text", "解約したい"),
        ("text", "https://example.jp/"),
        ("text", "😀👨‍👩‍👧"),
        ("image", "写真.png"),
        ("text", "０９０-1234-5678"),
    ]
    assert (shown["phone_number"], shown["phone_number_entered_at"]) == (
        "０９０-1234-5678",
        "2025-01-31T00:05:07.000+00:00",
    )
    picture = next(each["url"] for each in shown["messages"] if each["type"] == "image")
    served = page.get(picture.removeprefix("http://127.0.0.1:1"))
    assert (served.content, served.headers["content-type"]) == (PNG, "image/png")
    assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_the_bot_answers_in_japanese_by_keyword_and_goes_on_with_its_topic() -> None:
    first = bot.answer("解約したいです", earlier=[])
    second = bot.answer("AB-123", earlier=[bot.GREETING, first])
    assert first != second
    assert "オペレーター" in second
    assert bot.answer("オペレーター", earlier=[]) == bot.ASK_NUMBER
    assert bot.answer("https://example.jp/x", earlier=[]) == bot.GOT_LINK
    assert bot.answer("???", earlier=[]) == bot.UNCLEAR


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("090-1234-5678", "090-1234-5678"),
        (" ０９０ー１２３４ー５６７８ ", "０９０ー１２３４ー５６７８"),
        ("+81 90 1234 5678", "+81 90 1234 5678"),
        ("(03) 1234.5678", "(03) 1234.5678"),
        ("090-1234-5678です", None),
        ("A-20250131-0042", None),
        ("1234567890", None),
        ("", None),
    ],
)
def test_a_message_that_is_a_telephone_number_gives_it(said: str, number: str | None) -> None:
    assert bot.number_in(said) == number


def test_who_answers_the_bots_question_for_the_number_has_given_it(page: TestClient, chat: str) -> None:
    page.post(f"/chats/{chat}/messages", json={"text": "オペレーター"})
    shown = page.post(f"/chats/{chat}/messages", json={"text": "090-1234-5678"}).json()
    assert shown["phone_number"] == "090-1234-5678"
    assert shown["messages"][-1]["text"] == bot.GOT_NUMBER


@given(st.text(), st.lists(st.text(), max_size=3))
def test_the_bot_has_an_answer_to_everything(text: str, earlier: list[str]) -> None:
    assert bot.answer(text, earlier=earlier)


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("090-1234-5678", "09012345678"),
        ("０９０－１２３４－５６７８", "09012345678"),
        ("+81 90 1234 5678", "09012345678"),
        ("+81(0)90-1234-5678", "09012345678"),
        ("٠٩٠١٢٣٤٥٦٧٨", "09012345678"),
        ("+1 212 555 0123", "12125550123"),
        ("abc", ""),
        ("", ""),
    ],
)
def test_the_provider_reads_numbers_its_own_way(number: str, digits: str) -> None:
    assert digits_of(number) == digits


def test_a_number_without_digits_finds_nobody() -> None:
    office = Office()
    office.give_number(office.start(DEMO_PROJECT, DEMO_CHANNELS[0], now=NOW), "abc", now=NOW)
    assert office.find(DEMO_PROJECT, DEMO_CHANNELS[0], "", now=NOW) == []


def test_chats_and_uploads_outlive_a_restart(tmp_path: Path) -> None:
    page = open_page(Office(folder=tmp_path))
    chat = page.post("/chats", json={}).json()["session_id"]
    headers = {"content-type": "image/png"}
    before = page.post(f"/chats/{chat}/uploads?name=a.png", content=PNG, headers=headers).json()
    again = open_page(Office(folder=tmp_path))
    assert again.get(f"/chats/{chat}").json() == before
    picture = before["messages"][1]["url"].removeprefix("http://127.0.0.1:1")
    assert again.get(picture).content == PNG


@pytest.mark.parametrize("torn", [b"", b"{", b'{"chats": 1}', b'{"chats": [{"x": 1}], "files": {}}', b"\xff"])
def test_a_torn_file_does_not_stop_the_demonstration(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "chats.json").write_bytes(torn)
    assert Office(folder=tmp_path).chats == {}
    assert (tmp_path / "chats.json.unreadable").read_bytes() == torn


Ask = Callable[[TestClient, str], int]
REFUSED: list[tuple[str, Ask, int]] = [
    ("no such chat", lambda page, chat: page.get("/chats/x").status_code, 404),
    ("no such file", lambda page, chat: page.get("/files/x").status_code, 404),
    ("no such channel", lambda page, chat: page.post("/chats", json={"channel_id": "x"}).status_code, 404),
    ("empty text", lambda page, chat: page.post(f"/chats/{chat}/messages", json={"text": " "}).status_code, 400),
    ("text is a number", lambda page, chat: page.post(f"/chats/{chat}/messages", json={"text": 1}).status_code, 400),
    ("a list", lambda page, chat: page.post(f"/chats/{chat}/messages", json=[]).status_code, 400),
    (
        "deep json",
        lambda page, chat: (
            page.post(
                f"/chats/{chat}/messages", content=b"[" * 60_000, headers={"content-type": "application/json"}
            ).status_code
        ),
        400,
    ),
    (
        "a form of another site",
        lambda page, chat: page.post(f"/chats/{chat}/messages", data={"text": "x"}).status_code,
        415,
    ),
    (
        "too long",
        lambda page, chat: page.post(f"/chats/{chat}/messages", json={"text": "x" * 70_000}).status_code,
        413,
    ),
    (
        "a page as an upload",
        lambda page, chat: (
            page.post(f"/chats/{chat}/uploads", content=b"<script>", headers={"content-type": "text/html"}).status_code
        ),
        415,
    ),
    (
        "a drawing that can run scripts",
        lambda page, chat: (
            page.post(f"/chats/{chat}/uploads", content=b"<svg>", headers={"content-type": "image/svg+xml"}).status_code
        ),
        415,
    ),
    (
        "6 MB",
        lambda page, chat: (
            page.post(
                f"/chats/{chat}/uploads", content=bytes(6_000_000), headers={"content-type": "image/png"}
            ).status_code
        ),
        413,
    ),
    ("a foreign name", lambda page, chat: page.get("/", headers={"host": "evil.example"}).status_code, 400),
    ("unknown failure", lambda page, chat: page.put("/control/failures", json={"failure": "x"}).status_code, 400),
]


@pytest.mark.parametrize(("ask", "status"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_what_makes_no_sense_is_refused(page: TestClient, chat: str, ask: Ask, status: int) -> None:
    assert ask(page, chat) == status


def test_texts_no_file_can_hold_are_made_storable(tmp_path: Path) -> None:
    page = open_page(Office(folder=tmp_path))
    chat = page.post("/chats", json={}).json()["session_id"]
    body = b'{"text": "a\\u0000b\\ud83d"}'
    answer = page.post(f"/chats/{chat}/messages", content=body, headers={"content-type": "application/json"})
    assert answer.json()["messages"][1]["text"] == "a\ufffdb?"


def test_every_page_carries_its_own_strict_policy_and_loads_nothing_from_elsewhere(page: TestClient) -> None:
    for path in ("/", "/trouble", "/chat.css", "/chat.js", "/trouble.js", "/failure_words.js", "/words.js"):
        served = page.get(path)
        assert served.status_code == 200
        assert served.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert served.headers["x-content-type-options"] == "nosniff"
        assert not any(found in served.text for found in ('src="http', 'href="http', "@import", "url("))
    assert "デモ" in page.get("/").text


def test_every_failure_has_a_name_in_both_languages(page: TestClient) -> None:
    words = page.get("/failure_words.js").text
    named = re.findall(r'^  (\w+): \["[^"]+", "[^"]+"\],$', words, re.MULTILINE)
    assert sorted(named) == sorted(Failure)
    assert named[:2] == [Failure.STATUS_500, Failure.BLACK_HOLE]


def test_a_chat_that_is_full_says_so(page: TestClient, chat: str) -> None:
    statuses = [page.post(f"/chats/{chat}/messages", json={"text": "x"}).status_code for _ in range(260)]
    assert statuses[0] == 200
    assert statuses[-1] == 409


@pytest.mark.parametrize("url", ["http://0.0.0.0:8650", "https://127.0.0.1:8650", "http://127.0.0.1", "http://a.jp:1"])
def test_it_listens_on_loopback_only(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", url]) == 2
    assert "loopback" in capsys.readouterr().err


def test_a_taken_port_is_one_clear_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--url", f"http://127.0.0.1:{taken.getsockname()[1]}"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_process_says_nothing_and_stops_when_told(tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "renkei.cli.emulate",
        "--url",
        f"http://127.0.0.1:{port}",
        "--folder",
        str(tmp_path),
    ]
    environment = os.environ | {"PYTHONPATH": "src"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        _wait_for(port, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (said, process.returncode) == ("", 0)


def _wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/chat.css", timeout=5).close()
        except urllib.error.URLError:
            continue
        return
