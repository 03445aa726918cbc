"""The marts are plain SQL, nothing hangs on DuckDB's own hash(), and no subquery on the rows around
it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from pipelines.transform import names, project, rates, raw
from pipelines.transform.model import TRANSFORMS, VIEW

FILES = sorted(path.relative_to(TRANSFORMS).as_posix() for path in TRANSFORMS.rglob("*.sql"))


def statements(file: str) -> list[exp.Expr]:
    query = (
        Path(TRANSFORMS, file).read_text(encoding="utf-8").replace("{relation}", "raw.documents")
    )
    return [parsed for parsed in sqlglot.parse(query, read="duckdb") if parsed is not None]


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("marts/")])
def test_marts_are_plain_sql(file: str) -> None:
    """No JSON (that is staging's), no lists, none of DuckDB's shorthands."""
    [query] = statements(file)
    foreign = (exp.JSONExtract, exp.JSONExtractScalar, exp.Explode, exp.Unnest, exp.List, exp.Array)
    assert not list(query.find_all(*foreign))
    assert not [
        star
        for star in query.find_all(exp.Star)
        if star.args.get("except_") or star.args.get("except")
    ]
    assert not [union for union in query.find_all(exp.SetOperation) if union.args.get("by_name")]
    assert not list(query.find_all(exp.Anonymous))


@pytest.mark.parametrize("file", FILES)
def test_nothing_hangs_on_a_hash_that_another_version_may_change(file: str) -> None:
    calls = [one for each in statements(file) for one in each.find_all(exp.Anonymous)]
    assert "hash" not in {one.name.lower() for one in calls}


def test_no_subquery_hangs_on_the_rows_around_it() -> None:
    """DuckDB lays those rows down for it, with all their columns: a version of an invoice is some
    kilobytes wide."""
    models = project.models()
    relations = raw.whole([], [each.raw_table for each in models if each.raw_table])
    with duckdb.connect() as connection:
        names.make(connection, TRANSFORMS)
        names.Clock(datetime(2026, 11, 1, tzinfo=UTC)).write(connection, "staging.run")
        rates.write(connection, None, TRANSFORMS)
        connection.execute("SET explain_output = 'all'")
        for each in models:
            query = names.query_of(each, relations)
            plans = dict(connection.execute(f"EXPLAIN {query}").fetchall())
            assert "DELIM_JOIN" not in plans["logical_opt"], each.name
            what = "VIEW" if each.kind == VIEW else "TABLE"
            connection.execute(f"CREATE {what} {each.name} AS {query}")
