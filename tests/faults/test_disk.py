"""A disk that is full, a folder that may not be written to, a file that can't be read."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import JobError
from pipelines.job import run as job
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sandbox.server import Sandbox, running
from sandbox.world import World
from tests.faults.child import Mishap, run_job
from tests.faults.contents import contents

KIBIBYTE = 1024


@pytest.fixture
def copy(loaded: Warehouse, warehouse: Warehouse) -> Warehouse:
    shutil.copytree(loaded.directory, warehouse.directory)
    return warehouse


FULL = (
    Mishap("extract", disk_bytes=1),
    Mishap("load", disk_bytes=64 * KIBIBYTE),
    Mishap("transform", disk_bytes=1),
    Mishap("publish", disk_bytes=256 * KIBIBYTE),
)


@pytest.fixture
def a_month_later() -> Iterator[Sandbox]:
    """The sandbox after a month, so that there is something to load."""
    with running(World(seed=5, now="2026-03-17T12:00:00Z", months=2, accounts=1)) as later:
        later.advance()
        yield later


def test_a_full_disk_at_every_stage(
    copy: Warehouse, loaded: Warehouse, a_month_later: Sandbox, tmp_path: Path
) -> None:
    variables = a_month_later.environment()
    undisturbed = Warehouse(shutil.copytree(loaded.directory, tmp_path / "undisturbed"))
    assert run_job(undisturbed, variables) == (0, "")
    before = copy.published.read_bytes()
    for mishap in FULL:
        code, told = run_job(copy, variables, mishap)
        assert code == 1, (mishap, told)
        assert "Traceback" not in told
        assert "Unexpected" not in told
        assert "full disk" in told
        assert copy.published.read_bytes() == before

    assert run_job(copy, variables) == (0, "")
    assert contents(copy) == contents(undisturbed)
    names = {entry.name for entry in copy.directory.iterdir()}
    assert names == {"work.duckdb", "billhouse.duckdb", "parquet", "run.lock"}


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anywhere, so it becomes somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_written_to() -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o555)
        for warehouse in (Warehouse(Path(directory)), Warehouse(Path(directory, "new"))):
            with (
                unprivileged(),
                pytest.raises(JobError, match=r"can't be used: .*not permitted|denied.*may write"),
                holding(warehouse, lock_timeout=0),
            ):
                pytest.fail("it was written to")
        os.chmod(directory, 0o755)


def test_a_damaged_file_and_what_mends_it(copy: Warehouse) -> None:
    damaged = bytearray(copy.work.read_bytes())
    damaged[8192 : 8192 + 4096] = bytes(4096)
    damaged[len(damaged) // 2] ^= 0xFF
    copy.work.write_bytes(b"\0" * 4096 + damaged[4096:])
    before = copy.published.read_bytes()
    with pytest.raises(JobError, match=r"can't be opened.*billhouse restore"):
        job.rebuild(copy, listener=lambda _: None)
    assert copy.published.read_bytes() == before


def test_a_damaged_published_copy_is_made_anew(copy: Warehouse) -> None:
    copy.published.write_bytes(b"no database" * 1000)
    assert job.rebuild(copy, listener=lambda _: None).exit_code == 0
    with closing(duckdb.connect(copy.published, read_only=True)) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM fct_invoices").fetchall() == [(True,)]


def test_a_file_of_a_newer_duckdb(copy: Warehouse) -> None:
    file = bytearray(copy.work.read_bytes())
    file[12:20] = struct.pack("<Q", 9999)
    file[:8] = struct.pack("<Q", _checksum(file[8:4096]))
    copy.work.write_bytes(file)
    with pytest.raises(JobError, match=r"newer DuckDB than this one reads.*Upgrade Billhouse"):
        connect(copy)
    assert copy.work.read_bytes() == file


def _checksum(block: bytearray) -> int:
    """DuckDB's, of the first block, so that nothing but the version is wrong with it."""
    total = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        total ^= (word * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    return total
