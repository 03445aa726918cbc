"""Reading the published copy: safely, exactly, and without being in a run's way."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.database_files import path_text
from pipelines.failures import JobError
from pipelines.queries import check, sealed, spilling_unseen
from pipelines.spreadsheets import harmless
from pipelines.streams import exact_output
from pipelines.tables import print_table
from pipelines.warehouse import Warehouse, cannot_open

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@contextmanager
def opened(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, read-only. Its SQL reaches no other file and no network.

    Raises:
        JobError: nothing is published yet, or the file can't be opened.
    """
    with unsealed(warehouse) as connection:
        sealed(connection)
        yield connection


@contextmanager
def unsealed(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, read-only, for our own SQL, which may write files.

    Raises:
        JobError: nothing is published yet, or the file can't be opened.
    """
    import duckdb

    if not warehouse.published.exists():
        raise JobError(
            f"Nothing is published yet: {warehouse.published} doesn't exist. Run `billhouse run`"
            " first, or set warehouse.directory to where the warehouse is."
        )
    try:
        connection = duckdb.connect(path_text(warehouse.published), read_only=True)
    except duckdb.Error as error:
        raise cannot_open(warehouse.published, error) from error
    with closing(connection), spilling_unseen(connection):
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """The rows of a query.

    They come as an Arrow table, which carries sums of cents (128 bits) and decimals exactly.

    Raises:
        UsageError: there is no query in the text, or more than one.
        JobError: it isn't one that only reads, or DuckDB can't answer it; says why in a sentence.
    """
    import duckdb

    try:
        check(connection, sql)
        return connection.execute(sql).to_arrow_table()
    except duckdb.Error as error:
        raise JobError(
            f"The query can't be answered. {one_sentence(error)}{_hint(error)}"
        ) from error


def _hint(error: duckdb.Error) -> str:
    import duckdb

    match error:
        case duckdb.CatalogException() | duckdb.BinderException():
            return (
                ' "SHOW TABLES" lists the tables, and "DESCRIBE fct_invoices" a table\'s columns.'
            )
        case duckdb.PermissionException():
            return " A query reads the published tables, and nothing else."
    return ""


@contextmanager
def of_this_version() -> Iterator[None]:
    """For our own queries, which name tables and columns that every copy of this version has.

    Raises:
        JobError: the copy lacks one of them, since another version published it.
    """
    import duckdb

    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise JobError(
            f"The published copy has other tables than this version of Billhouse:"
            f" {one_sentence(error)} Run `billhouse rebuild`, which publishes it anew and fetches"
            " nothing."
        ) from error


def one_sentence(error: BaseException) -> str:
    """The reason, from DuckDB without its drawing of where in the query it stands, from the system
    without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror} ({error.filename})."
    reason = " ".join(str(error).partition("\n\nLINE")[0].split())
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."


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


def print_as_table(result: pa.Table, *, title: str | None = None) -> None:
    """For people; see `tables.print_table`."""
    import pyarrow.types as types

    numbers = frozenset(
        index
        for index, kind in enumerate(result.schema.types)
        if types.is_integer(kind) or types.is_decimal(kind) or types.is_floating(kind)
    )
    print_table(result.column_names, _texts(result), numbers=numbers, title=title)


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
