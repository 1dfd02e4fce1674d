"""The table of commands: what each is called, what it does, and the module whose ``main(argv)`` does it."""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from renkei.cli.refusal import RefusalError


@dataclass(frozen=True, slots=True)
class Command:
    """A command's module is imported only when it is asked for: starting stays quick."""

    module: str
    summary: str


FOR_PEOPLE = {
    "run": Command("renkei.cli.run", "start Renkei: the demonstration, or with --empty a real installation"),
    "test": Command("renkei.cli.testing", "set up what the tests need and run them (--all adds the long runs)"),
    "check": Command("renkei.cli.checking", "layers, types, style, migrations, translations, templates"),
    "bench": Command("renkei.cli.bench", "measure, each beside its yardstick (bench/RESULTS.md)"),
    "tls": Command("renkei.cli.tls", "make a certificate, or take one, so that other computers may connect"),
    "backup": Command("renkei.cli.backup", "write the database and its secrets into a folder, also while Renkei runs"),
    "restore": Command("renkei.cli.restore", "make an installation out of such a folder"),
    "doctor": Command("renkei.cli.doctor", "look at this machine and installation, and say what is wrong"),
    "asterisk": Command("renkei.cli.asterisk", "write the configuration of the Asterisk beside us"),
    "rows": Command("renkei.cli.rows", "which requirement is proven by which test (--write updates the page)"),
    "api": Command("renkei.cli.api_description", "the REST API as OpenAPI (--write updates docs/api)"),
    "lock": Command("renkei.cli.lock", "compile the hash-pinned locks after a change to requirements/*.in"),
    "django": Command("renkei.cli.django_passthrough", "Django's own commands, with this installation's settings"),
    "version": Command("renkei.cli.version", "print the version"),
}
PROCESSES = {
    "realtime": Command("renkei.cli.realtime", "event stream, look-up API, webhooks, and the pages on the same port"),
    "calls": Command("renkei.cli.calls", "the worker that carries calls"),
    "jobs": Command("renkei.cli.jobs", "the worker for import services and one-off work"),
    "emulate": Command("renkei.cli.emulate.command", "the emulated chatbot provider of the demonstration"),
    "demo": Command("renkei.cli.demo.command", "load the demonstration's sample office"),
    "first-sign-in": Command("renkei.cli.first_sign_in", "make the first administrator's one-time sign-in"),
}


def main(argv: list[str] | None = None) -> int:
    """Do what `argv` says; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    name = arguments[0] if arguments else "help"
    if name in ("help", "--help", "-h"):
        print(usage())
        return 0
    command = {**FOR_PEOPLE, **PROCESSES}.get("version" if name == "--version" else name)
    if command is None:
        print(f"renkei: there is no command “{name}”.\n\n{usage()}", file=sys.stderr)
        return 2
    try:
        run = cast(Callable[[list[str]], int], importlib.import_module(command.module).main)
        return run(arguments[1:])
    except RefusalError as refusal:
        print(f"renkei: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def usage() -> str:
    """The list of commands."""
    lines = ["Usage: ./renkei COMMAND [options]", ""]
    lines += [f"  {name:<14} {command.summary}" for name, command in FOR_PEOPLE.items()]
    lines += ["", "Single processes, for running them on machines of their own:"]
    lines += [f"  {name:<14} {command.summary}" for name, command in PROCESSES.items()]
    return "\n".join(lines)
