"""``renkei emulate``: the emulated chatbot provider as a process of its own."""

import argparse
import contextlib
import os
import ssl
import sys
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from renkei import clock
from renkei.cli.emulate.app import Provider, make_app
from renkei.cli.emulate.closed.app import join_desk
from renkei.cli.emulate.closed.desk import SMART_M_TALK, Desk
from renkei.cli.emulate.closed.growth import Growth
from renkei.cli.emulate.office import Office, demo_signing_key
from renkei.cli.emulate.server import listen, make_server
from renkei.cli.emulate.standard import Pusher
from renkei.settings import config

DEFAULT_URL = "http://127.0.0.1:8650"


def main(argv: list[str]) -> int:
    """Serve until told to stop; returns the exit status. Listens on loopback only: anybody may order its failures."""
    parser = argparse.ArgumentParser(prog="renkei emulate", description="Run the emulated chatbot provider.")
    parser.add_argument("--url", default=os.environ.get("RENKEI_EMULATOR_URL") or DEFAULT_URL)
    parser.add_argument("--folder", type=Path, help="keep chats and uploads here over a restart")
    options = parser.parse_args(argv)
    parts = urlsplit(options.url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme != "http" or port is None or not _is_loopback(host):
        sys.stderr.write(f"emulate: {options.url} must be http://127.0.0.1:PORT (loopback, with a port).\n")
        return 2
    with contextlib.suppress(KeyboardInterrupt):  # the server has stopped by then
        return _serve(options.url, host, port, options.folder)
    return 0


def _serve(url: str, host: str, port: int, folder: Path | None) -> int:
    try:
        listening = listen("127.0.0.1" if host == "localhost" else host, port)
        office = Office(folder=folder)
    except OSError as error:
        sys.stderr.write(f"emulate: cannot start at {url}: {error.strerror}.\n")
        return 1
    provider = Provider(office, now=clock.now, public_url=url, pusher=_make_pusher())
    make_server(join_desk(make_app(provider), _open_desk(folder))).run(sockets=[listening])
    return 0


def _open_desk(folder: Path | None) -> Desk:
    """The chat desk with the chats of the last days, and new ones while somebody asks."""
    growth = Growth(None if folder is None else folder / "closed_chats.json")
    desk = Desk(now=clock.now, growth=growth)
    growth.begin(desk.ledgers[SMART_M_TALK])
    return desk


def _make_pusher() -> Pusher | None:
    """Pushes to the Renkei of this installation; to nobody where there is none."""
    secret = config.secret_key.get_secret_value()
    if not config.public_url or not secret:
        return None
    tls = None
    if config.tls_cert is not None:
        tls = ssl.create_default_context(cafile=str(config.tls_cert))
        tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # our own certificate is trusted by itself
    url = f"{config.public_url.rstrip('/')}/webhooks/standard"
    return Pusher(url, key=demo_signing_key(secret), now=clock.now, tls=tls)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
