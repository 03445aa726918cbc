from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.warehouse import working_folder
from pipelines.warehouse.files import Warehouse
from tests.pipelines.publishing import publish_tables

INVOICES = "fct_invoices"
FIRST = {"fct_invoices": "SELECT 'a' AS id, 1010 AS total_cents"}
SECOND = {"fct_invoices": "SELECT 'a' AS id, 7 AS total_cents"}


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """Read a copy: one process shares a database between all who open the same path."""
    copy = shutil.copyfile(file, file.parent.parent / "copy.duckdb")
    with closing(duckdb.connect(copy, read_only=True)) as connection:
        found = connection.execute(sql).fetchall()
    copy.unlink()
    return found


def parquet_rows(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    copy = warehouse.directory.parent / "plain.parquet"
    copy.write_bytes((warehouse.parquet / "fct_invoices.parquet").read_bytes())
    return duckdb.sql(f"FROM '{copy}'").fetchall()


def test_tables_and_parquet(warehouse: Warehouse) -> None:
    publish_tables(warehouse, FIRST, [INVOICES])
    assert rows(warehouse.published, "FROM main.fct_invoices") == [("a", 1010)]
    assert parquet_rows(warehouse) == [("a", 1010)]


def test_reader_of_the_old_copy_is_undisturbed(warehouse: Warehouse) -> None:
    publish_tables(warehouse, FIRST, [INVOICES])
    with closing(duckdb.connect(warehouse.published, read_only=True)) as reader:
        assert reader.execute("SELECT total_cents FROM fct_invoices").fetchall() == [(1010,)]
        publish_tables(warehouse, SECOND, [INVOICES])
        assert reader.execute("SELECT total_cents FROM fct_invoices").fetchall() == [(1010,)]
    assert rows(warehouse.published, "SELECT total_cents FROM fct_invoices") == [(7,)]


def test_leftovers_of_a_killed_run_are_removed(warehouse: Warehouse) -> None:
    leftover = warehouse.working_folder / "publishing" / "billhouse.duckdb"
    working_folder.claim(warehouse.working_folder)
    leftover.parent.mkdir()
    leftover.write_bytes(b"half a database")
    publish_tables(warehouse, FIRST, [INVOICES])
    assert not leftover.exists()
    assert rows(warehouse.published, "SELECT count(*) FROM fct_invoices") == [(1,)]


def test_failure_leaves_what_is_published(warehouse: Warehouse) -> None:
    publish_tables(warehouse, FIRST, [INVOICES])
    before = warehouse.published.read_bytes()
    with pytest.raises(duckdb.Error, match="no_such_table"):
        publish_tables(warehouse, SECOND, [INVOICES, "no_such_table"])
    assert warehouse.published.read_bytes() == before
    assert parquet_rows(warehouse) == [("a", 1010)]
    assert not warehouse.working_folder.exists()
    assert publish_tables(warehouse, FIRST, [INVOICES], goes_on=True)


def test_a_copy_is_gone_on_from_only_where_it_is_as_it_was_published(warehouse: Warehouse) -> None:
    def goes_on() -> bool:
        return publish_tables(warehouse, FIRST, [INVOICES], goes_on=True)

    assert not goes_on()
    assert goes_on()
    assert not publish_tables(warehouse, FIRST, [INVOICES], goes_on=False)
    with duckdb.connect(warehouse.published) as somebody:
        somebody.execute("UPDATE fct_invoices SET total_cents = 0")
    assert not goes_on()
    warehouse.published.write_bytes(b"no database")
    assert not goes_on()
    warehouse.published.unlink()
    assert not goes_on()
    assert goes_on()


def test_what_is_copied_and_not_made_again_stays(warehouse: Warehouse) -> None:
    publish_tables(warehouse, FIRST, [INVOICES])
    written = (warehouse.parquet / "fct_invoices.parquet").stat().st_mtime_ns
    other = "other"
    publish_tables(
        warehouse,
        {"other": "SELECT 1"},
        [INVOICES, other],
        goes_on=True,
        unchanged=[INVOICES],
    )
    assert rows(warehouse.published, "FROM main.fct_invoices") == [("a", 1010)]
    assert (warehouse.parquet / "fct_invoices.parquet").stat().st_mtime_ns == written
    (warehouse.parquet / "fct_invoices.parquet").unlink()
    publish_tables(warehouse, {}, [INVOICES, other], goes_on=True, unchanged=[INVOICES])
    assert parquet_rows(warehouse) == [("a", 1010)]


def test_log_of_somebody_who_wrote_to_the_old_copy_is_not_replayed(warehouse: Warehouse) -> None:
    publish_tables(warehouse, FIRST, [INVOICES])
    log = warehouse.published.with_name("billhouse.duckdb.wal")
    log.write_bytes(b"changes of a file that is no more")
    publish_tables(warehouse, FIRST, [INVOICES])
    assert not log.exists()
    assert not list(warehouse.directory.glob("*.stray-*"))


def test_parquet_of_a_table_that_is_no_more_is_removed(warehouse: Warehouse) -> None:
    odd = 'odd "name"'
    publish_tables(warehouse, {**FIRST, 'odd "name"': "SELECT 1 AS one"}, [INVOICES, odd])
    assert len(list(warehouse.parquet.iterdir())) == 2
    publish_tables(warehouse, FIRST, [INVOICES])
    assert [file.name for file in warehouse.parquet.iterdir()] == ["fct_invoices.parquet"]


def test_files_are_their_owners_alone(warehouse: Warehouse) -> None:
    publish_tables(warehouse, FIRST, [INVOICES])
    files = [path for path in warehouse.directory.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (warehouse.directory, warehouse.parquet)} == {
        0o700
    }


def modes(warehouse: Warehouse) -> dict[str, int]:
    paths = [warehouse.directory, *warehouse.directory.rglob("*")]
    return {path.name: path.stat().st_mode & 0o7777 for path in paths}


def test_what_an_operator_opened_stays_open(warehouse: Warehouse) -> None:
    publish_tables(warehouse, FIRST, [INVOICES])
    invoices = warehouse.parquet / "fct_invoices.parquet"
    warehouse.directory.chmod(0o750)
    warehouse.parquet.chmod(0o750)
    warehouse.published.chmod(0o640)
    invoices.chmod(0o644)
    before = modes(warehouse)
    payables = "payables"
    publish_tables(warehouse, {**SECOND, "payables": "SELECT 1 AS one"}, [INVOICES, payables])
    assert rows(warehouse.published, "SELECT total_cents FROM fct_invoices") == [(7,)]
    # A table that is new is open to whom its neighbours are.
    assert modes(warehouse) == {**before, "payables.parquet": 0o644}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to other groups")
def test_a_folder_of_a_group_keeps_its_files_the_groups(warehouse: Warehouse) -> None:
    group = 54_321
    warehouse.directory.mkdir()
    os.chown(warehouse.directory, -1, group)
    warehouse.directory.chmod(0o2750)
    for _ in range(2):
        publish_tables(warehouse, FIRST, [INVOICES])
        published = [warehouse.published, warehouse.parquet, *warehouse.parquet.iterdir()]
        assert {path.stat().st_gid for path in published} == {group}
        assert [path.stat().st_mode & 0o7777 for path in published] == [0o640, 0o2750, 0o640]
        assert warehouse.work.stat().st_mode & 0o777 == 0o600


def test_a_log_without_a_published_copy_is_set_aside(warehouse: Warehouse) -> None:
    warehouse.directory.mkdir()
    log = warehouse.published.with_name("billhouse.duckdb.wal")
    log.write_bytes(b"of a copy that was moved away")
    publish_tables(warehouse, FIRST, [INVOICES])
    assert not log.exists()
    [aside] = warehouse.directory.glob("billhouse.duckdb.wal.stray-*")
    assert aside.read_bytes() == b"of a copy that was moved away"
