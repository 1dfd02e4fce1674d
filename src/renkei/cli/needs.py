"""What the tests need from outside Python: Asterisk, SIPp, Chromium, two fonts. Says what it installs.

Asterisk comes as Debian's own packages, unpacked (not installed) into .cache/asterisk and run where they lie: no
root needed. The rest is installed by root; anybody else goes without it, and the tests that need it say so.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TREE = ROOT / ".cache" / "asterisk"
_OLDEST_ASTERISK = 20
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True, slots=True)
class Need:
    """A Debian package, and how to tell that what is in it is there already."""

    package: str
    program: str = ""
    font: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it can be used here."""
        if self.program:
            return shutil.which(self.program) is not None
        return any(Path("/usr/share/fonts").rglob(self.font))


NEEDS = (
    Need("sip-tester", program="sipp"),
    Need("chromium", program="chromium"),
    Need("fonts-noto-cjk", font="NotoSansCJK*"),
    Need("fonts-noto-color-emoji", font="NotoColorEmoji*"),
)


def say(line: str) -> None:
    """One line on the error stream, so that it does not get into pytest's report."""
    print(f"renkei: {line}", file=sys.stderr, flush=True)


def ensure_packages() -> list[str]:
    """Install what is missing, where we may; returns the names of what is still missing."""
    missing = [need for need in NEEDS if not need.is_met]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        names = [need.package for need in missing]
        say(f"installing Debian's {', '.join(names)} for the tests")
        _apt("update", "-qq")
        for options in (names, *([name] for name in names)):  # all at once; one by one where one of them fails
            if _apt("install", "-qq", "--yes", "--no-install-recommends", *options):
                break
    return [need.package for need in NEEDS if not need.is_met]


def ensure_asterisk() -> Path | None:
    """The file tree of a usable Asterisk (20 or newer), fetched once; None where this machine cannot get one."""
    if (TREE / "usr/sbin/asterisk").exists():
        return TREE
    if installed_version() >= _OLDEST_ASTERISK:
        say("using the Asterisk installed on this machine")
        TREE.parent.mkdir(exist_ok=True)
        TREE.symlink_to("/")
        return TREE
    mirror = _debian_mirror()
    if mirror is None:
        say("this machine has neither Asterisk 20 nor Debian's package sources")
        return None
    say("fetching Asterisk from Debian sid into .cache/asterisk (about 100 MB, once)")
    return _unpack_asterisk(mirror)


def installed_version() -> int:
    """The major version of the machine's own Asterisk; 0 when there is none."""
    program = shutil.which("asterisk") or ("/usr/sbin/asterisk" if Path("/usr/sbin/asterisk").exists() else None)
    if program is None:
        return 0
    said = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Asterisk (?:certified/)?(\d+)", said)
    return int(found[1]) if found else 0


def _debian_mirror() -> str | None:
    """Where this machine's own package sources point to."""
    if not shutil.which("apt-get") or not Path(_KEYRING).exists():
        return None
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    uris = [line.split(" ", 1)[-1].strip() for line in listed]
    return next((uri for uri in uris if uri.rstrip("/").endswith("/debian")), None)


def _unpack_asterisk(mirror: str) -> Path | None:
    """apt with a state of its own (so that nothing of this machine counts as installed), then dpkg-deb --extract."""
    draft = TREE.with_name("asterisk-draft")
    shutil.rmtree(draft, ignore_errors=True)
    state = draft / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial", "etc"):
        (state / folder).mkdir(parents=True)
    (state / "state" / "status").touch()
    (state / "etc" / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {mirror} sid main\n", encoding="utf-8")
    own = [
        f"Dir::State={state}/state", f"Dir::State::status={state}/state/status", f"Dir::Cache={state}/cache",
        f"Dir::Etc::sourcelist={state}/etc/sources.list", "Dir::Etc::sourceparts=-", "Dir::Etc::preferencesparts=-",
        "APT::Sandbox::User=", "APT::Install-Recommends=false", "Acquire::Check-Valid-Until=false",
        "Acquire::Languages=none", "Debug::NoLocking=true",
    ]  # fmt: skip
    options = [part for option in own for part in ("-o", option)]
    fetched = _apt(*options, "update", "-qq") and _apt(
        *options, "install", "-qq", "--yes", "--download-only", "asterisk", "asterisk-modules"
    )
    packages = sorted((state / "cache" / "archives").glob("*.deb"))
    if not fetched or not packages:
        shutil.rmtree(draft, ignore_errors=True)
        return None
    tree = draft / "tree"
    for package in packages:
        subprocess.run(["dpkg-deb", "--extract", package, tree], check=True)
    version = next((package.name for package in packages if package.name.startswith("asterisk_")), "unknown")
    (tree / "VERSION").write_text(f"{version}, from Debian sid\n", encoding="utf-8")
    tree.rename(TREE)
    shutil.rmtree(draft)
    say(f"the tests' Asterisk is {version}")
    return TREE


def _apt(*arguments: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", *arguments], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        say((done.stderr.strip().splitlines() or ["apt-get failed"])[-1])
    return done.returncode == 0
