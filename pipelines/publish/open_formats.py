"""The lake's tables once more as Delta Lake or Iceberg, for engines that read no DuckLake.

They are written after DuckLake's transaction and from it, each in one of its own: who reads two of
them meanwhile may see yesterday's one beside today's other. A table bears the state that it was
written from, so that one which hasn't changed isn't written again, and another try ends what one
that was killed began.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipelines.config.lake import Lake
from pipelines.errors import JobError, UsageError, one_sentence
from pipelines.publish.lake import opened
from pipelines.publish.lake_tables import columns
from pipelines.publish.object_store import ask_no_machine
from pipelines.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS_AT_ONCE = 250_000
_PACKAGES = {"delta": "deltalake", "iceberg": "pyiceberg"}


class Tables(Protocol):
    """Tables of a format, by name."""

    def state(self, name: str) -> int | None:
        """What the table was written from; None where there is none."""

    def write(self, name: str, rows: pa.RecordBatchReader, state: int) -> None:
        """Replace the table by these rows, and remember the state, in one transaction."""

    def maintain(self, name: str) -> None:
        """Let go of what was replaced more than a week ago."""

    def close(self) -> None:
        """End its connections."""


@dataclass(frozen=True)
class Written:
    """The names of tables that were written, and of those that were as they should be."""

    changed: list[str]
    unchanged: list[str]


def see_installed(lake: Lake) -> None:
    """See that what writes the lake's format is installed. Raises UsageError."""
    if lake.format is None:
        return
    needed = {_PACKAGES[lake.format]: lake.format}
    if lake.format == "iceberg" and lake.file is None:
        needed["psycopg"] = "postgres"
    for package, extra in needed.items():
        if importlib.util.find_spec(package) is None:
            raise UsageError(
                f"`format` in [lake] is {lake.format}, which needs a package that isn't installed"
                f" ({package}). Install Billhouse again, as the README says, with the extra"
                f" {extra}: billhouse[lake,{extra}] (in a clone: uv sync --extra lake --extra"
                f" {extra})."
            )


def write_changed(lake: Lake) -> Written:
    """Write each table of the lake that isn't in its format as it is now.

    Raises:
        JobError: one can't be written; those before it are.
    """
    written = Written([], [])
    with (
        opened(lake) as connection,
        _as_open_as_the_data_path(lake),
        closing(_tables(lake)) as tables,
    ):
        for name, state in _states(connection).items():
            try:
                if tables.state(name) == state:
                    written.unchanged.append(name)
                    continue
                query = f"FROM {identifier(name)}"
                rows = connection.execute(query).to_arrow_reader(ROWS_AT_ONCE)
                tables.write(name, rows, state)
            except Exception as error:  # of several packages, which have no class in common
                raise JobError(
                    f"The lake is published, but its table {name} could not be written as"
                    f" {lake.format} below {lake.address}: {one_sentence(error)} Gather again when"
                    " the cause is gone: what is written already isn't written twice."
                ) from error
            written.changed.append(name)
    return written


def maintain(lake: Lake) -> None:
    """Let go of what was replaced more than a week ago."""
    with (
        opened(lake) as connection,
        _as_open_as_the_data_path(lake),
        closing(_tables(lake)) as tables,
    ):
        for name in _states(connection):
            if tables.state(name) is not None:
                tables.maintain(name)


def _tables(lake: Lake) -> Tables:
    ask_no_machine()
    if lake.format == "delta":
        from pipelines.publish.delta import DeltaTables

        return DeltaTables(lake)
    from pipelines.publish.iceberg import IcebergTables

    return IcebergTables(lake)


def _states(connection: duckdb.DuckDBPyConnection) -> Mapping[str, int]:
    """A digest of each table's columns and files, and for a view of those of all tables."""
    files = {name: _files(connection, name) for name in columns(connection)}
    shown = connection.execute(
        "SELECT table_name, string_agg(concat_ws(' ', column_name, data_type), ', '"
        " ORDER BY column_index) FROM duckdb_columns()"
        " WHERE database_name = 'memory' AND schema_name = 'main' GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    views = connection.execute(
        "SELECT string_agg(sql ORDER BY view_name) FROM duckdb_views()"
        " WHERE database_name = 'lake' AND schema_name = 'main'"
    ).fetchone()
    every = f"{views}\n{sorted(files.items())}"
    return {name: _number(f"{types}\n{files.get(name, every)}") for name, types in shown}


def _files(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    rows = connection.execute(
        f"SELECT data_file, delete_file FROM ducklake_list_files('lake', {literal(name)})"  # noqa: S608
        " ORDER BY ALL"
    ).fetchall()
    return repr(rows)


def _number(text: str) -> int:
    """63 bits of the text's digest, which is what Delta keeps of a transaction."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1


@contextmanager
def _as_open_as_the_data_path(lake: Lake) -> Iterator[None]:
    """Files that are new are for those to read for whom the data path is."""
    if lake.store:
        yield
        return
    previous = os.umask(0o777 & ~lake.data_path.stat().st_mode)
    try:
        yield
    finally:
        os.umask(previous)
