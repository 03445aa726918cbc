"""The rows of a query on stdout: for people as a table, for programs exactly, as CSV or JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.streams import exact_output
from pipelines.cli.tables import print_table
from pipelines.errors import JobError
from pipelines.publish.spreadsheets import harmless

if TYPE_CHECKING:
    import pyarrow as pa


class ResultFormat(StrEnum):
    """How the rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


Format = Annotated[ResultFormat, typer.Option("--format", help="How the answer is written.")]


def text_of(value: Any) -> str:
    """A value as exact text: decimals in full, times as ISO 8601 in UTC; null is empty."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime():
            return _iso(value)
        case list() | dict():
            return _json(value)
        case _:
            return str(value)


def print_as_table(result: pa.Table, *, title: str | None = None, expanded: bool = False) -> None:
    """For people; see `tables.print_table`."""
    import pyarrow.types as types

    numbers = frozenset(
        index
        for index, kind in enumerate(result.schema.types)
        if types.is_integer(kind) or types.is_decimal(kind) or types.is_floating(kind)
    )
    print_table(
        result.column_names, _texts(result), numbers=numbers, title=title, expanded=expanded
    )


def print_as_csv(names: Sequence[str], rows: Iterable[Sequence[Any]], *, raw: bool = False) -> None:
    """RFC 4180, with a header and bare line feeds; null is an empty field. Text that a spreadsheet
    would run is made harmless, if it isn't wanted `raw`."""
    cell = text_of if raw else _harmless_cell
    with exact_output() as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([cell(name) for name in names])
        writer.writerows([cell(value) for value in row] for row in rows)


def print_records(
    result_format: ResultFormat, names: Sequence[str], records: Iterable[Mapping[str, Any]]
) -> None:
    """Rows of our own for programs, as `--format` says."""
    rows = [[record[name] for name in names] for record in records]
    (print_as_csv if result_format is ResultFormat.CSV else print_as_json)(names, rows)


def print_object(record: Mapping[str, Any]) -> None:
    """One JSON object on one line, exact as `print_as_json`."""
    with exact_output() as out:
        out.write(f"{_json(record)}\n")


def print_as_json(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """An array of objects, one a line; decimals are numbers, written digit by digit.

    Raises:
        JobError: two columns have one name, so an object would lose one of them.
    """
    for name in names:
        if names.count(name) > 1:
            raise JobError(
                f"Two columns are named {name!r}, and a JSON object can hold one of them. Give the"
                " other a name of its own with AS."
            )
    lines = ",\n".join(_json(dict(zip(names, row, strict=True))) for row in rows)
    with exact_output() as out:
        out.write(f"[\n{lines}\n]\n" if lines else "[]\n")


def rows_of(result: pa.Table) -> Iterator[tuple[Any, ...]]:
    """An Arrow table's rows."""
    for batch in result.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _texts(result: pa.Table) -> list[list[str]]:
    return [[text_of(value) for value in row] for row in rows_of(result)]


def _harmless_cell(value: Any) -> str:
    return harmless(value) if isinstance(value, str) else text_of(value)


def _iso(moment: datetime) -> str:
    if moment.tzinfo is None:
        return moment.isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.Encoder(decimal_format="number").encode(value).decode()
