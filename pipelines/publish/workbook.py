"""The published tables as one Excel workbook, a sheet each: dates are dates, numbers are numbers.

A spreadsheet's numbers are doubles, exact to 15 digits: a longer one is written as text. Text is
never run: no cell is a formula. https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import xlsxwriter

from pipelines.errors import JobError, one_sentence
from pipelines.publish.export import ExportedFile
from pipelines.publish.read import opened
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import identifier
from pipelines.warehouse.writing import replacing

if TYPE_CHECKING:
    import duckdb

_FIRST = ("spend", "payables", "fct_invoices", "fct_invoice_lines")
_ROWS_OF_A_SHEET = 1_048_576
_LONGEST_TEXT = 32_767
_EXACT_DIGITS = 15
_FIRST_YEAR = 1901  # Excel takes 1900 for a leap year
_ROWS_AT_ONCE = 10_000
_WIDTH = 18


def export_workbook(warehouse: Warehouse, directory: Path) -> ExportedFile:
    """Write `billhouse.xlsx`. Times are UTC.

    Raises:
        JobError: nothing is published yet, a table is longer than a sheet, or the file can't be
            written.
    """
    file = directory / "billhouse.xlsx"
    with opened(warehouse) as connection, _written(file) as workbook:
        rows = sum(_add(workbook, connection, table) for table in _tables(connection))
    return ExportedFile(file, rows)


def write_sheet(
    file: Path, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Write a workbook of one sheet. Raises JobError: the file can't be written."""
    with _written(file) as workbook:
        _fill(workbook, name, columns, [rows] if rows else [])


@contextmanager
def _written(file: Path) -> Iterator[Any]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(prefix="billhouse-") as aside,
            replacing(file) as unfinished,
            closing(
                xlsxwriter.Workbook(unfinished, {"constant_memory": True, "tmpdir": aside})
            ) as workbook,
        ):
            yield workbook
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        raise JobError(
            f"The workbook could not be written to {file}: {one_sentence(error)} Give --output a"
            " folder that this user may write to and that has room, and export again."
        ) from error


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    names = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    return [*(name for name in _FIRST if name in names), *sorted(names - set(_FIRST))]


def _add(workbook: Any, connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """A sheet with the table's rows, and how many those are."""
    result = connection.execute(f"FROM {identifier(table)}")
    names = [column[0] for column in result.description or []]
    return _fill(workbook, table, names, iter(lambda: result.fetchmany(_ROWS_AT_ONCE), []))


def _fill(
    workbook: Any, name: str, names: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]
) -> int:
    formats = {
        kind: workbook.add_format(how)
        for kind, how in {
            "head": {"bold": True},
            "day": {"num_format": "yyyy-mm-dd"},
            "moment": {"num_format": "yyyy-mm-dd hh:mm:ss"},
        }.items()
    }
    sheet = workbook.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(names) - 1, _WIDTH)
    for column, head in enumerate(names):
        sheet.write_string(0, column, head, formats["head"])
    count = 0
    for batch in batches:
        if count + len(batch) >= _ROWS_OF_A_SHEET:
            raise JobError(
                f"{name} has more rows than a sheet holds ({_ROWS_OF_A_SHEET:,}). Export Parquet"
                " or CSV instead, or ask for a part of it with `billhouse query --format csv`."
            )
        for row in batch:
            count += 1
            for column, value in enumerate(row):
                _write(sheet, count, column, value, formats)
    sheet.autofilter(0, 0, count, len(names) - 1)
    return count


def _write(sheet: Any, row: int, column: int, value: Any, formats: Mapping[str, Any]) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case int() | Decimal() if _is_exact(Decimal(value)):
            sheet.write_number(row, column, value)
        case datetime() if value.year >= _FIRST_YEAR:
            naive = value.astimezone(UTC).replace(tzinfo=None)
            sheet.write_datetime(row, column, naive, formats["moment"])
        case date() if value.year >= _FIRST_YEAR and not isinstance(value, datetime):
            sheet.write_datetime(row, column, value, formats["day"])
        case float():
            sheet.write_number(row, column, value)
        case _:
            text = str(value)
            cut = text if len(text) < _LONGEST_TEXT else f"{text[: _LONGEST_TEXT // 2]}…"
            sheet.write_string(row, column, cut)


def _is_exact(number: Decimal) -> bool:
    return len(number.normalize().as_tuple().digits) <= _EXACT_DIGITS
