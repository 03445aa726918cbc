"""Where one batch of invoices after the other is read and built: a database in memory.

It stands beside the warehouse in the same DuckDB, so that it reads `raw` where it lies, while what
a build needs only in between never reaches the disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.building import BuiltModel, Clock, create_table, create_view, prepare
from pipelines.model import Model
from pipelines.raw_tables import RawTable
from pipelines.sql_text import literal

_ROWS_OF_THE_BATCH = """(
    FROM {relation}
    SEMI JOIN (SELECT position FROM staging.positions WHERE raw_table = {table}) AS batch
        ON rowid = batch.position
)"""


class Workbench:
    """Builds all models over a part of `raw`; its tables hold the last batch's rows."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        models: Sequence[Model],
        tables: Sequence[RawTable],
    ) -> None:
        self._warehouse = connection
        self._connection = connection.cursor()
        self.name = name
        self._models = models
        self._relations = {
            table.name: _ROWS_OF_THE_BATCH.format(
                relation=table.relation, table=literal(table.name)
            )
            for table in tables
        }
        self._has_views = False
        self._is_interrupted = False
        self._done_with = _done_with(models)

    def open(self, folder: Path, clock: Clock) -> None:
        """Make the database and what all models stand on."""
        self._connection.execute(f"ATTACH ':memory:' AS {self.name}")
        self._connection.execute(f"USE {self.name}")
        # A cursor has the settings of the process, not those of the session that it comes from.
        self._connection.execute("SET TimeZone = 'UTC'")
        # DuckDB would copy whatever passes in small chunks: documents of megabytes, several times.
        self._connection.execute("SET enable_caching_operators = false")
        prepare(self._connection, folder, clock)

    def build(self, positions: pa.Table) -> list[BuiltModel]:
        """Build the rows at these positions (raw_table, position) of the raw tables."""
        run = self._connection.execute
        self._connection.register("batch_positions", positions)
        run("CREATE OR REPLACE TABLE staging.positions AS FROM batch_positions")
        self._connection.unregister("batch_positions")
        built = []
        for each in self._models:
            if self._is_interrupted:
                raise duckdb.InterruptException("The build was interrupted.")
            if not each.is_view:
                built.append(create_table(self._connection, each))
            elif not self._has_views:
                create_view(self._connection, each, self._relations)
            for name in self._done_with.get(each.name, ()):
                run(f"DROP TABLE {name}")
        self._has_views = True
        return built

    def definition(self, name: str) -> str:
        """The statement that creates a table like the one of this name, but empty."""
        row = self._connection.execute(
            "SELECT sql FROM duckdb_tables()"
            " WHERE database_name = ? AND schema_name || '.' || table_name = ?",
            [self.name, name],
        ).fetchone()
        assert row is not None  # noqa: S101 - it was built
        return str(row[0])

    def clear(self, name: str) -> None:
        """Let go of a table whose rows are kept."""
        self._connection.execute(f"DROP TABLE {name}")

    def interrupt(self) -> None:
        """End what another thread is building here, with an error there."""
        # DuckDB forgets an interrupt that comes between two queries.
        self._is_interrupted = True
        self._connection.interrupt()

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()
        with self._warehouse.cursor() as another:
            another.execute(f"DETACH DATABASE IF EXISTS {self.name}")


def _done_with(models: Sequence[Model]) -> Mapping[str, list[str]]:
    """Which tables nobody reads any more when a model is built, and nobody keeps.

    What a view reads is read by whoever reads the view.
    """
    tables_behind: dict[str, set[str]] = {}
    last_reader: dict[str, str] = {}
    for each in models:
        read = set().union(*(tables_behind[name] for name in each.references))
        tables_behind[each.name] = read if each.is_view else {each.name}
        if not each.is_view:
            last_reader.update(dict.fromkeys(read, each.name))
    kept = {each.name for each in models if each.is_kept}
    done_with: dict[str, list[str]] = {}
    for name, reader in last_reader.items():
        if name not in kept:
            done_with.setdefault(reader, []).append(name)
    return done_with
