"""A copy of the published tables in PostgreSQL, for tools that want a server.

The copy is replaced in one transaction: readers see the old tables until the new ones are whole.
https://www.postgresql.org/docs/current/sql-copy.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.failures import JobError, UsageError
from pipelines.published import opened
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb
    import psycopg

_ROWS_AT_ONCE = 10_000
_CONNECT_TIMEOUT = 10
# So that two exports at one time are one after the other; the number means nothing.
_LOCK = 4_242_424_242
_SAME_NAME_THERE = frozenset(
    {"VARCHAR", "BIGINT", "INTEGER", "DATE", "BOOLEAN", "TIMESTAMP WITH TIME ZONE"}
)


def export_postgres(warehouse: Warehouse, url: str, schema: str) -> list[tuple[str, int]]:
    """Copy every published table into the schema, and give each one's name and rows.

    A table whose columns are the same is emptied and filled, so that views on it and grants stay.

    Raises:
        UsageError: psycopg isn't installed, or the URL is none.
        JobError: nothing is published, or PostgreSQL refuses; then its tables are as they were.
    """
    with opened(warehouse) as source, _connected(url) as target:
        import psycopg

        try:
            with target.transaction():
                return list(_copy_all(source, target, schema))
        except psycopg.Error as error:
            raise JobError(
                f"PostgreSQL refused the copy: {_sentence(error)} Its tables are as they were. If a"
                " view hangs on a table whose columns changed, drop the view and export again."
            ) from error


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    try:
        import psycopg
    except ImportError:
        raise UsageError(
            "`billhouse export postgres` needs psycopg: install it with `pip install"
            " 'billhouse[postgres]'`."
        ) from None
    try:
        parameters = _parameters(url)
    except psycopg.ProgrammingError:
        # Its text quotes the URL, and with it the password.
        raise UsageError(
            "The URL of the PostgreSQL database can't be read (and isn't shown, as it holds a"
            " password): write it as postgresql://user:password@host:5432/database."
        ) from None
    try:
        connection = psycopg.connect(**parameters)
    except psycopg.Error as error:
        raise JobError(
            f"PostgreSQL at {parameters.get('host', 'this machine')} can't be used:"
            f" {_sentence(error)} Check the URL, that the server runs, and that this machine may"
            " connect to it."
        ) from None
    try:
        yield connection
    finally:
        connection.close()


def _parameters(url: str) -> dict[str, Any]:
    """The certificate is verified unless the URL says something else, or leads to this machine."""
    from psycopg.conninfo import conninfo_to_dict

    from sources.origin import is_loopback

    parameters = conninfo_to_dict(url)
    host = str(parameters.get("host") or "")
    if "@" in host:
        # Of a password with a bare @ in it, the rest is read as the host, which errors show.
        raise UsageError(
            "The password in the URL of the PostgreSQL database has an @ in it: write it as %40."
        )
    is_here = not host or host.startswith("/") or is_loopback(host)
    if not is_here and "sslmode" not in parameters:
        parameters |= {"sslmode": "verify-full", "sslrootcert": "system"}
    return {"connect_timeout": _CONNECT_TIMEOUT, **parameters}


def _copy_all(
    source: duckdb.DuckDBPyConnection, target: psycopg.Connection, schema: str
) -> Iterator[tuple[str, int]]:
    from psycopg.sql import SQL, Identifier

    target.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    target.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
    for (table,) in source.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall():
        columns = source.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?"
            " ORDER BY column_index",
            [table],
        ).fetchall()
        wanted = [(name, _type(kind)) for name, kind in columns]
        _prepare(target, schema, table, wanted)
        yield table, _copy_rows(source, target, schema, table)


def _prepare(
    target: psycopg.Connection, schema: str, table: str, wanted: list[tuple[str, str]]
) -> None:
    """Leave the table empty, with these columns."""
    from psycopg.sql import SQL, Identifier

    name = Identifier(schema, table)
    present = target.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [name.as_string(target)],
    ).fetchall()
    if present == wanted:
        # Not TRUNCATE, which would keep readers waiting until the commit.
        target.execute(SQL("DELETE FROM {}").format(name))
        return
    target.execute(SQL("DROP TABLE IF EXISTS {}").format(name))
    columns = SQL(", ").join(
        SQL("{} {}").format(Identifier(column), SQL(kind)) for column, kind in wanted
    )
    target.execute(SQL("CREATE TABLE {} ({})").format(name, columns))


def _copy_rows(
    source: duckdb.DuckDBPyConnection, target: psycopg.Connection, schema: str, table: str
) -> int:
    from psycopg.sql import SQL, Identifier

    from pipelines.sql_text import identifier

    rows = source.execute(f"FROM {identifier(table)}")
    count = 0
    into = SQL("COPY {} FROM STDIN").format(Identifier(schema, table))
    with target.cursor() as cursor, cursor.copy(into) as copy:
        while batch := rows.fetchmany(_ROWS_AT_ONCE):
            for row in batch:
                copy.write_row(row)
            count += len(batch)
    return count


def _type(kind: str) -> str:
    """DuckDB's type as PostgreSQL's `format_type` writes it. Raises JobError for an unknown one."""
    if kind.startswith("DECIMAL("):
        return "numeric" + kind.removeprefix("DECIMAL").replace(" ", "")
    if kind == "VARCHAR":
        return "text"
    if kind == "DOUBLE":
        return "double precision"
    if kind == "HUGEINT":
        return "numeric(38,0)"
    if kind in _SAME_NAME_THERE:
        return kind.lower()
    raise JobError(f"There is no PostgreSQL type for {kind}. Nothing was exported; report this.")


def _sentence(error: Exception) -> str:
    """Without libpq's question whether the server runs: what to do is said after it."""
    text = " ".join(str(error).partition("\n\tIs the server")[0].split()) or type(error).__name__
    return text if text.endswith(".") else f"{text}."
