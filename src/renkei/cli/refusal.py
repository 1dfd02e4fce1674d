"""Why a command cannot go on: one sentence for the person at the terminal, never a traceback."""

import errno
from pathlib import Path


class RefusalError(Exception):
    """The command ends here, with this sentence and exit code 1."""


def because_of(error: OSError, path: Path) -> RefusalError:
    """The sentence for what the file system refused at `path`."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return RefusalError(f"The disk that holds {path} is full: free some space there, then start again.")
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return RefusalError(
                f"Renkei may not write to {path}: give this account the right to, or choose another folder with --data."
            )
        case errno.ENOTDIR | errno.EEXIST:
            return RefusalError(f"{path} is not a folder: choose another one with --data.")
        case _:
            return RefusalError(f"{path}: {error.strerror}.")


def tells_full_disk(said: str) -> bool:
    """Whether what PostgreSQL or one of its programs said means a full disk: a file that can be extended by a part of a
    page only is told in other words, with the same hint."""
    return "No space left" in said or "Check free disk space" in said
