"""The lake's tables: rows of shards give way to those of their new files, which are only listed.

What a shard's new part names as its former one did stays as it is, whatever became of the files: a
compaction may have put their rows into others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config.lake import Lake
from pipelines.errors import JobError
from pipelines.publish.part_files import by_folder
from pipelines.publish.parts import SHARD, Part, PartTable
from pipelines.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    import duckdb


def replace_rows(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    parts: Sequence[Part],
    former: Mapping[int, Part],
    others: Sequence[int],
) -> None:
    """Put each part in the place of the shard's `former` one. The shards `others` keep theirs.

    Raises:
        JobError: parts of different versions can't stand side by side.
    """
    first = parts[0]
    _see_one_version(connection, parts, others)
    for name in columns(connection).keys() - first.tables.keys():
        # No longer made: what is left of it is of shards that were built before.
        _delete(connection, name, f"main/{name}", [part.shard for part in parts])
    for name, table in first.tables.items():
        if table.is_everywhere_the_same:
            connection.execute(f"DELETE FROM lake.main.{identifier(name)}")  # noqa: S608
            _add(connection, lake, name, table, list(table.files))
            continue
        new: list[str] = []
        gone: dict[str, list[int]] = {}
        for part in parts:
            before = former[part.shard].tables.get(name) if part.shard in former else None
            now = by_folder(part.tables[name].files)
            then = by_folder(before.files) if before else {}
            for folder in now.keys() | then.keys():
                if now.get(folder) != then.get(folder):
                    new += now.get(folder, ())
                    if folder in then:
                        gone.setdefault(folder, []).append(part.shard)
        # One vendor's month at a time, so that no other's files are read.
        for folder, shards in sorted(gone.items()):
            _delete(connection, name, folder, shards)
        _add(connection, lake, name, table, sorted(new))
    # Not again each night: files are compacted with those of the same definitions alone.
    if all(part.views != first.views for part in former.values()):
        connection.execute("USE lake")
        for name, query in first.views.items():
            connection.execute(f"CREATE OR REPLACE VIEW lake.main.{identifier(name)} AS {query}")
        connection.execute("USE memory")


def columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """The tables that readers find, and the types of their columns."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = 'lake' AND schema_name = 'main' AND table_name IN ("
        " SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake')"
        " ORDER BY table_name, column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _see_one_version(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], others: Sequence[int]
) -> None:
    """Make the tables that aren't there as the parts have them."""
    first = parts[0]
    for part in parts:
        if {name: table.columns for name, table in part.tables.items()} != {
            name: table.columns for name, table in first.tables.items()
        }:
            raise _versions(part.shard, first.shard)
    there = columns(connection)
    for name, table in first.tables.items():
        if there.get(name) == table.columns:
            continue
        if name in there and others:
            raise _versions(others[0], first.shard)
        place = f"lake.main.{identifier(name)}"
        connection.execute(f"DROP TABLE IF EXISTS {place}")
        listed = ", ".join(f"{identifier(each)} {kind}" for each, kind in table.columns.items())
        connection.execute(f"CREATE TABLE {place} ({listed})")
        if table.parted_by:
            parted_by = ", ".join(table.parted_by)
            connection.execute(f"ALTER TABLE {place} SET PARTITIONED BY ({parted_by})")


def _versions(behind: int, ahead: int) -> JobError:
    return JobError(
        f"Shard {behind} was built by another version of Billhouse than shard {ahead}, and their"
        " tables have other columns. Nothing was published. Run all shards with one version, and"
        " gather again."
    )


def _delete(
    connection: duckdb.DuckDBPyConnection, name: str, folder: str, shards: Sequence[int]
) -> None:
    """Delete the shards' rows whose files lie in `…/vendor=turso/…`, or all of theirs."""
    values = [each.partition("=") for each in Path(folder).parts if "=" in each]
    keys = [f"{identifier(key)} = {literal(value)}" for key, _, value in values]
    where = " AND ".join([*keys, f"{SHARD} IN ({', '.join(map(str, sorted(shards)))})"])
    connection.execute(f"DELETE FROM lake.main.{identifier(name)} WHERE {where}")  # noqa: S608


def _add(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    name: str,
    table: PartTable,
    files: Sequence[str],
) -> None:
    if files:
        listed = ", ".join(literal(f"{lake.address}/{each}") for each in files)
        connection.execute(
            f"CALL ducklake_add_data_files('lake', {literal(name)}, [{listed}],"
            f" hive_partitioning => {bool(table.parted_by)})"
        )
