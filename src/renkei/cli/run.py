"""``renkei run``: everything on one machine, asking nothing."""

import argparse
import contextlib
import http.client
import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from renkei import clock
from renkei.cli.certificates import Pair, fault_of, names_of
from renkei.cli.home import Home, default_folder
from renkei.cli.postgres import Postgres
from renkei.cli.prepare import load_demonstration, make_first_sign_in, prepare_database
from renkei.cli.refusal import RefusalError, because_of
from renkei.cli.supervisor import Child, Database, Supervisor, renkei, say

_READY_WITHIN = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person at the terminal asked for."""

    mode: str
    host: str
    port: int
    data: Path
    tls_cert: Path | None
    tls_key: Path | None

    @property
    def url(self) -> str:
        """The address to open."""
        if self.tls_cert is not None:
            host = names_of(self.tls_cert.read_bytes())[0]
        else:
            host = self.host
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"


def main(argv: list[str]) -> int:
    """Set up, start, watch, and leave no process behind; returns the exit code."""
    wish = _read(argv)
    _check_settings()
    home = Home(wish.data, wish.mode)
    home.open()
    with contextlib.closing(home):
        try:
            _run(wish, home)
        except RefusalError:
            home.leave_as_found()
            raise
    say("Renkei has stopped.")
    return 0


def _run(wish: Wish, home: Home) -> None:
    supervisor = Supervisor()
    supervisor.listen_to_signals()
    with _listening(wish) as door, _database(home) as (urls, server):
        if server is not None:
            supervisor.database = Database(server)
            supervisor.database.note_start()
        environment = _environment(wish, home, urls, door.getsockname()[1])
        try:
            prepare_database(home, environment)
            _start_all(supervisor, wish, home, environment, door)
            supervisor.watch()
        finally:
            if supervisor.children:
                say("Stopping …")
            supervisor.stop()


def _read(argv: list[str]) -> Wish:
    parser = argparse.ArgumentParser(prog="renkei run", description="Start Renkei on this machine.")
    parser.add_argument("--empty", action="store_true", help="a real installation: no sample data, no emulators")
    parser.add_argument("--host", default=os.environ.get("RENKEI_HOST", "127.0.0.1"))
    parser.add_argument("--port", default=os.environ.get("RENKEI_PORT", "8080"), help="0: any free one")
    parser.add_argument("--data", type=Path, help="the folder for data, secrets and logs")
    options = parser.parse_args(argv)
    mode = "empty" if options.empty else "demo"
    data = (options.data or Path(os.environ.get("RENKEI_DATA_DIR") or default_folder(mode))).absolute()
    cert, key = _certificate(data)
    if not _is_loopback(options.host) and cert is None:
        raise RefusalError(
            f"Listening on {options.host} needs TLS: sign-in cookies and the microphone do not work over plain http. "
            f"Run “./renkei tls --data {data} --name THIS-MACHINE'S-NAME” first, then start again."
        )
    port = int(options.port) if options.port.isascii() and options.port.isdigit() else -1
    if not 0 <= port <= 65535:
        raise RefusalError(f"{options.port} is no port: choose one from 1 to 65535 with --port.")
    return Wish(mode, options.host, port, data, cert, key)


def _check_settings() -> None:
    """A wrong RENKEI_… value stops us here, before anything is made. Who set none need not wait for the look."""
    if any(name.startswith("RENKEI_") for name in os.environ):
        try:
            with contextlib.suppress(ValueError):  # the database's address: said better when it is tried
                from renkei import settings  # noqa: F401 - reading them is the look
        except SystemExit as refusal:
            raise RefusalError(str(refusal)) from None
        except OSError as error:
            raise because_of(error, Path(str(error.filename))) from None


def _certificate(data: Path) -> tuple[Path, Path] | tuple[None, None]:
    """Those named by the environment, else those `renkei tls` has put beside the data."""
    named = os.environ.get("RENKEI_TLS_CERT"), os.environ.get("RENKEI_TLS_KEY")
    made = data / "tls" / "server.crt", data / "tls" / "server.key"
    if named[0] and named[1]:
        certificate, key = Path(named[0]), Path(named[1])
    elif made[0].exists() and made[1].exists():
        certificate, key = made
    else:
        return None, None
    try:
        fault = fault_of(Pair(certificate.read_bytes(), key.read_bytes()), clock.now())
    except OSError as error:
        raise because_of(error, certificate) from None
    if fault:
        raise RefusalError(f"{certificate} cannot be used: {fault}. “./renkei tls” makes a new one.")
    return certificate, key


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def _listening(wish: Wish) -> Iterator[socket.socket]:
    """The door for visitors; held here, so that it stays open while the process behind it restarts."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(wish.host, wish.port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise RefusalError(f"{wish.host} is no address of this machine: choose another with --host.") from None
    with socket.socket(family, kind, protocol) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
            door.listen(512)
        except PermissionError:
            raise RefusalError(f"Port {wish.port} needs root's rights: choose another with --port.") from None
        except OSError:
            raise RefusalError(
                f"Port {wish.port} on {wish.host} is taken by another program: choose another with --port."
            ) from None
        yield door


