"""What the tests need beside what `./renkei run` does: Python packages, Asterisk, SIPp, Chromium, two fonts.

Asterisk comes as Debian's own packages, unpacked (not installed) into .cache/asterisk and run where they lie: no root
needed. The rest is installed where root asks, and unpacked into .cache/tools for anybody else.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

from renkei.cli import debian
from renkei.cli.debian import apt, say

ROOT = Path(__file__).resolve().parents[3]
TREE = ROOT / ".cache" / "asterisk"
TOOLS = ROOT / ".cache" / "tools"
_OLDEST_ASTERISK = 20


@dataclass(frozen=True, slots=True)
class Need:
    """A Debian package, and how to tell that what is in it is there already."""

    package: str
    program: str = ""
    font: str = ""
    library: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it can be used here."""
        return self.is_unpacked or self._is_installed

    @property
    def is_unpacked(self) -> bool:
        """Whether it lies in .cache/tools."""
        if self.font:
            return any((TOOLS / "usr/share/fonts").rglob(self.font))
        return (TOOLS / "run" / (self.program or self.library)).exists()

    @property
    def _is_installed(self) -> bool:
        if self.program:
            return shutil.which(self.program) is not None
        if self.font:
            return any(Path("/usr/share/fonts").rglob(self.font))
        return any(next(folder.glob(f"*/{self.library}"), None) for folder in (Path("/usr/lib"), Path("/lib")))


NEEDS = (
    Need("libatomic1", library="libatomic.so.1"),  # the browser driver's own Node stands on it
    Need("sip-tester", program="sipp"),
    Need("chromium", program="chromium"),
    Need("fonts-noto-cjk", font="NotoSansCJK*"),
    Need("fonts-noto-color-emoji", font="NotoColorEmoji*"),
)


def missing_packages() -> list[str]:
    """The Debian packages that the tests need and this machine has not."""
    return [need.package for need in NEEDS if not need.is_met]


def missing_python_packages(lock: Path = ROOT / "requirements" / "dev.txt") -> list[str]:
    """The Python packages of the tests' lock that are not installed here in the version it names."""
    if not lock.exists():  # an installed Renkei has no tests
        return []
    wanted = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return [name for name, version in wanted if _installed_version_of(name) != version]


def _installed_version_of(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def ensure_packages() -> list[str]:
    """Get what is missing: root installs it, anybody else unpacks it; returns the names of what is still missing."""
    if (missing := missing_packages()) and shutil.which("apt-get"):
        if os.geteuid() == 0:
            _install(missing)
        elif debian.find_mirror() is not None:
            _unpack(missing)
    return missing_packages()


def use_tools(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let programs started in `environment` find what was unpacked into .cache/tools."""
    debian.use(TOOLS, environment)


def _install(names: list[str]) -> None:
    say(f"installing Debian's {', '.join(names)} for the tests")
    apt("update", "-qq")
    for options in (names, *([name] for name in names)):  # all at once; one by one where one of them fails
        if apt("install", "-qq", "--yes", "--no-install-recommends", *options) and options is names:
            return


def _unpack(names: list[str]) -> None:
    """Into a draft that takes its place when complete; what an earlier run has unpacked is fetched again with it."""
    say(f"unpacking Debian's {', '.join(names)} into .cache/tools for the tests (about 300 MB to fetch, once)")
    draft = TOOLS.with_name("tools-draft")
    shutil.rmtree(draft, ignore_errors=True)
    wanted = sorted({*names, *(need.package for need in NEEDS if need.is_unpacked)})
    packages = debian.fetch_missing_of(wanted, draft / "apt")
    if packages:
        debian.unpack(packages, draft / "tree")
        shutil.rmtree(TOOLS, ignore_errors=True)
        (draft / "tree").rename(TOOLS)
        programs, libraries = [need.program for need in NEEDS], [need.library for need in NEEDS]
        debian.make_runnable(TOOLS, list(filter(None, programs)), list(filter(None, libraries)))
    shutil.rmtree(draft, ignore_errors=True)


def ensure_asterisk() -> Path | None:
    """The file tree of a usable Asterisk (20 or newer), fetched once; None where this machine cannot get one."""
    if (TREE / "usr/sbin/asterisk").exists():
        return TREE
    if installed_version() >= _OLDEST_ASTERISK:
        say("using the Asterisk installed on this machine")
        TREE.parent.mkdir(exist_ok=True)
        TREE.symlink_to("/")
        return TREE
    mirror = debian.find_mirror()
    if mirror is None:
        say("this machine has neither Asterisk 20 nor Debian's package sources")
        return None
    say("fetching Asterisk from Debian sid into .cache/asterisk (about 100 MB, once)")
    return _unpack_asterisk(mirror)


def installed_version() -> int:
    """The major version of the machine's own Asterisk; 0 when there is none."""
    found = re.search(r"Asterisk (?:certified/)?(\d+)", installed_asterisk())
    return int(found[1]) if found else 0


def installed_asterisk() -> str:
    """What the machine's own Asterisk calls itself; empty when there is none."""
    program = shutil.which("asterisk") or ("/usr/sbin/asterisk" if Path("/usr/sbin/asterisk").exists() else None)
    if program is None:
        return ""
    return subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout


def _unpack_asterisk(mirror: str) -> Path | None:
    """With its own C library, for sid's is newer than ours: nothing of this machine counts as installed."""
    draft = TREE.with_name("asterisk-draft")
    shutil.rmtree(draft, ignore_errors=True)
    packages = debian.fetch_all_of(["asterisk", "asterisk-modules"], mirror, "sid", draft / "apt")
    if not packages:
        shutil.rmtree(draft, ignore_errors=True)
        return None
    tree = draft / "tree"
    debian.unpack(packages, tree)
    version = next((package.name for package in packages if package.name.startswith("asterisk_")), "unknown")
    (tree / "VERSION").write_text(f"{version}, from Debian sid\n", encoding="utf-8")
    tree.rename(TREE)
    shutil.rmtree(draft)
    say(f"the tests' Asterisk is {version}")
    return TREE
