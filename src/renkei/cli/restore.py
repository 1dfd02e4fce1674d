"""``renkei restore``: an installation out of what ``renkei backup`` has written, in a folder that holds none yet."""

import argparse
import contextlib
import json
import os
import shutil
from pathlib import Path

from renkei.cli.backup import ABOUT, DUMP, SECRETS, run_tool
from renkei.cli.home import Home, default_folder
from renkei.cli.postgres import DATABASE, Postgres
from renkei.cli.refusal import RefusalError, because_of


def main(argv: list[str]) -> int:
    """Make the installation, complete or not at all; returns the exit code."""
    parser = argparse.ArgumentParser(prog="renkei restore", description="Bring a backup back.")
    parser.add_argument("backup", type=Path, help="the folder that “renkei backup” made")
    parser.add_argument("--data", type=Path, help="the folder for the installation; it must hold none yet")
    options = parser.parse_args(argv)
    backup = options.backup.absolute()
    mode = _mode_of(backup)
    data = (options.data or Path(os.environ.get("RENKEI_DATA_DIR") or default_folder(mode))).absolute()
    if any((data / name).exists() for name in ("postgres", SECRETS)):
        raise RefusalError(f"{data} holds an installation: move it aside first, or choose another with --data.")
    home = Home(data, mode)
    home.open()
    with contextlib.closing(home):
        try:
            _bring_back(backup, home)
        except RefusalError:
            shutil.rmtree(data / "postgres", ignore_errors=True)  # its log says nothing that the sentence does not
            home.leave_as_found()
            raise
    start = "./renkei run" if mode == "demo" else "./renkei run --empty"
    print(f"{backup} is back in {data}. Start it: {start} --data {data}")
    return 0


def _mode_of(backup: Path) -> str:
    """What kind of installation it was; refuses what is no whole backup."""
    try:
        mode = json.loads((backup / ABOUT).read_text(encoding="utf-8"))["mode"]
    except (OSError, ValueError, LookupError, TypeError):
        mode = None
    if mode not in ("demo", "empty") or not all((backup / name).is_file() for name in (DUMP, SECRETS)):
        raise RefusalError(f"{backup} is no backup: name the folder that “./renkei backup” made.")
    return str(mode)


def _bring_back(backup: Path, home: Home) -> None:
    try:
        shutil.copyfile(backup / SECRETS, home.folder / SECRETS)
        (home.folder / SECRETS).chmod(0o600)
    except OSError as error:
        raise because_of(error, home.folder) from None
    with Postgres(home.folder / "postgres") as server:
        run_tool(server, "pg_restore", "--single-transaction", f"--dbname={DATABASE}", str(backup / DUMP))
