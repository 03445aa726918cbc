"""One transaction of the lake: the parts of shards take the place of their former ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config.lake import Lake
from pipelines.errors import JobError
from pipelines.publish.parts import SHARD, Part, PartTable, files_of, overtaken_files
from pipelines.transform import audit, project
from pipelines.transform.audit import AuditFinding
from pipelines.transform.model import TRANSFORMS
from pipelines.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    import duckdb

# What a shard's own audits can't see: the same thing in two of them.
_AUDITS = frozenset({"unique_invoice_ids", "unique_line_ids", "unique_payment_ids", "lines_add_up"})
_LAYERS = {r"\bmarts\.": "lake.main.", r"\bbuild\.": "lake.build."}
_STATE = """
    CREATE SCHEMA IF NOT EXISTS lake.build;
    CREATE TABLE IF NOT EXISTS lake.build.shards (
        shard INTEGER, generation BIGINT, run_id VARCHAR, started_at TIMESTAMPTZ, exit_code INTEGER
    );
    CREATE TABLE IF NOT EXISTS lake.build.credentials (
        shard INTEGER, vendor VARCHAR, account VARCHAR, credential VARCHAR
    );
    INSERT INTO lake.build.shards (shard, generation)
    SELECT shard, 0 FROM range(1, {count} + 1) AS numbers (shard)
    WHERE shard NOT IN (SELECT shard FROM lake.build.shards);
"""
_SWAP = """
    UPDATE lake.build.shards AS held
    SET generation = arrived.generation, run_id = arrived.run_id, started_at = arrived.started_at,
        exit_code = arrived.exit_code
    FROM (
        SELECT unnest($shards) AS shard, unnest($before) AS before,
            unnest($generations) AS generation, unnest($runs) AS run_id,
            unnest($starts) AS started_at, unnest($codes) AS exit_code
    ) AS arrived
    WHERE held.shard = arrived.shard AND held.generation = arrived.before
        AND held.generation < arrived.generation
"""
_FORGET = "DELETE FROM lake.build.credentials WHERE list_contains($shards, shard)"
_REMEMBER = """
    INSERT INTO lake.build.credentials
    SELECT unnest($shard), unnest($vendor), unnest($account), unnest($credential)
"""
_BEHIND = """
    SELECT shard, coalesce(run_id, 'none yet') FROM lake.build.shards
    WHERE run_id IS DISTINCT FROM (SELECT arg_max(run_id, started_at) FROM lake.build.shards)
    ORDER BY shard
"""
_KEPT = "INTERVAL '7 days'"
# Longer than any reader has the catalogue open.
_UNREAD = "INTERVAL '1 day'"


@dataclass(frozen=True)
class Committed:
    """What the lake has of a shard; generation 0 is nothing."""

    generation: int
    run_id: str | None
    exit_code: int | None


def committed(connection: duckdb.DuckDBPyConnection, count: int) -> Mapping[int, Committed]:
    """By shard, what the lake has; in a transaction, which `commit` or a rollback ends."""
    for statement in _STATE.format(count=count).split(";"):
        if statement.strip():
            connection.execute(statement)
    rows = connection.execute(
        "SELECT shard, generation, run_id, exit_code FROM lake.build.shards ORDER BY shard"
    ).fetchall()
    return {shard: Committed(*rest) for shard, *rest in rows}


def replace_parts(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    parts: Sequence[Part],
    before: Mapping[int, Committed],
) -> list[AuditFinding]:
    """Put the parts in the place of what the shards had, and audit all of them together.

    Raises:
        JobError: a part comes late, or parts of different versions can't stand side by side.
    """
    _swap(connection, parts, before)
    filled = [part for part in parts if part.tables]
    if filled:
        _replace_rows(connection, lake, filled, before)
    return list(_findings(connection))


def has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether anything was ever published."""
    return bool(_columns(connection))


