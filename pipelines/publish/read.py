"""Reading the published copy: safely, exactly, and without being in a run's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import JobError, one_sentence
from pipelines.warehouse import session
from pipelines.warehouse.connection import cannot_open
from pipelines.warehouse.database_files import path_text
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.restricted import check, sealed, spilling_unseen

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb
    import pyarrow as pa


@contextmanager
def opened(
    warehouse: Warehouse, moment: datetime | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, read-only; of a lake also what was published at a `moment`. Its SQL
    reaches no other file and no network.

    Raises:
        JobError: nothing is published yet, or the file can't be opened.
    """
    with unsealed(warehouse, moment) as connection:
        sealed(connection)
        yield connection


@contextmanager
def unsealed(
    warehouse: Warehouse, moment: datetime | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, or the lake, read-only, for our own SQL, which may write files.

    Raises:
        JobError: nothing is published yet, or the file can't be opened.
    """
    import duckdb

    if warehouse.lake is not None:
        from pipelines.publish import lake

        with lake.opened(warehouse.lake, moment) as connection:
            yield connection
        return
    if not warehouse.published.exists():
        raise JobError(
            f"Nothing is published yet: {warehouse.published} doesn't exist. Run `billhouse run`"
            " first, or say with --warehouse where it is."
        )
    try:
        connection = duckdb.connect(path_text(warehouse.published), read_only=True)
    except duckdb.Error as error:
        raise cannot_open(warehouse.published, error) from error
    with closing(connection), spilling_unseen(connection):
        session.begin(connection)
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
        return connection.sql(sql).to_arrow_table()
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
            f" {one_sentence(error)} Run `billhouse rebuild`, which publishes it again and fetches"
            " nothing."
        ) from error
