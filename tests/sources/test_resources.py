"""A vendor as a dlt source, loaded into a real DuckDB file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.normalize.items_normalizers.arrow import ArrowItemsNormalizer

import sources
from sandbox.registry import VENDORS
from sandbox.server import Sandbox, running
from sandbox.world import World
from sources import ConfigurationError, Fetch, FetchError, WarehouseState
from sources.extract import resources


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    with running(World(seed=7, now="2026-03-17T12:00:00Z", months=8)) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield sandbox


class Warehouse:
    def __init__(self, folder: Path) -> None:
        self._file = folder / "warehouse.duckdb"
        self.pipeline = dlt.pipeline(
            "test",
            pipelines_dir=str(folder),
            destination=dlt.destinations.duckdb(str(self._file)),
            dataset_name="raw",
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self._file), read_only=True) as connection:
            return connection.sql(query).fetchall()


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def load(warehouse: Warehouse, sandbox: Sandbox, *vendors: str) -> None:
    accounts = [each for each in sources.configured_accounts() if each.vendor in vendors]
    with Fetch(accounts, WarehouseState(), now=sandbox.world.now) as fetch:
        warehouse.pipeline.run([sources.source(name, fetch) for name in vendors])
        assert {each.outcome for each in fetch.results()} == {"ok"}


@pytest.mark.parametrize("added", [resources._ADDED, []], ids=["new", "of an earlier release"])
def test_dlt_takes_the_files_as_they_are(
    warehouse: Warehouse, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, added: list[Any]
) -> None:
    """In the order of the columns that the tables of earlier releases have."""
    with monkeypatch.context() as earlier:
        earlier.setattr(resources, "_ADDED", added)
        load(warehouse, sandbox, "turso")
    columns = warehouse.rows("DESCRIBE raw.turso__invoices")
    assert [name for name, *_ in columns[-3:]] == ["_dlt_load_id", "valid_from", "valid_to"]
    assert [nullable for _, _, nullable, *_ in columns[-3:]] == ["NO", "YES", "YES"]
    monkeypatch.delattr(ArrowItemsNormalizer, "_write_with_dlt_columns")
    sandbox.advance()
    load(warehouse, sandbox, "turso")
    assert warehouse.rows("DESCRIBE raw.turso__invoices") == columns
    assert warehouse.rows(
        "SELECT count(DISTINCT _dlt_load_id), count(DISTINCT valid_from), count(valid_to) > 0"
        " FROM raw.turso__invoices"
    ) == [(2, 2, True)]


def test_all_vendors_become_tables(warehouse: Warehouse, sandbox: Sandbox) -> None:
    load(warehouse, sandbox, *VENDORS)
    tables = {
        row[0]
        for row in warehouse.rows(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'raw' AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\'"
        )
    }
    assert tables == {
        f"{vendor}__{entity}" for vendor in VENDORS for entity in sources.VENDORS[vendor].entities
    }
    columns = warehouse.rows(
        'SELECT column_name, column_type, "null" FROM (DESCRIBE raw.turso__invoices)'
    )
    assert columns == [
        *((name, "VARCHAR", "NO") for name in ("account", "listing", "document_key")),
        *((name, "VARCHAR", "NO") for name in ("document", "version_hash", "listing_key")),
        ("_dlt_load_id", "VARCHAR", "NO"),
        ("valid_from", "TIMESTAMP WITH TIME ZONE", "YES"),
        ("valid_to", "TIMESTAMP WITH TIME ZONE", "YES"),
    ]


def test_a_second_load_adds_nothing_and_a_month_later_versions(
    warehouse: Warehouse, sandbox: Sandbox
) -> None:
    query = "SELECT count(*), count(valid_to) FROM raw.turso__invoices"
    load(warehouse, sandbox, "turso")
    ((first, closed),) = warehouse.rows(query)
    assert closed == 0

    load(warehouse, sandbox, "turso")
    assert warehouse.rows(query) == [(first, 0)]

    sandbox.advance(1)
    load(warehouse, sandbox, "turso")
    ((later, closed),) = warehouse.rows(query)
    assert later > first
    assert closed > 0
    doubled = warehouse.rows(
        "SELECT account, listing, document_key FROM raw.turso__invoices WHERE valid_to IS NULL"
        " GROUP BY ALL HAVING count(*) > 1"
    )
    assert doubled == []


@pytest.mark.parametrize("vendor", ["turso", "northflank"])
def test_a_source_by_itself(warehouse: Warehouse, sandbox: Sandbox, vendor: str) -> None:
    warehouse.pipeline.run(sources.source(vendor))
    sandbox_accounts = {each.name for each in sandbox.world.accounts(vendor)}
    told = warehouse.rows(f"SELECT DISTINCT account FROM raw.{vendor}__invoices")
    assert {row[0] for row in told} == sandbox_accounts


def test_a_source_by_itself_fails_with_its_account(
    warehouse: Warehouse, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = '[{"organization": "acme", "api_token": "wrong-secret"}]'
    monkeypatch.setenv("SOURCES__TURSO__ACCOUNTS", wrong)
    with pytest.raises(Exception, match="turso, account 'acme': issued, upcoming: GET") as failed:
        warehouse.pipeline.run(sources.source("turso"))
    cause: BaseException | None = failed.value
    while cause is not None and not isinstance(cause, FetchError):
        cause = cause.__cause__
    assert cause is not None
    assert "wrong-secret" not in str(failed.value)


def test_a_source_by_itself_needs_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCES__TURSO__ACCOUNTS", raising=False)
    with pytest.raises(ConfigurationError, match="turso: no account is configured"):
        sources.source("turso")


def test_no_secret_reaches_dlt_s_files(
    warehouse: Warehouse, sandbox: Sandbox, tmp_path: Path
) -> None:
    load(warehouse, sandbox, "turso")
    warehouse.pipeline.run(sources.source("turso"))
    secrets = [each.settings["api_token"].encode() for each in sandbox.world.accounts("turso")]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > 3
    for file in files:
        content = file.read_bytes()
        assert not any(secret in content for secret in secrets), file