def shards_behind(connection: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    """`shard` and `run_id` of those that hold an earlier run than others."""
    rows = connection.execute(_BEHIND).fetchall()
    return [{"shard": shard, "run_id": run_id} for shard, run_id in rows]


def maintain(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of states older than a week, and make few files of many."""
    connection.execute(f"CALL ducklake_expire_snapshots('lake', older_than => now() - {_KEPT})")
    connection.execute("CALL ducklake_rewrite_data_files('lake')")
    connection.execute("CALL ducklake_merge_adjacent_files('lake')")


def delete_unread(connection: duckdb.DuckDBPyConnection, lake: Lake) -> int:
    """Delete the files that no state has needed for a day, and what attempts left that were never
    gathered and can't be any more. Returns how many of those."""
    connection.execute(f"CALL ducklake_cleanup_old_files('lake', older_than => now() - {_UNREAD})")
    listed = [
        path
        for (path,) in connection.execute(
            "SELECT path FROM __ducklake_metadata_lake.ducklake_data_file"
            " UNION ALL SELECT path"
            " FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion"
        ).fetchall()
    ]
    # Their names are an attempt's own.
    known = {Path(path).name for path in listed}
    gone = [file for file in overtaken_files(lake) if file.name not in known]
    for file in gone:
        file.unlink()
    return len(gone)


def _swap(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], before: Mapping[int, Committed]
) -> None:
    """Compare and swap: nobody else may have gathered a shard since it was looked at."""
    swapped = connection.execute(
        _SWAP,
        {
            "shards": [part.shard for part in parts],
            "before": [before[part.shard].generation for part in parts],
            "generations": [part.generation for part in parts],
            "runs": [part.run_id for part in parts],
            "starts": [part.started_at for part in parts],
            "codes": [part.exit_code for part in parts],
        },
    ).fetchone()
    if swapped != (len(parts),):
        numbers = ", ".join(f"{part.generation} of shard {part.shard}" for part in parts)
        raise JobError(
            f"One of the attempts {numbers} comes late: a later one is published already. Nothing"
            " was changed; gather again."
        )
    rows = [(part.shard, *each) for part in parts for each in part.credentials]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    names = ("shard", "vendor", "account", "credential")
    connection.execute(_FORGET, {"shards": [part.shard for part in parts]})
    connection.execute(_REMEMBER, dict(zip(names, columns, strict=True)))


def _replace_rows(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    parts: Sequence[Part],
    before: Mapping[int, Committed],
) -> None:
    numbers = {part.shard for part in parts}
    others = [shard for shard, held in before.items() if held.generation and shard not in numbers]
    first = parts[0]
    for part in parts:
        if part.tables.keys() != first.tables.keys() or any(
            part.tables[name].columns != first.tables[name].columns for name in first.tables
        ):
            raise _versions(part.shard, first.shard)
    held_columns = _columns(connection)
    for name, table in first.tables.items():
        held = held_columns.get(name)
        if held != table.columns:
            if held is not None and others:
                raise _versions(others[0], first.shard)
            _make(connection, name, table, is_there=held is not None)
    listed = ", ".join(map(str, sorted(numbers)))
    for name in held_columns.keys() | first.tables.keys():
        of_whom = parts
        if name in first.tables and first.tables[name].is_everywhere_the_same:
            connection.execute(f"DELETE FROM lake.main.{identifier(name)}")  # noqa: S608
            of_whom = parts[:1]
        else:
            connection.execute(
                f"DELETE FROM lake.main.{identifier(name)} WHERE {SHARD} IN ({listed})"  # noqa: S608
            )
        if name in first.tables:
            files = [file for part in of_whom for file in files_of(lake, part, name)]
            _add(connection, name, files, is_parted=bool(first.tables[name].parted_by))
    connection.execute("USE lake")
    for name, query in first.views.items():
        connection.execute(f"CREATE OR REPLACE VIEW lake.main.{identifier(name)} AS {query}")
    connection.execute("USE memory")


def _versions(behind: int, ahead: int) -> JobError:
    return JobError(
        f"Shard {behind} was built by another version of Billhouse than shard {ahead}, and their"
        " tables have other columns. Nothing was published. Run all shards with one version, and"
        " gather again."
    )


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = 'lake' AND schema_name = 'main' AND table_name IN ("
        " SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake')"
        " ORDER BY table_name, column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _make(
    connection: duckdb.DuckDBPyConnection, name: str, table: PartTable, *, is_there: bool
) -> None:
    place = f"lake.main.{identifier(name)}"
    if is_there:
        connection.execute(f"DROP TABLE {place}")
    columns = ", ".join(f"{identifier(each)} {kind}" for each, kind in table.columns.items())
    connection.execute(f"CREATE TABLE {place} ({columns})")
    if table.parted_by:
        connection.execute(f"ALTER TABLE {place} SET PARTITIONED BY ({', '.join(table.parted_by)})")


def _add(
    connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path], *, is_parted: bool
) -> None:
    if files:
        listed = ", ".join(map(literal, files))
        connection.execute(
            f"CALL ducklake_add_data_files('lake', {literal(name)}, [{listed}],"
            f" hive_partitioning => {is_parted})"
        )


def _findings(connection: duckdb.DuckDBPyConnection) -> Iterator[AuditFinding]:
    whole = [each for each in project.audits() if each.name in _AUDITS]
    for each in (*whole, *project.audits(TRANSFORMS / "shards")):
        text = each.text
        for layer, place in _LAYERS.items():
            text = re.sub(layer, place, text)
        if found := audit.ask(connection, replace(each, text=text)):
            yield found
