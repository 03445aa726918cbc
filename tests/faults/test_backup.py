"""What a backup holds, and what a restore makes of it; and warehouses of other layouts."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.configuration import Configuration
from pipelines.errors import JobError, UsageError
from pipelines.job import alerts_sent
from pipelines.job import run as job
from pipelines.warehouse import migrations, working_folder
from pipelines.warehouse.backup import back_up, restore
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.migrations import LAYOUT, document_tables
from sandbox.server import Sandbox
from sources.accounts.values import GivenValues
from tests.faults.contents import contents
from tests.support.asked_again import REQUESTS_FOR_DETAILS


@pytest.fixture(scope="module")
def backup(loaded: Warehouse) -> Path:
    folder = loaded.directory.parent / 'a "backup", it\'s'
    with closing(connect(loaded)) as connection:
        alerts_sent.create(connection)
        sent = alerts_sent.Alert("unpaid_invoice", "an-invoice/past_due", "told before the backup")
        alerts_sent.add(connection, [sent], datetime.now(UTC))
    made = back_up(loaded, folder, lock_timeout=0)
    assert sum(made.rows.values()) > 40
    return folder


def test_everything_comes_back(
    loaded: Warehouse,
    backup: Path,
    warehouse: Warehouse,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    restore(warehouse, backup, lock_timeout=0)
    assert job.rebuild(warehouse, listener=lambda _: None).exit_code == 0
    assert contents(warehouse) == contents(loaded)
    whole = "SELECT count(*), bit_xor(hash(t)) FROM {} AS t"
    with closing(connect(loaded)) as old, closing(connect(warehouse)) as new:
        assert new.execute("SELECT count(*) FROM marts.alerts_sent").fetchall() == [(1,)]
        for table in json.loads((backup / "manifest.json").read_text())["rows"]:
            name = '"' + table.replace(".", '"."') + '"'
            query = whole.format(name)
            assert old.execute(query).fetchall() == new.execute(query).fetchall(), table

    configuration = Configuration(GivenValues({"sources": sandbox.configuration()}))
    sandbox.reset_requests()
    report = job.run(warehouse, configuration.accounts(), listener=lambda _: None)
    assert report.exit_code == 0
    assert sum(each.new_versions + each.closed_versions for each in report.outcomes) == 0
    # Of details only those that still accrue are asked for.
    details = sum(n for route, n in sandbox.requests.items() if "{invoice" in route.lower())
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        [accruing] = connection.execute(REQUESTS_FOR_DETAILS).fetchall()
    assert (details,) == accruing


def test_the_files_are_their_owners_alone(backup: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in backup.iterdir()} == {0o600}
    assert backup.stat().st_mode & 0o777 == 0o700


def test_nothing_is_overwritten(loaded: Warehouse, backup: Path) -> None:
    before = loaded.work.read_bytes()
    with pytest.raises(UsageError, match="overwrites nothing"):
        restore(loaded, backup, lock_timeout=0)
    with pytest.raises(UsageError, match="not empty"):
        back_up(loaded, backup, lock_timeout=0)
    assert loaded.work.read_bytes() == before


def test_a_damaged_backup_leaves_the_warehouse_empty(
    backup: Path, warehouse: Warehouse, tmp_path: Path
) -> None:
    damaged = shutil.copytree(backup, tmp_path / "damaged")
    file = damaged / "raw.turso__invoices.parquet"
    content = file.read_bytes()
    manifest = json.loads((damaged / "manifest.json").read_text())
    manifest["rows"]["raw.turso__invoices"] += 1
    for break_it in (
        lambda: file.write_bytes(content[:-40]),
        file.unlink,
        lambda: (
            file.write_bytes(content),
            (damaged / "manifest.json").write_text(json.dumps(manifest)),
        ),
    ):
        break_it()
        with pytest.raises(JobError, match=r"could not be restored: .* stays empty"):
            restore(warehouse, damaged, lock_timeout=0)
        assert [entry.name for entry in warehouse.directory.iterdir()] == ["run.lock"]


def test_commands(
    loaded: Warehouse, tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path / "backup")
    monkeypatch.setenv("WAREHOUSE__DIRECTORY", str(loaded.directory))
    done = CliRunner().invoke(app, ["backup", folder])
    assert done.exit_code == 0, done.output
    assert "row(s) in" in done.output
    refused = CliRunner().invoke(app, ["restore", folder])
    assert refused.exit_code == 2
    assert "Move it aside" in refused.output
    monkeypatch.setenv("WAREHOUSE__DIRECTORY", str(warehouse.directory))
    done = CliRunner().invoke(app, ["restore", folder])
    assert done.exit_code == 0, done.output
    assert "billhouse rebuild" in done.output
    assert CliRunner().invoke(app, ["restore", str(tmp_path)]).exit_code == 2
    assert CliRunner().invoke(app, ["backup", str(tmp_path / "x"), "-h"]).exit_code == 0


def test_what_is_beside_a_backup_stays(loaded: Warehouse, tmp_path: Path) -> None:
    for name in ("january.partial", ".january.unfinished"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis").write_text("mine")
    with pytest.raises(UsageError, match=r"\.january\.unfinished is in the way"):
        back_up(loaded, tmp_path / "january", lock_timeout=0)
    back_up(loaded, tmp_path / "february", lock_timeout=0)
    assert {entry.name for entry in tmp_path.iterdir()} == {
        "january.partial",
        ".january.unfinished",
        "february",
    }
    for name in ("january.partial", ".january.unfinished"):
        assert (tmp_path / name / "thesis").read_text() == "mine"


def test_a_backup_that_was_killed_is_written_anew(loaded: Warehouse, tmp_path: Path) -> None:
    unfinished = tmp_path / ".january.unfinished"
    working_folder.claim(unfinished)
    (unfinished / "raw.turso__invoices.parquet").write_bytes(b"half")
    (tmp_path / "january").mkdir(mode=0o750)
    made = back_up(loaded, tmp_path / "january", lock_timeout=0)
    assert [entry.name for entry in tmp_path.iterdir()] == ["january"]
    names = {entry.name for entry in made.folder.iterdir()}
    assert names == {"tables.sql", "manifest.json", *(f"{table}.parquet" for table in made.rows)}
    assert made.folder.stat().st_mode & 0o777 == 0o750


class TestLayouts:
    @pytest.fixture
    def copy(self, loaded: Warehouse, warehouse: Warehouse) -> Warehouse:
        shutil.copytree(loaded.directory, warehouse.directory)
        return warehouse

    def test_a_warehouse_says_its_layout(self, copy: Warehouse) -> None:
        with closing(connect(copy)) as connection:
            assert connection.execute("FROM main.layout").fetchall() == [(LAYOUT,)]

    def test_one_from_before_layouts_is_taken_over(self, copy: Warehouse) -> None:
        before = contents(copy)
        with closing(connect(copy)) as connection:
            connection.execute("DROP TABLE main.layout")
        with closing(connect(copy)) as connection:
            assert connection.execute("FROM main.layout").fetchall() == [(LAYOUT,)]
        assert contents(copy) == before

    def test_one_without_listing_keys_gets_them_and_loads_on(
        self, copy: Warehouse, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys = "SELECT version_hash, listing_key FROM raw.turso__invoices ORDER BY ALL"
        with closing(connect(copy)) as connection:
            made = connection.execute(keys).fetchall()
            for name, _ in document_tables(connection):
                connection.execute(f'ALTER TABLE raw."{name}" DROP COLUMN listing_key')
            connection.execute("UPDATE main.layout SET layout = 1")
        with closing(connect(copy)) as connection:
            assert connection.execute(keys).fetchall() == made
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        report = job.run(copy, Configuration().accounts(), listener=lambda _: None)
        assert [each.outcome for each in report.outcomes if each.outcome != "ok"] == []
        assert sum(each.new_versions for each in report.outcomes) == 0

    def test_an_older_one_is_migrated_whole_or_not_at_all(
        self, copy: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def add(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute("ALTER TABLE raw.turso__invoices ADD COLUMN more TEXT")

        def fail(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute("SELECT no_such_column")

        monkeypatch.setattr(migrations, "LAYOUT", LAYOUT + 1)
        monkeypatch.setattr(migrations, "MIGRATIONS", {LAYOUT: (add, fail)})
        with pytest.raises(JobError, match="no_such_column"):
            connect(copy)
        monkeypatch.setattr(migrations, "MIGRATIONS", {LAYOUT: (add,)})
        with closing(connect(copy)) as connection:
            assert connection.execute("FROM main.layout").fetchall() == [(LAYOUT + 1,)]
            assert connection.execute("SELECT count(more) FROM raw.turso__invoices").fetchall()

    def test_a_newer_one_is_refused(self, copy: Warehouse) -> None:
        with closing(connect(copy)) as connection:
            connection.execute("UPDATE main.layout SET layout = 99")
        with pytest.raises(JobError, match=r"layout 99 of a newer Billhouse.*Install the newer"):
            connect(copy)

    def test_an_unknown_one_is_refused(self, copy: Warehouse) -> None:
        with closing(connect(copy)) as connection:
            connection.execute("DROP TABLE main.layout")
            connection.execute("ALTER TABLE raw.turso__invoices DROP COLUMN listing")
        with pytest.raises(JobError, match=r"turso__invoices\).*billhouse run"):
            connect(copy)
