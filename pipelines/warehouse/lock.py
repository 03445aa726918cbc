"""One run at a time: who holds the warehouse may write to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import JobError, UsageError
from pipelines.warehouse import working_folder
from pipelines.warehouse.database_files import room_for_logs
from pipelines.warehouse.files import Warehouse

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LONGEST_NUMBER = 20


class WarehouseBusyError(JobError):
    """Another run is at work in the warehouse."""


@contextmanager
def holding(
    warehouse: Warehouse, *, lock_timeout: float, is_gathering: bool = False
) -> Iterator[None]:
    """Create the warehouse directory if need be, and keep every other run out of it. One in shards
    is held by who gathers them alone: each shard is a warehouse of its own.

    Invoices are nobody else's business, so what is created meanwhile is its owner's alone. An
    existing directory is as its operator made it, and is left so.

    Raises:
        WarehouseBusyError: another run still holds it after `lock_timeout` seconds.
        UsageError: something of somebody else's has a name that Billhouse needs, or the warehouse
            is in shards.
        JobError: the directory can't be used.
    """
    from filelock import FileLock

    if not is_gathering:
        refuse_shards(warehouse)
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


def refuse_shards(warehouse: Warehouse) -> None:
    """See that the warehouse is in one piece. Raises UsageError."""
    if warehouse.shards_file.exists():
        raise UsageError(
            f"The warehouse {warehouse.directory} is in shards, and this is done shard by shard:"
            " `billhouse run` with --shard 1/4 and so on, all else with --warehouse"
            f" {warehouse.shards_folder}/1."
        )


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
