"""The warehouse on disk: its files, who may read them, and who may write to them now."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import working_folder
from pipelines.configuration import readable_configuration
from pipelines.database_files import path_text, room_for_logs
from pipelines.failures import JobError, UsageError
from pipelines.layout import bring_up_to_date

if TYPE_CHECKING:
    import duckdb
    from filelock import BaseFileLock

DEFAULT_DIRECTORY = "warehouse"
PUBLISHED = "billhouse.duckdb"
_DIRECTORY_VARIABLE = "WAREHOUSE__DIRECTORY"
_LONGEST_NUMBER = 20
# From it on, DuckDB knows by its log which file, and which state of it, the log belongs to.
STORAGE: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0"
}
_LOCK_HOLDER = re.compile(r"\(PID (?P<process>\d+)\)")


class WarehouseBusyError(JobError):
    """Another run is at work in the warehouse."""


@dataclass(frozen=True)
class Warehouse:
    """Where everything lies. Only `published` and `parquet` are for others to read.

    What is created in one that `is_private` is its owner's alone, whatever the umask says.
    """

    directory: Path
    is_private: bool = True

    @property
    def work(self) -> Path:
        """The job's own database: what was loaded (schema raw), and what runs leave."""
        return self.directory / "work.duckdb"

    @property
    def published(self) -> Path:
        """The audited copy that people and BI tools open."""
        return self.directory / PUBLISHED

    @property
    def parquet(self) -> Path:
        """The published tables once more, one file each."""
        return self.directory / "parquet"

    @property
    def working_folder(self) -> Path:
        """What a run has begun to write; there only while one is at work."""
        return self.directory / ".billhouse"

    @property
    def dlt_folder(self) -> Path:
        """dlt's working folder; what matters of it is in the work database as well."""
        return self.working_folder / "dlt"

    @property
    def lock_file(self) -> Path:
        return self.directory / "run.lock"


def configured_warehouse() -> Warehouse:
    """The warehouse that dlt's configuration names as `warehouse.directory`.

    Raises:
        UsageError: the configuration can't be read, or the setting is no path.
    """
    # dlt looks into the environment first too, but takes seconds to be imported.
    directory: object = os.environ.get(_DIRECTORY_VARIABLE)
    if directory is None:
        import dlt

        with readable_configuration():
            directory = dlt.config.get("warehouse.directory")
        if isinstance(directory, str):
            # A file's text is Unicode; the system's name of the folder is UTF-8 in every locale.
            directory = os.fsdecode(directory.encode("utf-8", "surrogateescape"))
    if directory is None:
        directory = DEFAULT_DIRECTORY
    if not isinstance(directory, str) or not directory.strip() or "\0" in directory:
        raise UsageError(
            f"warehouse.directory (in .dlt/config.toml, or {_DIRECTORY_VARIABLE} in the"
            " environment) is not a path: write the folder in which the warehouse shall lie."
        )
    return Warehouse(_usable(Path(directory)))


def _usable(directory: Path) -> Path:
    """The absolute path, if there is one that DuckDB can be told."""
    try:
        absolute = directory.expanduser().absolute()
        path_text(absolute)
    except UnicodeDecodeError:
        raise UsageError(
            f"warehouse.directory {str(directory)!r} is not written in UTF-8, which DuckDB needs."
            " Rename the folder, or choose another one."
        ) from None
    except RuntimeError:
        raise UsageError(
            f"warehouse.directory {str(directory)!r} can't be found, since this user has no home."
            " Write the whole path, beginning with /."
        ) from None
    return absolute


@contextmanager
def holding(warehouse: Warehouse, *, lock_timeout: float) -> Iterator[None]:
    """Create the warehouse directory if need be, and keep every other run out of it.

    Invoices are nobody else's business, so what is created meanwhile is its owner's alone. An
    existing directory is as its operator made it, and is left so.

    Raises:
        WarehouseBusyError: another run still holds it after `lock_timeout` seconds.
        UsageError: something of somebody else's has a name that Billhouse needs.
        JobError: the directory can't be used.
    """
    from filelock import FileLock

    with _umask(0o077 if warehouse.is_private else None):
        _create(warehouse.directory)
        _refuse_a_lock_of_others(warehouse.lock_file)
        lock = FileLock(warehouse.lock_file, timeout=lock_timeout, mode=0o600)
        try:
            _acquire(lock, warehouse, lock_timeout)
            try:
                working_folder.claim(warehouse.working_folder)
            except OSError as error:
                raise _unusable(warehouse.directory, error) from error
            try:
                folders = [warehouse.working_folder, warehouse.working_folder / "publishing"]
                with room_for_logs([warehouse.directory, *folders]):
                    yield
            finally:
                working_folder.remove(warehouse.working_folder)
        finally:
            lock.release()


