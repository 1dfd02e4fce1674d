"""Certificates: made ones are taken by a strict client, unusable ones are refused with the reason."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from renkei.cli import tls
from renkei.cli.certificates import Pair, fault_of, make_authority, make_server, names_of
from renkei.cli.refusal import RefusalError

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
AUTHORITY = make_authority(NOW, name="office")


def test_a_made_certificate_has_no_fault_and_names_what_was_asked() -> None:
    pair = make_server(NOW, names=["renkei.example", "192.0.2.7", "連携.example"], authority=AUTHORITY)
    assert fault_of(pair, NOW) is None
    assert names_of(pair.certificate) == ["renkei.example", "xn--p3u709g.example", "192.0.2.7"]


@pytest.mark.parametrize(
    ("pair", "at", "fault"),
    [
        (Pair(b"", b""), NOW, "not a certificate"),
        (Pair(b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----", AUTHORITY.key), NOW, "not a certif"),
        (Pair(AUTHORITY.certificate, make_authority(NOW, name="other").key), NOW, "does not belong"),
        (AUTHORITY, NOW, "names no host"),
        (make_server(NOW, names=["a.example"], authority=AUTHORITY), NOW + timedelta(days=398), "valid from"),
        (make_server(NOW, names=["a.example"], authority=AUTHORITY), NOW - timedelta(days=1), "valid from"),
    ],
)
def test_an_unusable_pair_is_refused_with_the_reason(pair: Pair, at: datetime, fault: str) -> None:
    assert fault in (fault_of(pair, at) or "")


def test_the_authority_is_made_once_and_keys_are_closed_to_others(tmp_path: Path) -> None:
    assert tls.main(["--data", str(tmp_path), "--name", "one.example"]) == 0
    authority = (tmp_path / "tls" / "authority.crt").read_bytes()
    assert tls.main(["--data", str(tmp_path), "--name", "two.example"]) == 0
    assert (tmp_path / "tls" / "authority.crt").read_bytes() == authority
    assert names_of((tmp_path / "tls" / "server.crt").read_bytes())[0] == "two.example"
    for key in (tmp_path / "tls").glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_given_files_are_taken(tmp_path: Path) -> None:
    from renkei import clock

    pair = make_server(clock.now(), names=["given.example"], authority=make_authority(clock.now(), name="given"))
    (tmp_path / "a.crt").write_bytes(pair.certificate)
    (tmp_path / "a.key").write_bytes(pair.key)
    given = ["--cert", str(tmp_path / "a.crt"), "--key", str(tmp_path / "a.key")]
    assert tls.main(["--data", str(tmp_path / "data"), *given]) == 0
    assert (tmp_path / "data" / "tls" / "server.crt").read_bytes() == pair.certificate


@pytest.mark.parametrize("arguments", [["--cert", "/nowhere.crt"], ["--cert", "/nowhere.crt", "--key", "/nowhere.key"]])
def test_missing_files_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(RefusalError):
        tls.main(["--data", str(tmp_path), *arguments])
