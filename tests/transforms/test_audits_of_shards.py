"""Audits over all shards: what none of them can see alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest

from pipelines.transform import audit, project
from pipelines.transform.model import TRANSFORMS

AUDITS = {each.name: each for each in project.audits(TRANSFORMS / "shards")}


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE SCHEMA marts; CREATE SCHEMA build;"
            "CREATE TABLE marts.fct_invoices"
            " (shard INTEGER, vendor TEXT, account TEXT, invoice_number TEXT);"
            "CREATE TABLE build.credentials"
            " (shard INTEGER, vendor TEXT, account TEXT, credential TEXT)"
        )
        yield connection


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(1, "turso", "a"), (1, "turso", "a"), (2, "turso", "b"), (2, "mongodb", "a")], []),
        ([(1, "turso", "a"), (1, "turso", "a"), (2, "turso", "a")], [("turso", "a", 2)]),
        ([(1, "turso", "a"), (2, "turso", "a"), (3, "turso", "a")], [("turso", "a", 3)]),
        ([(1, "turso", "a"), (2, "mongodb", "a"), (3, "mongodb", "b"), (4, "turso", "b")], []),
    ],
)
def test_an_account_in_two_shards(
    lake: duckdb.DuckDBPyConnection, rows: Sequence[Any], found: Sequence[Any]
) -> None:
    lake.executemany("INSERT INTO marts.fct_invoices VALUES (?, ?, ?, NULL)", rows)
    finding = audit.ask(lake, AUDITS["one_shard_an_account"])
    assert (finding.rows if finding else []) == found
    assert finding is None or finding.columns == ["vendor", "account", "shards"]
    assert finding is None or finding.severity == "error"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(1, "a", "turso/a"), (1, "b", "turso/a"), (2, "c", "turso/c")], []),
        ([(1, "a", "turso/a"), (2, "b", "turso/a")], [("turso/a", 2)]),
        ([(1, "a", "turso/a"), (1, "b", "turso/a"), (3, "c", "turso/a")], [("turso/a", 2)]),
        ([(1, "a", "turso/a"), (2, "b", "turso/a"), (3, "c", "turso/a")], [("turso/a", 3)]),
    ],
)
def test_a_credential_in_two_shards(
    lake: duckdb.DuckDBPyConnection, rows: Sequence[Any], found: Sequence[Any]
) -> None:
    lake.executemany("INSERT INTO build.credentials VALUES (?, 'turso', ?, ?)", rows)
    finding = audit.ask(lake, AUDITS["one_shard_a_credential"])
    assert (finding.rows if finding else []) == found
    assert finding is None or finding.columns == ["credential", "shards"]
    assert finding is None or finding.severity == "error"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(1, "turso", "a", "1"), (2, "turso", "b", "2"), (2, "mongodb", "b", "1")], []),
        # In one shard its own audit tells of it.
        ([(1, "turso", "a", "1"), (1, "turso", "b", "1")], []),
        ([(1, "turso", "a", None), (2, "turso", "b", None)], []),
        ([(2, "turso", "a", "1"), (1, "turso", "b", "1")], [("turso", "a", "b", "1")]),
        # An account in two shards is told of once, as that.
        ([(1, "turso", "a", "1"), (2, "turso", "a", "1")], []),
    ],
)
def test_an_invoice_in_two_shards(
    lake: duckdb.DuckDBPyConnection, rows: Sequence[Any], found: Sequence[Any]
) -> None:
    lake.executemany("INSERT INTO marts.fct_invoices VALUES (?, ?, ?, ?)", rows)
    finding = audit.ask(lake, AUDITS["one_shard_an_invoice"])
    assert (finding.rows if finding else []) == found
    assert finding is None or finding.severity == "warning"
    assert finding is None or finding.columns == [
        "vendor",
        "account",
        "other_account",
        "invoice_number",
    ]
