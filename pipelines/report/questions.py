"""The questions in transforms/reports/, asked of the published tables."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pipelines.transform.model import TRANSFORMS

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]


def ask(connection: duckdb.DuckDBPyConnection, question: str, **parameters: object) -> list[Row]:
    """The rows of the answer, by column."""
    return answer(connection, text(question), **parameters)


def answer(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: object) -> list[Row]:
    """The same of a text that was filled in."""
    result = connection.execute(sql, parameters)
    columns = [column[0] for column in result.description or []]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def keep(
    connection: duckdb.DuckDBPyConnection, name: str, question: str, **parameters: object
) -> None:
    """Make the answer a temporary table, for questions that go on from it."""
    connection.execute(f"CREATE TEMP TABLE {name} AS {text(question)}", parameters)


@cache
def text(question: str) -> str:
    """The file of this name."""
    return (TRANSFORMS / "reports" / f"{question}.sql").read_text(encoding="utf-8")
