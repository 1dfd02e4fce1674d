"""What a process counts is told on its own machine, and to nobody else."""

import httpx2
import pytest

from tests.realtime.serving import Serving


def read(serving: Serving, **headers: str) -> httpx2.Response:
    return httpx2.get(f"{serving.url}/metrics", headers={name.replace("_", "-"): v for name, v in headers.items()})


def value(text: str, name: str) -> float:
    """The value of one line; 0 when it is not there yet."""
    return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " ")), 0.0)


def test_refused_pushes_look_ups_and_streams_are_counted(serving: Serving) -> None:
    """One forged push and one look-up without a key later, each counter is one more."""
    forged = 'renkei_webhook_deliveries_total{result="bad_signature"}'
    refused = 'renkei_look_ups_total{mode="refused",result="401"}'
    before = read(serving)
    assert before.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert httpx2.post(f"{serving.url}/webhooks/standard", content=b"{}").status_code == 401
    assert httpx2.post(f"{serving.url}/api/look-up", content=b"{}").status_code == 401
    after = read(serving)
    for name in (forged, refused):
        assert value(after.text, name) == value(before.text, name) + 1, name
    assert value(after.text, "renkei_streams_open") == 0
    assert value(after.text, "renkei_streams_listening") == 1
    assert value(after.text, 'renkei_pool_connections{state="open"}') >= 1


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "renkei.example.jp"},
        {"host": "localhost.example.jp"},
        {"host": "127.0.0.1.nip.io:8080"},
        {"x_forwarded_for": "203.0.113.5"},
        {"x_forwarded_for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"via": "1.1 proxy"},
        {"x_real_ip": "127.0.0.1"},
    ],
)
def test_whoever_comes_from_elsewhere_or_through_a_proxy_finds_nothing(
    serving: Serving, headers: dict[str, str]
) -> None:
    """Not even that there is something."""
    answer = read(serving, **headers)
    assert (answer.status_code, "renkei_" in answer.text) == (404, False)
