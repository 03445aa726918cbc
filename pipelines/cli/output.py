"""The rows of a query on stdout: for people as a table, for programs exactly, as CSV or JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.cli.streams import exact_output
from pipelines.cli.tables import print_table
from pipelines.errors import JobError
from pipelines.publish.spreadsheets import harmless

if TYPE_CHECKING:
    import pyarrow as pa


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


def print_as_csv(result: pa.Table, *, raw: bool = False) -> None:
    """RFC 4180, with a header and bare line feeds; null is an empty field. Text that a spreadsheet
    would run is made harmless, if it isn't wanted `raw`."""
    cell = text_of if raw else _harmless_cell
    with exact_output() as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([cell(name) for name in result.column_names])
        writer.writerows([cell(value) for value in row] for row in _rows(result))


def print_as_json(result: pa.Table) -> None:
    """An array of objects, one a line; decimals are numbers, written digit by digit.

    Raises:
        JobError: two columns have one name, so an object would lose one of them.
    """
    names = result.column_names
    for name in names:
        if names.count(name) > 1:
            raise JobError(
                f"Two columns are named {name!r}, and a JSON object can hold one of them. Give the"
                " other a name of its own with AS."
            )
    rows = (_json(dict(zip(names, row, strict=True))) for row in _rows(result))
    lines = ",\n".join(rows)
    with exact_output() as out:
        out.write(f"[\n{lines}\n]\n" if lines else "[]\n")


def _rows(result: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in result.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _texts(result: pa.Table) -> list[list[str]]:
    return [[text_of(value) for value in row] for row in _rows(result)]


def _harmless_cell(value: Any) -> str:
    return harmless(value) if isinstance(value, str) else text_of(value)


def _iso(moment: datetime) -> str:
    if moment.tzinfo is None:
        return moment.isoformat()
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.Encoder(decimal_format="number").encode(value).decode()
