"""Debian packages without root: fetched by apt with a state of its own, unpacked, not installed, run where they lie."""

import os
import shutil
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_INSTALLED = "/var/lib/dpkg/status"
_PROGRAM = """#!/bin/sh
# {program} of the packages unpacked beside this folder.
export LD_LIBRARY_PATH="{libraries}"
exec "{program}" "$@"
"""


def say(line: str) -> None:
    """One line on the error stream, so that it does not get into pytest's report."""
    print(f"renkei: {line}", file=sys.stderr, flush=True)


def find_mirror() -> str | None:
    """Where this machine's own package sources point to; None where they are not Debian's."""
    if not shutil.which("apt-get") or not Path(_KEYRING).exists():
        return None
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    uris = [line.split(" ", 1)[-1].strip() for line in listed]
    return next((uri for uri in uris if uri.rstrip("/").endswith("/debian")), None)


def fetch_all_of(packages: Sequence[str], mirror: str, suite: str, state: Path) -> list[Path]:
    """The packages with all they stand on, down to the C library, out of `suite`; empty when it did not work."""
    _make_state(state)
    (state / "status").touch()
    sources = state / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING}] {mirror} {suite} main\n", encoding="utf-8")
    options = [
        f"Dir::State::status={state / 'status'}", f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=-",
        "Dir::Etc::preferencesparts=-", "Acquire::Check-Valid-Until=false",
    ]  # fmt: skip
    return _fetch(packages, state, options)


def fetch_missing_of(packages: Sequence[str], state: Path) -> list[Path]:
    """The packages, and what of the things they stand on is not installed here; empty when it did not work."""
    _make_state(state)
    return _fetch(packages, state, [f"Dir::State::status={_INSTALLED}"])


def unpack(packages: Sequence[Path], tree: Path) -> None:
    """The packages' files below `tree`; their scripts are not run."""
    tree.mkdir(parents=True, exist_ok=True)
    for package in packages:
        subprocess.run(["dpkg-deb", "--extract", package, tree], check=True)


def make_runnable(tree: Path, programs: Sequence[str], libraries: Sequence[str]) -> None:
    """`tree`/run: commands that find their libraries in the tree, settings by which its fonts are found, and links to
    the `libraries` that programs from elsewhere need."""
    (tree / "run").mkdir(exist_ok=True)
    for library in libraries:
        for place in [*tree.glob(f"usr/lib/*/{library}"), *tree.glob(f"lib/*/{library}")][:1]:
            (tree / "run" / library).symlink_to(place)
    for program in programs:
        # Chromium's own command is a script that looks for /usr/lib/chromium.
        found = [path for path in (tree / "usr/lib" / program / program, tree / "usr/bin" / program) if path.exists()]
        if found:
            command = tree / "run" / program
            command.write_text(
                _PROGRAM.format(program=found[0], libraries=":".join([str(found[0].parent), *_libraries(tree)])),
                encoding="utf-8",
            )
            command.chmod(0o755)
    if (tree / "usr/share/fonts").exists():
        (tree / "run" / "fonts.conf").write_text(_font_settings(tree), encoding="utf-8")


def use(tree: Path, environment: MutableMapping[str, str]) -> None:
    """Let programs started in `environment` find what is in `tree`/run; harmless when there is nothing."""
    run = tree / "run"
    if run.exists():
        environment["PATH"] = _joined(environment.get("PATH", os.defpath), run)
    if any(run.glob("*.so.*")):
        environment["LD_LIBRARY_PATH"] = _joined(environment.get("LD_LIBRARY_PATH", ""), run)
    if (run / "fonts.conf").exists():
        environment["FONTCONFIG_FILE"] = str(run / "fonts.conf")


def _joined(paths: str, more: Path) -> str:
    known = [path for path in paths.split(os.pathsep) if path]
    return os.pathsep.join(known if str(more) in known else [*known, str(more)])


def apt(*arguments: str) -> bool:
    """Whether apt-get did it; says its first complaint where it did not."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", *arguments], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        say((done.stderr.strip().splitlines() or ["apt-get failed"])[-1])
    return done.returncode == 0


def _make_state(state: Path) -> None:
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)


def _fetch(packages: Sequence[str], state: Path, more: Sequence[str]) -> list[Path]:
    own = [
        f"Dir::State={state / 'state'}", f"Dir::Cache={state / 'cache'}", "APT::Sandbox::User=",
        "APT::Install-Recommends=false", "Acquire::Languages=none", "Debug::NoLocking=true", *more,
    ]  # fmt: skip
    options = [part for option in own for part in ("-o", option)]
    download = ["install", "-qq", "--yes", "--download-only"]
    if not (apt(*options, "update", "-qq") and apt(*options, *download, *packages)):
        return []
    return sorted((state / "cache" / "archives").glob("*.deb"))


def _libraries(tree: Path) -> list[str]:
    """The tree's folders with libraries: lib itself, and those one below it (NSS, PulseAudio, BLAS)."""
    places = [*tree.glob("usr/lib/*-linux-gnu*"), *tree.glob("lib/*-linux-gnu*")]
    folders = [folder for place in places for folder in (place, *sorted(place.iterdir())) if folder.is_dir()]
    return [str(folder) for folder in folders if any(folder.glob("lib*.so*"))]


def _font_settings(tree: Path) -> str:
    """The machine's own settings where it has some, else those of the tree; the links in conf.d point to /usr."""
    machine = Path("/etc/fonts/fonts.conf")
    names = sorted(path.name for path in (tree / "etc/fonts/conf.d").glob("*.conf"))
    places = [tree / "usr/share/fontconfig/conf.avail", tree / "etc/fonts/conf.avail"]
    found = [place / name for name in names for place in places if (place / name).exists()]
    includes = [machine] if machine.exists() else found
    lines = [f'  <include ignore_missing="yes">{path}</include>' for path in includes]
    folders = [f"  <dir>{folder}</dir>" for folder in ("/usr/share/fonts", tree / "usr/share/fonts")]
    cache = f"  <cachedir>{tree / 'run' / 'fonts'}</cachedir>"
    head = '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>'
    return "\n".join([head, *folders, *lines, cache, "</fontconfig>", ""])
