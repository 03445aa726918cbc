"""One published table as a table in PostgreSQL: its columns, types, rows, key and comments.

https://www.postgresql.org/docs/current/sql-copy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import JobError
from pipelines.warehouse.sql_text import identifier

if TYPE_CHECKING:
    import duckdb
    import psycopg

_ROWS_AT_ONCE = 10_000
_SAME_NAME_THERE = frozenset(
    {"VARCHAR", "BIGINT", "INTEGER", "DATE", "BOOLEAN", "TIMESTAMP WITH TIME ZONE"}
)
# A server in SQL_ASCII keeps the bytes that it gets.
_HOLD_EVERY_CHARACTER = frozenset({"UTF8", "SQL_ASCII"})
# What audits hold unique, or the table is made so; tools find a row again by it.
_KEYS = {
    "accruals": ("vendor", "account", "currency", "month"),
    "audit_results": ("audit",),
    "close_differences": ("month", "line_id", "currency"),
    "dim_billing_periods": ("vendor", "account", "month"),
    "dim_currencies": ("currency",),
    "fct_invoice_files": ("invoice_id",),
    "fct_invoice_lines": ("line_id",),
    "fct_invoices": ("invoice_id",),
    "fct_payment_status_history": ("invoice_id", "valid_from"),
    "fct_payments": ("payment_id",),
    "invoice_changes": ("invoice_id", "changed_at", "kind"),
    "load_results": ("run_id", "vendor", "account"),
    "month_closes": ("month",),
    "payables": ("invoice_id",),
    "team_budgets": ("team", "month", "currency"),
}


def copy_table(
    source: duckdb.DuckDBPyConnection, target: psycopg.Connection, schema: str, table: str
) -> int:
    """Make PostgreSQL's table of this name the same as the published one, and give its rows.

    What PostgreSQL's text can't hold (U+0000, and what a database in an older encoding lacks) is
    replaced there by U+FFFD or a question mark: one vendor's odd character stops nobody's numbers.
    """
    columns = source.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?"
        " ORDER BY column_index",
        [table],
    ).fetchall()
    _prepare(target, schema, table, [(name, _type(kind)) for name, kind in columns])
    selected = ", ".join(
        f"replace({identifier(name)}, chr(0), chr(65533))"
        if kind == "VARCHAR"
        else identifier(name)
        for name, kind in columns
    )
    rows = source.execute(f"SELECT {selected} FROM {identifier(table)}")  # noqa: S608
    count = _copy_rows(rows, target, schema, table)
    _describe(source, target, schema, table)
    return count


def _describe(
    source: duckdb.DuckDBPyConnection, target: psycopg.Connection, schema: str, table: str
) -> None:
    """The primary key, where it isn't there yet, and what the table and its columns mean."""
    from psycopg.sql import SQL, Identifier, Literal

    name = Identifier(schema, table)
    keyed = target.execute(
        "SELECT FROM pg_index WHERE indrelid = to_regclass(%s) AND indisprimary",
        [name.as_string(target)],
    ).fetchone()
    if table in _KEYS and keyed is None:
        key = SQL(", ").join(map(Identifier, _KEYS[table]))
        target.execute(SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(name, key))
    comments = source.execute(
        "SELECT NULL, comment FROM duckdb_tables() WHERE table_name = $table"
        " UNION ALL SELECT NULL, comment FROM duckdb_views() WHERE view_name = $table"
        " UNION ALL SELECT column_name, comment FROM duckdb_columns() WHERE table_name = $table",
        {"table": table},
    ).fetchall()
    for column, comment in comments:
        what = SQL("TABLE {}").format(name)
        if column is not None:
            what = SQL("COLUMN {}").format(Identifier(schema, table, column))
        target.execute(SQL("COMMENT ON {} IS {}").format(what, Literal(comment)))


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
    rows: duckdb.DuckDBPyConnection, target: psycopg.Connection, schema: str, table: str
) -> int:
    from psycopg.sql import SQL, Identifier

    count = 0
    narrow = _narrower_encoding(target)
    into = SQL("COPY {} FROM STDIN").format(Identifier(schema, table))
    with target.cursor() as cursor, cursor.copy(into) as copy:
        while batch := rows.fetchmany(_ROWS_AT_ONCE):
            for row in batch:
                copy.write_row(row if narrow is None else _narrowed(row, narrow))
            count += len(batch)
    return count


def _narrower_encoding(target: psycopg.Connection) -> str | None:
    """Python's name of the database's encoding, where it doesn't hold every character."""
    encoding = target.info.parameter_status("server_encoding")
    if encoding is None or encoding in _HOLD_EVERY_CHARACTER:
        return None
    asked = "SELECT set_config('client_encoding', %s, true)"
    target.execute(asked, [encoding])
    try:
        return target.info.encoding
    finally:
        target.execute(asked, ["UTF8"])


def _narrowed(row: tuple[Any, ...], encoding: str) -> tuple[Any, ...]:
    return tuple(
        value.encode(encoding, "replace").decode(encoding) if isinstance(value, str) else value
        for value in row
    )


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
