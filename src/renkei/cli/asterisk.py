"""``renkei asterisk config``: writes the configuration of the Asterisk that stands beside this installation."""

import argparse
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from renkei.cli.home import default_folder
from renkei.cli.refusal import RefusalError, because_of
from renkei.speech.media import read_seconds, write_sound
from renkei.speech.music import MUSIC_KEY, play_waiting_music
from renkei.telephony.asterisk.configuration import AsteriskSetup, write_configuration
from renkei.telephony.asterisk.names import UnsafeValueError

_KEPT = ".before-renkei"


def main(argv: list[str]) -> int:
    """Write the files and say what to do with them; returns the exit code."""
    options = _read(argv)
    data = _data_folder(options.data)
    to = (options.to or data / "asterisk" / "etc").absolute()
    try:
        password = _password(data / "asterisk" / "ari.password")
        files = write_configuration(_setup(options, data, password))
        _put(files, to)
        if read_seconds(data / "media", MUSIC_KEY) is None:
            write_sound(data / "media", MUSIC_KEY, play_waiting_music())
    except UnsafeValueError as error:
        kind, value = error.args
        raise RefusalError(
            f"“{value}” cannot stand in Asterisk's configuration as a {kind}: give another one."
        ) from None
    except OSError as error:
        raise because_of(error, to) from None
    print(_what_next(options, data, to))
    return 0


def _data_folder(given: Path | None) -> Path:
    """The folder named, else the real installation's usual one: it must be there, for Asterisk is to read from it."""
    named = given or os.environ.get("RENKEI_DATA_DIR")
    if named:
        return Path(named).absolute()
    usual = default_folder("empty")
    if not usual.is_dir():
        raise RefusalError(
            f"There is no installation at {usual} yet: start it once with “./renkei run --empty”, or name its folder "
            "with --data."
        )
    return usual


def _read(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="renkei asterisk", description="The Asterisk beside us.")
    config = parser.add_subparsers(required=True).add_parser("config", help="write its configuration files")
    config.add_argument("--to", type=Path, help="the folder for the files, for instance /etc/asterisk")
    config.add_argument("--data", type=Path, help="the installation's folder, made when it is missing")
    config.add_argument("--trunk", action="append", default=[], help="an address calls come from (repeatable)")
    config.add_argument("--workers", type=int, default=1, choices=range(1, 10), help="how many calls workers there are")
    config.add_argument("--sip-host", default="0.0.0.0", help="where SIP listens")  # noqa: S104
    config.add_argument("--sip-port", type=int, default=5060)
    config.add_argument("--http-host", default="127.0.0.1", help="where ARI and the browsers' WebSocket listen")
    config.add_argument("--http-port", type=int, default=8088)
    config.add_argument(
        "--wss-port", type=int, help="a TLS port for browsers on other computers, with --cert and --key"
    )
    config.add_argument("--cert", type=Path)
    config.add_argument("--key", type=Path)
    config.add_argument("--public-address", default="", help="our address as outsiders see it, behind a router")
    config.add_argument("--rtp", default="10000-20000", help="the ports for sound")
    options = parser.parse_args(argv)
    if options.wss_port is not None and not (options.cert and options.key):
        raise RefusalError(
            "Browsers need a certificate for --wss-port: give --cert and --key, or run renkei tls first."
        )
    return options


def _setup(options: argparse.Namespace, data: Path, password: str) -> AsteriskSetup:
    first, _, last = options.rtp.partition("-")
    if not (first.isdigit() and last.isdigit() and 1024 <= int(first) < int(last) <= 65535):
        raise RefusalError(f"“{options.rtp}” is no range of ports: write it like 10000-20000.")
    return AsteriskSetup(
        workers=tuple(f"renkei-{number}" for number in range(1, options.workers + 1)),
        ari_password=password,
        http_host=options.http_host,
        http_port=options.http_port,
        tls_port=options.wss_port,
        tls_cert=str(options.cert.absolute()) if options.cert else "",
        tls_key=str(options.key.absolute()) if options.key else "",
        sip_host=options.sip_host,
        sip_port=options.sip_port,
        trunk_hosts=tuple(options.trunk),
        public_address=options.public_address,
        rtp_first=int(first),
        rtp_last=int(last),
        data_dir=str(data),
    )


def _password(path: Path) -> str:
    """The password between us and Asterisk: made once, kept in a file that only we can read."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def _put(files: Mapping[str, str], to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = to / name
        kept = path.with_name(name + _KEPT)
        if path.exists() and not kept.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
            path.replace(kept)
        path.touch(mode=0o640)
        path.write_text(text, encoding="utf-8")
        if os.geteuid() == 0:  # Asterisk usually runs under the account that owns its folder
            os.chown(path, to.stat().st_uid, to.stat().st_gid)


def _what_next(options: argparse.Namespace, data: Path, to: Path) -> str:
    lines = [
        f"This is for the installation in {data}; Asterisk must be able to read that folder.",
        f"Asterisk's configuration is in {to}; a file that stood there before is kept as …{_KEPT}.",
        "Restart Asterisk, and start Renkei with these settings:",
        "  RENKEI_LINE=asterisk",
        f"  RENKEI_ARI_URL=http://{options.http_host}:{options.http_port}",
        f"  RENKEI_ARI_PASSWORD_FILE={data / 'asterisk' / 'ari.password'}",
    ]
    if options.wss_port is not None:
        lines.append(f"  RENKEI_SIP_WS_URL=wss://YOUR-HOST:{options.wss_port}/ws")
    else:
        lines.append(f"  RENKEI_SIP_WS_URL=ws://{options.http_host}:{options.http_port}/ws")
    if not options.trunk:
        lines.append("No --trunk was given: calls from outside are refused until one is.")
    return "\n".join(lines)
