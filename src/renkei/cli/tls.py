"""``renkei tls``: a certificate beside the data, so that other computers may connect."""

import argparse
import os
import socket
from pathlib import Path

from renkei import clock
from renkei.cli.certificates import Pair, fault_of, make_authority, make_server, names_of
from renkei.cli.home import default_folder
from renkei.cli.refusal import RefusalError, because_of


def main(argv: list[str]) -> int:
    """Take the given pair, or make an authority (once) and a certificate; says what to do with them."""
    parser = argparse.ArgumentParser(prog="renkei tls", description="Make a certificate, or take one.")
    parser.add_argument("--name", action="append", default=[], help="a name or address browsers will use (repeatable)")
    parser.add_argument("--cert", type=Path, help="a certificate of your own (PEM, with its chain)")
    parser.add_argument("--key", type=Path, help="its private key (PEM)")
    parser.add_argument("--data", type=Path, help="the installation's folder")
    options = parser.parse_args(argv)
    folder = (options.data or Path(os.environ.get("RENKEI_DATA_DIR") or default_folder("empty"))).absolute() / "tls"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if options.cert or options.key:
            names = _take(options.cert, options.key, folder)
        else:
            names = _make(options.name or [socket.gethostname()], folder)
    except OSError as error:
        raise because_of(error, folder) from None
    print(f"The certificate for {', '.join(names)} is in {folder}.")
    print(f"Start with: ./renkei run --empty --host 0.0.0.0 --data {folder.parent}")
    return 0


def _take(certificate: Path | None, key: Path | None, folder: Path) -> list[str]:
    if certificate is None or key is None:
        raise RefusalError("Give both --cert and --key.")
    for path in (certificate, key):
        if not path.is_file():
            raise RefusalError(f"{path} is no file.")
    pair = Pair(certificate.read_bytes(), key.read_bytes())
    if fault := fault_of(pair, clock.now()):
        raise RefusalError(f"{certificate} and {key} cannot be used: {fault}.")
    _keep(pair, folder, "server")
    return names_of(pair.certificate)


def _make(names: list[str], folder: Path) -> list[str]:
    authority_file, authority_key = folder / "authority.crt", folder / "authority.key"
    if not (authority_file.exists() and authority_key.exists()):
        _keep(make_authority(clock.now(), name=names[0]), folder, "authority")
    authority = Pair(authority_file.read_bytes(), authority_key.read_bytes())
    _keep(make_server(clock.now(), names=[*names, "localhost", "127.0.0.1"], authority=authority), folder, "server")
    print(f"Import {authority_file} as a trusted authority on every computer whose browser is to connect.")
    return names


def _keep(pair: Pair, folder: Path, name: str) -> None:
    """Write both files; the key is readable for this account alone from its first byte on."""
    draft = folder / f"{name}.key.draft"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pair.key)
    (folder / f"{name}.crt").write_bytes(pair.certificate)
    draft.replace(folder / f"{name}.key")
