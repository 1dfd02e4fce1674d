"""The HTTP client against servers that misbehave on a real loopback socket."""

import asyncio
import datetime
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from renkei.outbound import (
    AllowList,
    BadAnswerError,
    Caps,
    ConnectFailedError,
    HttpClient,
    NameNotFoundError,
    OutboundError,
    OutgoingRequest,
    RefusedAddressError,
    ResetByPeerError,
    TimedOutError,
    TlsFailedError,
    TooLargeError,
)
from renkei.outbound.transport import Resolve, resolve_by_system
from tests.outbound import hostile_server as server
from tests.outbound.hostile_server import Behave, answer, hostile, raw

DEADLINE = 0.6
SPARE = 0.5


class MakeClient(Protocol):
    def __call__(self, resolve: Resolve = ...) -> HttpClient: ...


@pytest.fixture
async def make_client() -> AsyncIterator[MakeClient]:
    made: list[HttpClient] = []

    def make(resolve: Resolve = resolve_by_system) -> HttpClient:
        made.append(HttpClient(resolve=resolve))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()


@pytest.fixture
def client(make_client: MakeClient) -> HttpClient:
    return make_client()


def get(url: str) -> OutgoingRequest:
    return OutgoingRequest(method="GET", url=url)


HOSTILE: list[tuple[str, Behave, type[OutboundError]]] = [
    ("silent", server.silent, TimedOutError),
    ("one byte at a time", server.drip, TimedOutError),
    ("body without end", server.pour_for_ever, TooLargeError),
    ("headers without end", server.headers_for_ever, BadAnswerError),
    ("reset", server.reset, ResetByPeerError),
    ("closed at once", raw(b""), ResetByPeerError),
    ("closed in the head", raw(b"HTTP/1.1 200 OK\r\ncontent-"), ResetByPeerError),
    ("closed in the body", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"), ResetByPeerError),
    ("another protocol", raw(b"220 mail.example.jp ESMTP\r\n\r\n"), BadAnswerError),
    ("two lengths", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"), BadAnswerError),
    ("negative length", raw(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"), BadAnswerError),
    ("broken gzip", answer(b"\x1f\x8b\x08nonsense", headers=b"content-encoding: gzip\r\n"), BadAnswerError),
    ("honest but large", answer(b" " * 5_000_001), TooLargeError),
]


@pytest.mark.parametrize(("behave", "expected"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
async def test_every_misbehaviour_ends_typed_and_inside_the_total_deadline(
    client: HttpClient, behave: Behave, expected: type[OutboundError]
) -> None:
    """Proves D14."""
    loop = asyncio.get_running_loop()
    async with hostile(behave) as there:
        began = loop.time()
        with pytest.raises(expected):
            await client.send(get(there.url), allow=AllowList.of([there.url]), deadline_seconds=DEADLINE)
        assert loop.time() - began < DEADLINE + SPARE


async def test_a_handshake_that_never_comes_counts_against_the_same_deadline(client: HttpClient) -> None:
    async with hostile(server.silent, reads_request=False) as there:
        url = there.url.replace("http:", "https:")
        with pytest.raises(TimedOutError):
            await client.send(get(url), allow=AllowList.of([url]), deadline_seconds=DEADLINE)


async def test_plain_text_where_tls_was_expected_is_a_tls_failure(client: HttpClient) -> None:
    async with hostile(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), reads_request=False) as there:
        url = there.url.replace("http:", "https:")
        with pytest.raises(TlsFailedError):
            await client.send(get(url), allow=AllowList.of([url]), deadline_seconds=3)


async def test_nobody_listening_is_a_failed_connection(client: HttpClient) -> None:
    async with hostile(server.silent) as there:
        url = there.url
    with pytest.raises(ConnectFailedError):
        await client.send(get(url), allow=AllowList.of([url]), deadline_seconds=3)


async def test_a_bomb_of_compressed_spaces_stops_at_the_inflated_cap(client: HttpClient) -> None:
    packed = gzip.compress(b" " * 30_000_000)
    async with hostile(answer(packed, headers=b"content-encoding: gzip\r\n")) as there:
        with pytest.raises(TooLargeError):
            await client.send(get(there.url), allow=AllowList.of([there.url]), deadline_seconds=5)


async def test_bombs_inside_bombs_stop_at_the_inflated_cap(client: HttpClient) -> None:
    packed = gzip.compress(gzip.compress(gzip.compress(b"\0" * 200_000_000, 9), 9), 9)
    async with hostile(answer(packed, headers=b"content-encoding: gzip, gzip, gzip\r\n")) as there:
        with pytest.raises(TooLargeError):
            await client.send(get(there.url), allow=AllowList.of([there.url]), deadline_seconds=5)


async def test_caps_are_exact_and_a_compressed_answer_is_inflated(client: HttpClient) -> None:
    body = b"x" * 1_000
    packed = zlib.compress(body)
    async with hostile(answer(packed, headers=b"content-encoding: deflate\r\n")) as there:
        allow = AllowList.of([there.url])
        caps = Caps(wire_bytes=len(packed), inflated_bytes=1_000)
        received = await client.send(get(there.url), allow=allow, deadline_seconds=3, caps=caps)
        assert (received.body, received.wire_bytes) == (body, len(packed))
        with pytest.raises(TooLargeError):
            await client.send(get(there.url), allow=allow, deadline_seconds=3, caps=Caps(10_000, 999))
        with pytest.raises(TooLargeError):
            await client.send(get(there.url), allow=allow, deadline_seconds=3, caps=Caps(len(packed) - 1, 10_000))


async def test_a_redirect_is_an_answer_and_is_not_followed(client: HttpClient) -> None:
    async with (
        hostile(answer(b"secret")) as inside,
        hostile(answer(b"", head=b"HTTP/1.1 302 Found", headers=b"location: %s\r\n" % inside.url.encode())) as there,
    ):
        received = await client.send(get(there.url), allow=AllowList.of([there.url]), deadline_seconds=3)
        assert (received.status, received.header("Location")) == (302, inside.url)
        assert inside.connections == 0


async def test_cookies_of_one_answer_are_not_sent_with_the_next_request(client: HttpClient) -> None:
    async with hostile(answer(b"", headers=b"set-cookie: a=b\r\n")) as there:
        for _ in range(2):
            await client.send(get(there.url), allow=AllowList.of([there.url]), deadline_seconds=3)
        assert len(there.heads) == 2
        assert b"cookie" not in there.heads[1].lower()


async def test_a_proxy_in_the_environment_is_ignored(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async with hostile(answer(b"direct")) as there, hostile(answer(b"proxied")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        received = await client.send(get(there.url), allow=AllowList.of([there.url]), deadline_seconds=3)
        assert (received.body, proxy.connections) == (b"direct", 0)


async def test_connections_are_kept_alive_and_never_shared_with_a_stricter_allow_list(client: HttpClient) -> None:
    async with hostile(answer(b"ok")) as there:
        allow = AllowList.of([there.url])
        for _ in range(3):
            await client.send(get(there.url), allow=allow, deadline_seconds=3)
        assert there.connections == 1
        with pytest.raises(RefusedAddressError):
            await client.send(get(there.url), allow=AllowList(), deadline_seconds=3)
        await client.send(get(there.url), allow=AllowList.of([there.url, "http://10.0.0.1"]), deadline_seconds=3)
        assert there.connections == 2


async def test_the_checked_address_is_the_one_connected_to_and_the_name_stays_in_the_host_header(
    make_client: MakeClient,
) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with hostile(answer(b"ok")) as there:
        url = f"http://chat.example.jp:{there.port}/a"
        client = make_client(resolve)
        await client.send(get(url), allow=AllowList.of([url]), deadline_seconds=3)
        assert asked == ["chat.example.jp"]
        assert f"host: chat.example.jp:{there.port}".encode() in there.heads[0].lower()


@pytest.mark.parametrize("addresses", [["93.184.216.34", "127.0.0.1"], ["::1", "93.184.216.34"], ["169.254.169.254"]])
async def test_a_name_with_one_forbidden_address_is_refused_whole(
    make_client: MakeClient, addresses: list[str]
) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    client = make_client(resolve)
    with pytest.raises(RefusedAddressError):
        await client.send(get("https://rebinding.example.jp/"), allow=AllowList(), deadline_seconds=3)


async def test_a_name_that_is_public_once_and_private_later_is_checked_each_time_it_connects(
    make_client: MakeClient,
) -> None:
    answers = iter([["192.0.2.1"], ["127.0.0.1"]])

    async def resolve(host: str, port: int) -> Sequence[str]:
        return next(answers)

    client = make_client(resolve)
    for _ in range(2):  # 192.0.2.1 is a documentation address, and no more public than loopback
        with pytest.raises(RefusedAddressError):
            await client.send(get("https://rebinding.example.jp/"), allow=AllowList(), deadline_seconds=0.3)


async def test_a_dead_first_address_does_not_use_up_the_budget(make_client: MakeClient) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with hostile(answer(b"ok")) as there:
        url = f"http://two.example.jp:{there.port}/"
        received = await make_client(resolve).send(get(url), allow=AllowList.of([url]), deadline_seconds=2)
        assert received.body == b"ok"


@pytest.mark.parametrize("failure", [OSError("no such host"), UnicodeError("label too long")])
async def test_a_name_that_does_not_resolve_says_so(make_client: MakeClient, failure: Exception) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise failure

    with pytest.raises(NameNotFoundError):
        await make_client(resolve).send(get("https://nowhere.example.jp/"), allow=AllowList(), deadline_seconds=3)


async def test_a_silent_name_server_counts_against_the_deadline(make_client: MakeClient) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(TimedOutError):
        await make_client(resolve).send(get("https://slow.example.jp/"), allow=AllowList(), deadline_seconds=0.2)


async def test_a_certificate_nobody_vouches_for_is_refused(client: HttpClient, tmp_path: Path) -> None:
    certificate = _self_signed(tmp_path / "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    try:
        with pytest.raises(TlsFailedError):
            await client.send(get(url), allow=AllowList.of([url]), deadline_seconds=3)
    finally:
        listening.close()


def _self_signed(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    path.write_bytes(pem)
    return path


@pytest.mark.parametrize(
    "request_",
    [
        OutgoingRequest(method="GET", url="https://example.jp/\r\nx: y"),
        OutgoingRequest(method="GET", url="https://exa mple.jp/"),
        OutgoingRequest(method="GET", url="https://[::1/"),
        OutgoingRequest(method="GET", url="https:///nothing"),
        OutgoingRequest(method="GET", url="https://example.jp:99999/"),
        OutgoingRequest(method="GET", url="https://user:pass@example.jp/"),
        OutgoingRequest(method="GET", url="file:///etc/passwd"),
        OutgoingRequest(method="GET", url="gopher://example.jp/"),
        OutgoingRequest(method="GET", url="//example.jp/"),
        OutgoingRequest(method="GET", url=""),
        OutgoingRequest(method="GET", url="https://" + "a" * 70_000),
    ],
    ids=lambda each: each.url[:30],
)
async def test_a_url_that_is_none_is_refused_before_anything_is_sent(
    client: HttpClient, request_: OutgoingRequest
) -> None:
    with pytest.raises(RefusedAddressError):
        await client.send(request_, allow=AllowList(), deadline_seconds=1)


async def test_headers_cannot_be_split_by_their_values(client: HttpClient) -> None:
    async with hostile(answer(b"ok")) as there:
        request = OutgoingRequest(method="GET", url=there.url, headers=(("x-a", "b\r\nx-evil: c"),))
        with pytest.raises(RefusedAddressError):
            await client.send(request, allow=AllowList.of([there.url]), deadline_seconds=1)
        assert there.heads == []
