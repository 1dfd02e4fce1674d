"""The whole of Renkei as child processes on a database of its own: pages, stream, calls worker, emulator."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from cryptography.fernet import Fernet
from psycopg import sql

from renkei.cli.postgres import APP, OWNER
from tests.asterisk_rig import free_port
from tests.database import start_server_once
from tests.environment import RUN, TEMPLATE, WORKER, server

READY_WITHIN = 40.0
Value = TypeVar("Value")


@dataclass(slots=True)
class Stack:
    """A running demonstration. ``url`` is Renkei's address, ``emulator`` the chatbot provider's."""

    url: str
    emulator: str
    database: str
    environment: Mapping[str, str]
    user: str = ""
    password: str = ""
    logs: Path = RUN
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Ask the database; for what no screen shows."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def change(self, statement: str) -> None:
        """Change a setting under the running processes."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(statement.encode())

    def trouble(self, failure: str | None) -> None:
        """Order a failure of the provider, or (None) health."""
        if failure is None:
            self.ask_emulator("DELETE", "/control/failures")
        else:
            self.ask_emulator("PUT", "/control/failures", {"failure": failure})

    def seed_chat(self, number: str, *texts: str, minutes_ago: float = 5) -> None:
        """A chat in which a customer gave ``number`` some minutes ago."""
        self.ask_emulator("POST", "/control/chats", {"number": number, "texts": texts, "minutes_ago": minutes_ago})

    def ask_emulator(self, method: str, path: str, body: object = None) -> Any:
        """One request to the emulator's control."""
        request = urllib.request.Request(
            self.emulator + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def start(self, name: str, *arguments: str) -> None:
        """Start one of our processes."""
        with (self.logs / f"{WORKER}-{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", "renkei.cli", name, *arguments],
                env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            )  # fmt: skip

    def end(self, name: str) -> None:
        """End one of them."""
        child = self.children.pop(name)
        child.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)
        child.kill()

    def stop(self) -> None:
        """End all of them."""
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(10)
            child.kill()

    def last_words(self) -> str:
        """The ends of the logs, for a failing test's report."""
        logs = sorted(self.logs.glob(f"{WORKER}-*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)


def wait_for(what: Callable[[], Value | None], *, within: float = 15.0, said: str = "") -> Value:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + within
    while True:
        answer = what()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:.0f} s: {said}")
        time.sleep(0.05)


@contextlib.contextmanager
def running_stack(
    *,
    calls: int = 150,
    story: str = "journey",
    told: Mapping[str, str] | None = None,
    before_calls: Callable[[Stack], None] = lambda _: None,
) -> Iterator[Stack]:
    """A demonstration with ``calls`` sample calls, ended with the block; ``told`` are further settings, and
    ``before_calls`` is done before the calls worker starts."""
    start_server_once()
    name = f"{story}_{WORKER}"
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        make = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(make.format(*map(sql.Identifier, (name, OWNER, TEMPLATE))))
    stack = _describe(name, told or {})
    try:
        stack.user, stack.password = _load_sample(stack, calls)
        stack.change("UPDATE renkei_guidance SET seconds = 0.3")  # nobody listens to the whole of it here
        stack.start("emulate", "--url", stack.emulator)
        stack.start("realtime")
        before_calls(stack)
        stack.start("calls")
        wait_for(lambda: _is_ready(stack), within=READY_WITHIN, said=stack.last_words())
        yield stack
    finally:
        stack.stop()
        with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _describe(name: str, told: Mapping[str, str]) -> Stack:
    port, emulator = free_port(), f"http://127.0.0.1:{free_port()}"
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("RENKEI_")}
    folder = RUN / name.replace("_", "-")
    folder.mkdir(exist_ok=True)
    environment = (
        inherited
        | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "DJANGO_SETTINGS_MODULE": "renkei.settings",
            "RENKEI_MODE": "demo",
            "RENKEI_DATABASE_URL": server.url(APP, name),
            "RENKEI_OWNER_DATABASE_URL": server.url(OWNER, name),
            "RENKEI_SECRET_KEY": os.environ["RENKEI_TEST_SECRET"],
            "RENKEI_FIELD_KEYS": Fernet.generate_key().decode(),
            "RENKEI_DATA_DIR": str(folder),
            "RENKEI_PORT": str(port),
            "RENKEI_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "RENKEI_EMULATOR_URL": emulator,
            "RENKEI_WORKER_NAME": f"journey-{WORKER}",
        }
        | dict(told)
    )
    return Stack(f"http://127.0.0.1:{port}", emulator, server.url(OWNER, name), environment, logs=folder)


def _load_sample(stack: Stack, calls: int) -> tuple[str, str]:
    loaded = subprocess.run(
        [sys.executable, "-m", "renkei.cli", "demo", "--calls", str(calls)],
        env=dict(stack.environment), capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    told = re.search(r"user name (\S+), password (\S+)", loaded.stdout)
    assert told, loaded.stderr
    return told[1], told[2]


def _is_ready(stack: Stack) -> bool:
    fallen = [name for name, child in stack.children.items() if child.poll() is not None]
    assert not fallen, f"{fallen} ended:\n{stack.last_words()}"
    worker = "SELECT 1 FROM renkei_worker WHERE lease_until > clock_timestamp()"
    return _answers(f"{stack.url}/healthz") and _answers(stack.emulator) and bool(stack.rows(worker))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