@contextlib.contextmanager
def _database(home: Home) -> Iterator[tuple[dict[str, str], Postgres | None]]:
    """The database's addresses: the one in the environment, else our own server for as long as we run."""
    given = {
        name: url for name in ("RENKEI_DATABASE_URL", "RENKEI_OWNER_DATABASE_URL") if (url := _given(name)) is not None
    }
    given.setdefault("RENKEI_DATABASE_URL", os.environ.get("DATABASE_URL", ""))
    if given["RENKEI_DATABASE_URL"]:
        yield given, None
        return
    with Postgres(home.folder / "postgres") as server:
        yield {"RENKEI_DATABASE_URL": server.app_url, "RENKEI_OWNER_DATABASE_URL": server.owner_url}, server


def _given(name: str) -> str | None:
    """A secret of the environment, itself or in the file that NAME_FILE points to."""
    path = os.environ.get(f"{name}_FILE")
    if path and name not in os.environ:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise because_of(error, Path(path)) from None
    return os.environ.get(name)


def _environment(wish: Wish, home: Home, urls: dict[str, str], port: int) -> dict[str, str]:
    """What every process of this installation is told."""
    secrets = home.secrets()
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "RENKEI_PORT")}
    url = wish.url.replace(f":{wish.port}", f":{port}")
    told = {
        "DJANGO_SETTINGS_MODULE": "renkei.settings",
        "RENKEI_SECRET_KEY": _given("RENKEI_SECRET_KEY") or secrets.secret_key,
        "RENKEI_FIELD_KEYS": _given("RENKEI_FIELD_KEYS") or secrets.field_keys,
        "RENKEI_MODE": wish.mode,
        "RENKEI_DATA_DIR": str(home.folder),
        "RENKEI_HOST": wish.host,
        "RENKEI_PORT": str(port),
        "RENKEI_PUBLIC_URL": os.environ.get("RENKEI_PUBLIC_URL") or url,
        **urls,
    }
    if wish.tls_cert and wish.tls_key:
        told |= {"RENKEI_TLS_CERT": str(wish.tls_cert), "RENKEI_TLS_KEY": str(wish.tls_key)}
    if wish.mode == "demo":
        told["RENKEI_EMULATOR_URL"] = os.environ.get("RENKEI_EMULATOR_URL") or _emulator_url(home)
    return {**inherited, **told}


def _emulator_url(home: Home) -> str:
    """The emulator keeps its port over restarts where it can: settings and links name it."""
    for port in (int(home.prepared.get("emulator_port", "8650")), 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                trial.bind(("127.0.0.1", port))
                found = trial.getsockname()[1]
                home.remember(emulator_port=str(found))
                return f"http://127.0.0.1:{found}"
    raise RefusalError("This machine has no free port left.")


def _start_all(
    supervisor: Supervisor, wish: Wish, home: Home, environment: dict[str, str], door: socket.socket
) -> None:
    """The processes in their order; the sample office comes between, so that the first page shows it.

    What nobody waits for at a first page starts behind it: on few processors it would only be in the way.
    """
    door_environment = {**environment, "RENKEI_LISTEN_FD": str(door.fileno())}
    realtime = Child("realtime", renkei("realtime"), door_environment, home.log_of("realtime"), passed=(door.fileno(),))
    supervisor.start(realtime)
    if wish.mode == "demo":
        load_demonstration(home, environment)
    else:
        make_first_sign_in(home, environment)
    supervisor.start(Child("calls", renkei("calls"), environment, home.log_of("calls")))
    _wait_until_ready(supervisor, realtime, environment)
    if supervisor.is_stopping:
        return
    if wish.mode == "demo":
        # What customers said to the emulated systems is still there tomorrow, as it would be with real ones.
        folder = home.folder / "emulator"
        supervisor.start(
            Child("emulate", renkei("emulate", "--folder", str(folder)), environment, home.log_of("emulate"))
        )
    supervisor.start(Child("jobs", renkei("jobs"), environment, home.log_of("jobs")))
    say(f"Renkei is ready: {environment['RENKEI_PUBLIC_URL']}   (Ctrl-C stops it)")


def _wait_until_ready(supervisor: Supervisor, realtime: Child, environment: dict[str, str]) -> None:
    """Until the port answers; a process that cannot start at all ends the whole with its last words."""
    deadline = time.monotonic() + _READY_WITHIN
    while not supervisor.is_stopping and not _is_answering(environment):
        supervisor.mend(time.monotonic())
        if realtime.falls >= 3:
            raise RefusalError(f"realtime cannot start: {realtime.last_words()} See {realtime.log}")
        if time.monotonic() > deadline:
            raise RefusalError(f"Renkei did not answer within {_READY_WITHIN:.0f} s. See {realtime.log}")
        supervisor.wait_for_a_change(at_most=0.05)


def _without_names() -> ssl.SSLContext:
    """We ask ourselves on this machine: whether the process answers is the question, not who it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_answering(environment: dict[str, str]) -> bool:
    host = environment["RENKEI_HOST"]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    port = int(environment["RENKEI_PORT"])
    connection: http.client.HTTPConnection
    if "RENKEI_TLS_CERT" in environment:
        connection = http.client.HTTPSConnection(host, port, timeout=2, context=_without_names())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
