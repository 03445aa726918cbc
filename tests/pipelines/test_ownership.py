"""What somebody else put into a warehouse's directory, or beside a backup, stays as it is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import JobError, UsageError
from pipelines.warehouse import working_folder
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from pipelines.warehouse.ownership import refuse_files_of_others
from sandbox.server import Sandbox
from tests.pipelines.processes import Billhouse
from tests.pipelines.publishing import publish_tables

INVOICES = "fct_invoices"
OTHER = "other"


def build(warehouse: Warehouse, *tables: str) -> None:
    with holding(warehouse, lock_timeout=0):
        refuse_files_of_others(warehouse, tables)
    publish_tables(warehouse, dict.fromkeys(tables, "SELECT 1 AS one"))


def put(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    return file


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_warehouse_among_other_things(
    warehouse: Warehouse, billhouse: Billhouse, shared_sandbox: Sandbox, tmp_path: Path
) -> None:
    mine = [
        put(warehouse.directory / name)
        for name in (
            "notes.txt",
            "parquet/sales_2019.parquet",
            "parquet/readme.md",
            "dlt/my_pipeline.py",
            "dlt/billhouse/mine.py",
            ".publishing/page.html",
            "work.duckdb.restoring",
        )
    ]
    duckdb.connect(warehouse.parquet / "own.duckdb").execute(
        f"COPY (SELECT 1) TO '{tmp_path}/own.parquet'"
    ).close()
    mine.append((tmp_path / "own.parquet").rename(warehouse.parquet / "own.parquet"))
    mine += [put(tmp_path / "january.partial/thesis"), put(tmp_path / "january.unfinished/thesis")]
    before = {file: file.read_bytes() for file in mine}
    variables = shared_sandbox.environment(["turso"])
    for command in (["run"], ["run"], ["rebuild"], ["backup", "january"]):
        finished = billhouse(*command, variables=variables)
        assert finished.returncode == 0, finished.stderr
    assert {file: file.read_bytes() for file in mine} == before
    assert not warehouse.working_folder.exists()


@pytest.mark.parametrize(
    "name",
    ["billhouse.duckdb", "parquet", "parquet/fct_invoices.parquet", "run.lock", ".billhouse/page"],
)
def test_a_name_that_is_needed_and_not_ours_is_refused_before_any_request(
    name: str, warehouse: Warehouse, billhouse: Billhouse, shared_sandbox: Sandbox
) -> None:
    put(warehouse.directory / name)
    before = contents(warehouse.directory)
    shared_sandbox.reset_requests()
    refused = billhouse("run", variables=shared_sandbox.environment(["turso"]))
    assert refused.returncode == 2
    assert str(warehouse.directory / name.removesuffix("/page")) in refused.stderr
    assert "left alone" in refused.stderr or "leaves alone" in refused.stderr
    assert not shared_sandbox.requests
    assert contents(warehouse.directory).items() >= before.items()


def test_another_database_is_not_made_a_warehouse(warehouse: Warehouse) -> None:
    warehouse.directory.mkdir()
    with closing(duckdb.connect(warehouse.work)) as connection:
        connection.execute("CREATE TABLE diary AS SELECT 'mine' AS text")
    before = warehouse.work.read_bytes()
    with pytest.raises(JobError, match=r"main\.diary\).*Nothing was changed"):
        connect(warehouse)
    assert warehouse.work.read_bytes() == before


def test_files_of_a_first_version_are_known_by_the_published_copy(warehouse: Warehouse) -> None:
    build(warehouse, INVOICES, OTHER)
    for table in (INVOICES, OTHER):
        # As they were before they said whose they are.
        duckdb.execute(f"COPY (SELECT 2) TO '{warehouse.directory.parent}/plain' (FORMAT parquet)")
        plain = warehouse.directory.parent / "plain"
        plain.rename(warehouse.parquet / f"{table}.parquet")
    put(warehouse.parquet / "mine.parquet")
    build(warehouse, INVOICES)
    names = {file.name for file in warehouse.parquet.iterdir()}
    assert names == {"fct_invoices.parquet", "mine.parquet"}


def test_ours_stay_ours_without_the_published_copy(warehouse: Warehouse) -> None:
    build(warehouse, INVOICES, OTHER)
    warehouse.published.write_bytes(b"damaged")
    build(warehouse, INVOICES)
    assert [file.name for file in warehouse.parquet.iterdir()] == ["fct_invoices.parquet"]
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        assert connection.execute("FROM fct_invoices").fetchall() == [(1,)]


def test_a_table_that_is_new_replaces_no_file_of_others(warehouse: Warehouse) -> None:
    build(warehouse, INVOICES)
    mine = put(warehouse.parquet / "other.parquet")
    with pytest.raises(UsageError, match=r"other\.parquet is in the way"):
        build(warehouse, INVOICES, OTHER)
    assert mine.read_text() == "mine"


class TestWorkingFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "working"

    def test_what_a_killed_run_left_is_removed(self, folder: Path) -> None:
        working_folder.claim(folder)
        put(folder / "deep" / "half")
        put(folder / "half")
        with working_folder.emptied(folder):
            assert len(list(folder.iterdir())) == 1
            put(folder / "deep" / "more")
        assert not folder.exists()

    def test_one_that_was_killed_at_its_very_begin(self, folder: Path) -> None:
        folder.mkdir()
        with working_folder.emptied(folder):
            pass
        assert not folder.exists()

    def test_a_file_a_link_and_a_folder_of_others(self, folder: Path, tmp_path: Path) -> None:
        mine = put(tmp_path / "elsewhere" / "thesis")
        for occupy in (
            lambda: put(folder),
            lambda: folder.symlink_to(mine.parent),
            lambda: put(folder / "thesis"),
        ):
            occupy()
            before = contents(tmp_path)
            with pytest.raises(UsageError, match=r"in the way.*Move that aside"):
                working_folder.claim(folder)
            assert contents(tmp_path) == before
            if folder.is_symlink() or folder.is_file():
                folder.unlink()
