"""``./renkei bench NAME``: measures one thing beside its yardstick and prints the ratio."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from bench import calls, imports, kill, look_up, pages, pop_up, push, start
from bench.report import Report

BENCHES: dict[str, tuple[Callable[[float, float], Coroutine[Any, Any, Report]], str]] = {
    "calls": (calls.run, "calls with a look-up through Asterisk, against the barest ARI application"),
    "decision": (calls.decide, "arrival to answer at 50 calls a second, against the same bare application"),
    "import": (imports.run, "100 000 completed chats over HTTP pages, against COPY of the same rows"),
    "look-up": (look_up.run, "the look-up API against a bare route with the same statement"),
    "pages": (pages.run, "the call history over a million calls, page by page, against an empty page"),
    "pop-up": (pop_up.run, "a call's arrival to the event in its agent's stream, against bare LISTEN/NOTIFY"),
    "push": (push.run, "signed pushes of completed chats, against a bare route with the same INSERT"),
    "start": (start.run, "the second start to the first page, and the idle memory of all processes"),
}


def main(argv: list[str]) -> int:
    """Run one bench, print its table; returns the exit status: 0 also when an aim is missed, 1 for a kill violation."""
    if argv[:1] == ["kill"]:
        return kill.main(argv[1:])
    names = "\n".join(f"  {name:<10} {what}" for name, (_, what) in BENCHES.items())
    names += "\n  kill       seeded kill points of the import (--points, --seed): violations are counted"
    parser = argparse.ArgumentParser(
        prog="renkei bench", epilog=names, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=sorted([*BENCHES, "kill"]))
    parser.add_argument("--scale", type=float, default=1.0, help="how much is stored or open, 1 is the usual size")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each side is measured")
    options = parser.parse_args(argv)
    bench, _ = BENCHES[options.name]
    report = asyncio.run(bench(options.scale, options.seconds))
    sys.stdout.write(report.write())
    return 0
