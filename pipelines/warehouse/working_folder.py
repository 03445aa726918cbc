"""The folder inside the warehouse in which a run keeps what is not finished.

Everything in it is Billhouse's, so that what a killed run left can be removed unseen; a mark tells
it from a folder of somebody else's that has the same name.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import UsageError

_MARK = "made-by-billhouse"
# A link in the folder to one of this name, in the folder for temporary files, is Billhouse's too.
ELSEWHERE = "billhouse-dlt-"


@contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """The folder, with nothing in it but its mark; afterwards it is gone.

    Raises:
        UsageError: what is there under this name is not Billhouse's.
    """
    claim(folder)
    try:
        yield folder
    finally:
        remove(folder)


def claim(folder: Path) -> None:
    """Make the folder, or empty the one that a killed run left.

    Raises:
        UsageError: what is there under this name is not Billhouse's.
    """
    if folder.is_symlink() or folder.exists():
        if not _is_ours(folder):
            raise UsageError(
                f"{folder} is in the way: Billhouse needs this name for what it is writing, and"
                " something else is there, which it leaves alone. Move that aside, and try again."
            )
        _empty(folder)
    else:
        folder.mkdir(parents=True)
    (folder / _MARK).touch()


def remove(folder: Path) -> None:
    """Remove the folder and what is in it, its mark last: who is killed meanwhile leaves it marked.

    What can't be removed stays for the next one.
    """
    try:
        _empty(folder, ignore_errors=True)
        (folder / _MARK).unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        # The next run empties it.
        return


def unmark(folder: Path) -> None:
    """Make a folder that is finished one like any other."""
    (folder / _MARK).unlink()


def _is_ours(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = {entry.name for entry in folder.iterdir()}
    return not names or _MARK in names


def _empty(folder: Path, *, ignore_errors: bool = False) -> None:
    for entry in list(folder.iterdir()):
        if entry.name == _MARK:
            continue
        if entry.is_symlink() and entry.readlink().name.startswith(ELSEWHERE):
            shutil.rmtree(entry.readlink(), ignore_errors=True)
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=ignore_errors)
        else:
            entry.unlink(missing_ok=True)
