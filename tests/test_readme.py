"""The README tells the truth: every command is in it, and its SQL runs on the tables."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import typer.main

from pipelines.cli.app import app
from pipelines.transform import build, project
from pipelines.warehouse import load_results

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(typer.main.get_group(app).commands)


@pytest.fixture(scope="module")
def published() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of a warehouse in which nothing is loaded."""
    with duckdb.connect() as connection:
        load_results.create(connection)
        connection.execute("ATTACH ':memory:' AS next")
        build(connection, started_at=datetime(2026, 11, 1, tzinfo=UTC))
        load_results.copy(connection, "memory")
        connection.execute("USE next")
        yield connection


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"`billhouse {command}" in README


def test_no_command_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"`billhouse ([a-z][a-z-]*)", README)) <= set(COMMANDS)


@pytest.mark.parametrize(
    "table", [each.name.removeprefix("marts.") for each in project.models() if each.is_mart]
)
def test_every_table_is_documented(table: str) -> None:
    assert f"| `{table}` |" in README


def test_extras_that_are_named_are_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    named = re.findall(r"billhouse\S*\[([a-z,]+)\]", "".join(each.read_text() for each in pages))
    assert {extra for each in named for extra in each.split(",")} <= {
        *project["optional-dependencies"]
    }
    assert len(named) >= 4


def test_sql_runs(published: duckdb.DuckDBPyConnection) -> None:
    queries = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    queries += re.findall(r'billhouse query "([^"]+)"', README)
    assert len(queries) >= 3
    for query in queries:
        published.execute(query)
