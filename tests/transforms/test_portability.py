"""Every SQL file can be carried to other engines by sqlglot, and the marts are plain SQL."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

from pipelines.transform.model import TRANSFORMS

FILES = sorted(path.relative_to(TRANSFORMS).as_posix() for path in TRANSFORMS.rglob("*.sql"))


def statements(file: str) -> list[exp.Expr]:
    query = (
        Path(TRANSFORMS, file).read_text(encoding="utf-8").replace("{relation}", "raw.documents")
    )
    return [parsed for parsed in sqlglot.parse(query, read="duckdb") if parsed is not None]


@pytest.mark.parametrize("dialect", ["spark", "postgres"])
@pytest.mark.parametrize("file", FILES)
def test_carried_to_another_engine(file: str, dialect: str) -> None:
    for one in statements(file):
        carried = one.sql(dialect, unsupported_level=ErrorLevel.RAISE)
        assert sqlglot.parse_one(carried, read=dialect)


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
