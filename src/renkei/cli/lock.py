"""``renkei lock``: compiles the hash-pinned locks after a change to requirements/*.in."""

import argparse
import os
import shutil
import subprocess
from pathlib import Path

from renkei.cli.refusal import RefusalError

ROOT = Path(__file__).resolve().parents[3]
_NAMES = ("uv", "build", "run", "speech", "dev")
_OPTIONS = (
    "--quiet", "--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links",
    "--python-version", "3.11",
)  # fmt: skip


def main(argv: list[str]) -> int:
    """Compile all locks, or those named; --upgrade takes the newest versions instead of keeping the known ones."""
    parser = argparse.ArgumentParser(prog="renkei lock")
    parser.add_argument("names", nargs="*", default=list(_NAMES), choices=[*_NAMES, []])
    parser.add_argument("--upgrade", action="store_true")
    options = parser.parse_args(argv)
    uv = shutil.which("uv") or str(ROOT / ".cache" / "uv" / "bin" / "uv")
    if not Path(uv).exists():
        raise RefusalError("uv is missing: remove .cache and start again, or install uv.")
    for name in options.names:
        source, target = f"requirements/{name}.in", f"requirements/{name}.txt"
        upgrade = ["--upgrade"] if options.upgrade else []
        done = subprocess.run(
            [uv, "pip", "compile", *_OPTIONS, *upgrade, source, "-o", target],
            cwd=ROOT,
            env={**os.environ, "UV_CUSTOM_COMPILE_COMMAND": "./renkei lock"},
            check=False,
        )
        if done.returncode != 0:
            return done.returncode
        print(f"{target} is up to date")
    return 0
