"""One transaction of the lake: the parts of shards take the place of their former ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipelines.config.lake import Lake
from pipelines.errors import JobError
from pipelines.publish import lake_tables
from pipelines.publish.object_store import files_of
from pipelines.publish.parts import Part, overtaken_files, part_of
from pipelines.transform import audit, project
from pipelines.transform.audit import AuditFinding
from pipelines.transform.model import TRANSFORMS

if TYPE_CHECKING:
    import duckdb

# What a shard's own audits can't see: the same thing in two of them.
_AUDITS = frozenset({"unique_invoice_ids", "unique_line_ids", "unique_payment_ids", "lines_add_up"})
_LAYERS = {r"\bmarts\.": "lake.main.", r"\bbuild\.": "lake.build."}
_STATE = """
    CREATE SCHEMA IF NOT EXISTS lake.build;
    CREATE TABLE IF NOT EXISTS lake.build.shards (
        shard INTEGER, generation BIGINT, run_id VARCHAR, started_at TIMESTAMPTZ, exit_code INTEGER,
        filled BIGINT
    );
    CREATE TABLE IF NOT EXISTS lake.build.credentials (
        shard INTEGER, vendor VARCHAR, account VARCHAR, credential VARCHAR
    );
    INSERT INTO lake.build.shards (shard, generation, filled)
    SELECT shard, 0, 0 FROM range(1, {count} + 1) AS numbers (shard)
    WHERE shard NOT IN (SELECT shard FROM lake.build.shards);
"""
_SWAP = """
    UPDATE lake.build.shards AS held
    SET generation = arrived.generation, run_id = arrived.run_id, started_at = arrived.started_at,
        exit_code = arrived.exit_code,
        filled = CASE WHEN arrived.is_filled THEN arrived.generation ELSE held.filled END
    FROM (
        SELECT unnest($shards) AS shard, unnest($before) AS before,
            unnest($generations) AS generation, unnest($runs) AS run_id,
            unnest($starts) AS started_at, unnest($codes) AS exit_code,
            unnest($filled) AS is_filled
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
    """What the lake has of a shard; generation 0 is nothing. `filled` is the last one with tables,
    whose files are published."""

    generation: int
    run_id: str | None
    exit_code: int | None
    filled: int


def committed(connection: duckdb.DuckDBPyConnection, count: int) -> Mapping[int, Committed]:
    """By shard, what the lake has; in a transaction, which `commit` or a rollback ends."""
    for statement in _STATE.format(count=count).split(";"):
        if statement.strip():
            connection.execute(statement)
    rows = connection.execute(
        "SELECT shard, generation, run_id, exit_code, filled FROM lake.build.shards ORDER BY shard"
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
        numbers = {part.shard for part in filled}
        held = {shard: each.filled for shard, each in before.items() if each.filled}
        former = {shard: _former(lake, shard, held[shard]) for shard in held.keys() & numbers}
        lake_tables.replace_rows(connection, lake, filled, former, sorted(held.keys() - numbers))
    return list(_findings(connection))


def see_none_is_lost(
    lake: Lake, newest: Mapping[int, int], before: Mapping[int, Committed]
) -> None:
    """See that of no shard a later attempt is published than any that is known. Raises JobError."""
    for shard, number in newest.items():
        if number < before[shard].generation:
            raise _lost(lake, shard, before[shard].generation)


def _former(lake: Lake, shard: int, generation: int) -> Part:
    part = part_of(lake, shard, generation)
    if part is None:
        raise _lost(lake, shard, generation)
    return part


def _lost(lake: Lake, shard: int, generation: int) -> JobError:
    return JobError(
        f"What attempt {generation} of shard {shard} left, which is published, isn't described"
        f" below {lake.data_path} any more, so that it can't be told what is new. Nothing was"
        " changed. Put its part.json back, or gather into a new lake: set both keys of [lake]"
        " to new places and run all shards."
    )


def has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether anything was ever published."""
    return bool(lake_tables.columns(connection))


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
    known = {PurePosixPath(path).name for path in listed}
    gone = [name for name in overtaken_files(lake) if PurePosixPath(name).name not in known]
    files = files_of(lake)
    for name in gone:
        files.delete_file(name)
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
            "filled": [bool(part.tables) for part in parts],
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


def _findings(connection: duckdb.DuckDBPyConnection) -> Iterator[AuditFinding]:
    whole = [each for each in project.audits() if each.name in _AUDITS]
    for each in (*whole, *project.audits(TRANSFORMS / "shards")):
        text = each.text
        for layer, place in _LAYERS.items():
            text = re.sub(layer, place, text)
        if found := audit.ask(connection, replace(each, text=text)):
            yield found
