"""The second start of the demonstration until its first page is there, and the idle memory of all its processes."""

import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.report import Report, percentile

_ROOT = Path(__file__).resolve().parents[1]
_MEGABYTE = 1024  # kilobytes, as /proc counts
_STEADY = 0.01  # the share by which memory may still change from one look to the next
_BETWEEN_LOOKS = 3.0  # seconds


@dataclass(frozen=True, slots=True)
class Memory:
    """What one kind of process holds, in kilobytes: pages in memory, and its fair share of those it shares."""

    processes: int
    rss: int
    pss: int


async def run(scale: float, seconds: float) -> Report:
    """Start once to prepare everything, then ``5 × scale`` times; the last one's memory is measured."""
    with tempfile.TemporaryDirectory(prefix="rkb-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        data = Path(name) / "data"
        with _started(data) as said:
            _first_page(said)
        took, memory = [], {}
        starts = max(1, round(5 * scale))
        for number in range(starts):
            began = time.perf_counter()
            with _started(data) as said:
                _first_page(said)
                took.append(time.perf_counter() - began)
                if number == starts - 1:
                    memory = _idle_memory(said.pid, at_most=max(30.0, seconds))
    return _report(took, memory)


def _report(took: list[float], memory: dict[str, Memory]) -> Report:
    report = Report("start: ./renkei run, prepared before, to the first page")
    report.verdicts += [f"start {number}: {each:.2f} s" for number, each in enumerate(took, 1)]
    report.judge("median", percentile(took, 0.5), aim=3.0, is_upper=True, unit=" s")
    report.verdicts.append(f"{'idle memory':<14}{'processes':>10}{'RSS':>10}{'PSS':>10}")
    for name, held in sorted(memory.items()):
        megabytes = f"{held.rss / _MEGABYTE:>7.0f} MB{held.pss / _MEGABYTE:>7.0f} MB"
        report.verdicts.append(f"{name:<14}{held.processes:>10}{megabytes}")
    whole = sum(held.pss for held in memory.values()) / _MEGABYTE
    report.judge("all together (PSS)", whole, aim=600, is_upper=True, unit=" MB")
    return report


@contextmanager
def _started(data: Path) -> Iterator[subprocess.Popen[str]]:
    """``./renkei run`` as a person types it, on any free port; ended as by Ctrl-C."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RENKEI_", "DJANGO"))}
    kept.pop("PYTHONPATH", None)
    command = [str(_ROOT / "renkei"), "run", "--port", "0", "--data", str(data)]
    child = subprocess.Popen(command, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)


def _first_page(said: subprocess.Popen[str]) -> None:
    """Read along until it is ready, then ask for the page a visitor meets first."""
    assert said.stdout is not None
    lines = []
    for line in said.stdout:
        lines.append(line)
        if "is ready: " in line:
            url = line.split("is ready: ")[1].split()[0]
            with urllib.request.urlopen(f"{url}/", timeout=30) as page:
                if b"</html>" in page.read():
                    return
            break
    raise RuntimeError("no first page: " + "".join(lines[-5:]))


def _idle_memory(supervisor: int, *, at_most: float) -> dict[str, Memory]:
    """By kind of process, once it no longer grows."""
    ends_at = time.monotonic() + at_most
    seen = _memory(supervisor)
    while time.monotonic() < ends_at:
        time.sleep(_BETWEEN_LOOKS)
        before, seen = seen, _memory(supervisor)
        if abs(_sum(seen) - _sum(before)) <= _STEADY * _sum(before):
            break
    return seen


def _sum(memory: dict[str, Memory]) -> int:
    return sum(held.pss for held in memory.values())


def _memory(supervisor: int) -> dict[str, Memory]:
    processes, rss, pss = Counter[str](), Counter[str](), Counter[str]()
    for pid in _family(supervisor):
        try:
            said = (Path("/proc") / str(pid) / "smaps_rollup").read_text(encoding="utf-8")
            name = _name_of(pid)
        except OSError:  # it has just ended
            continue
        held = dict(line.split(":", 1) for line in said.splitlines()[1:])
        processes[name] += 1
        rss[name] += int(held["Rss"].split()[0])
        pss[name] += int(held["Pss"].split()[0])
    return {name: Memory(processes[name], rss[name], pss[name]) for name in processes}


def _family(first: int) -> Iterator[int]:
    """A process and all that it has started, and they."""
    yield first
    for task in (Path("/proc") / str(first) / "task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from _family(int(child))


def _name_of(pid: int) -> str:
    """``realtime``, ``calls`` …; PostgreSQL's processes count as one."""
    words = (Path("/proc") / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    if "postgres" in words[0]:
        return "postgres"
    return words[words.index("renkei.cli") + 1] if "renkei.cli" in words else Path(words[0]).name