@contextmanager
def _umask(umask: int | None) -> Iterator[None]:
    if umask is None:
        yield
        return
    previous = os.umask(umask)
    try:
        yield
    finally:
        os.umask(previous)


def _refuse_a_lock_of_others(file: Path) -> None:
    """Taking the lock empties its file; in ours there is a process number, or nothing."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_LONGEST_NUMBER + 1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unusable(file.parent, error) from error
    if content and not (content.isdigit() and len(content) <= _LONGEST_NUMBER):
        raise UsageError(
            f"{file} is not the lock of a Billhouse, which needs this name, and is left alone. Move"
            " it aside, or set warehouse.directory to another folder."
        )


def _acquire(lock: BaseFileLock, warehouse: Warehouse, lock_timeout: float) -> None:
    from filelock import Timeout

    try:
        lock.acquire()
        # The lock is the kernel's and dies with its process; this is for those who wait.
        warehouse.lock_file.write_text(str(os.getpid()))
    except Timeout:
        raise WarehouseBusyError(
            f"Another run (process {warehouse.lock_file.read_text() or 'unknown'}) holds the"
            f" warehouse {warehouse.directory} and didn't end within {lock_timeout:g} s."
            " Nothing was changed. Run again when it is done, or wait longer with"
            " --lock-timeout."
        ) from None
    except OSError as error:
        raise _unusable(warehouse.directory, error) from error


def connect(warehouse: Warehouse) -> duckdb.DuckDBPyConnection:
    """Open the work database. The clock of its sessions is UTC, whatever the machine's is.

    Raises:
        JobError: another process holds the file (its number is in the message), it can't be
            opened, or another Billhouse wrote it.
    """
    import duckdb

    try:
        connection = duckdb.connect(path_text(warehouse.work), config=STORAGE)
    except duckdb.Error as error:
        raise cannot_open(warehouse.work, error) from error
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # As DuckDB has it itself, but for a path with a question mark.
        temporary = warehouse.work.with_name(f"{warehouse.work.name}.tmp")
        connection.execute("SET temp_directory = $path", {"path": path_text(temporary)})
        bring_up_to_date(connection, warehouse.work)
    except BaseException as error:
        connection.close()
        if isinstance(error, duckdb.Error):
            raise cannot_open(warehouse.work, error) from error
        raise
    return connection


def cannot_open(file: Path, error: Exception) -> JobError:
    """What DuckDB's refusal to open a file means to a person."""
    holder = _LOCK_HOLDER.search(str(error))
    published = file.name == PUBLISHED
    if holder:
        instead = (
            "let it open the file read-only" if published else f"let it read {PUBLISHED} instead"
        )
        return JobError(
            f"Process {holder['process']} has {file} open, so this one can't use it. Close that"
            f" program, or {instead}, and try again."
        )
    if "WAL" in str(error) and "match" in str(error):
        return JobError(
            f"{file} can't be opened: the log {file.name}.wal beside it belongs to another file, or"
            " to an earlier state of this one. Nothing was changed. Move the log aside and try"
            " again."
        )
    if "newer" in str(error) and "version" in str(error):
        return JobError(
            f"{file} was written by a newer DuckDB than this one reads. Nothing was changed. Update"
            " Billhouse (`uv sync`), or open the file with the DuckDB that wrote it."
        )
    mend = (
        "run `billhouse rebuild`, which makes it anew from what was loaded"
        if published
        else "move it aside and restore a backup (`billhouse restore`), or let `billhouse run`"
        " fetch anew what the vendors still list"
    )
    return JobError(
        f"{file} can't be opened: {str(error).splitlines()[0].rstrip('.!')}. Let this user read and"
        f" write it; if it is damaged, {mend}."
    )


def _create(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(directory, error) from error


def _unusable(directory: Path, error: OSError) -> JobError:
    return JobError(
        f"The warehouse directory {directory} can't be used: {error.strerror or error}. Make it a"
        " folder that this user may write to, or set warehouse.directory to another one."
    )
