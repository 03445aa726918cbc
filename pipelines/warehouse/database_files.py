"""The paths of DuckDB's files: as DuckDB must be told them, and what it writes beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import JobError

LOG_ENDINGS = (".wal", ".wal.checkpoint", ".wal.recovery")


def path_text(path: Path) -> str:
    """The path in UTF-8, which DuckDB speaks whatever the locale says that file names are in."""
    return os.fsencode(path).decode("utf-8")


def beside(database: Path, ending: str) -> Path:
    """Where DuckDB puts a file that belongs to a database, such as its log (`.wal`).

    It takes a question mark for the begin of a URL's parameters and puts the ending before it:
    the log of `/what?/work.duckdb` is `/what.wal?/work.duckdb`. It resolves links first.
    """
    path = str(Path(os.path.realpath(database.parent), database.name))
    begin, mark, rest = path.partition("?")
    return Path(f"{begin}{ending}{mark}{rest}")


@contextmanager
def room_for_logs(directories: list[Path]) -> Iterator[None]:
    """Make the folders in which DuckDB wants the logs of databases in these directories, where
    those are others; remove them in the end unless a log is left for the next run.

    Raises:
        JobError: such a folder can't be made.
    """
    folders = [
        beside(each / "database", ending).parent for each in directories for ending in LOG_ENDINGS
    ]
    elsewhere = [folder for folder in folders if "?" in str(folder)]
    try:
        for folder in elsewhere:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JobError(
            f"The path {directories[0]} holds a question mark, so that DuckDB wants its log in"
            f" {folder}, which can't be made: {error.strerror}. Let this user write there, or set"
            " warehouse.directory to a path without one."
        ) from error
    try:
        yield
    finally:
        for folder in reversed(elsewhere):
            _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    """With those above it that hold nothing else and that were made for it."""
    while "?" in str(folder):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
