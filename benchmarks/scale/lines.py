"""What a line costs: to fetch, load and build, to hold, and to keep in all its versions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.documents import Ledger
from benchmarks.page_server import PageServer, serving
from benchmarks.programs import atlas_account
from benchmarks.scale.fleet import size, started
from benchmarks.trial import Measurement
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import literal
from sandbox.server import running
from sandbox.world import World

LINES_AN_INVOICE = 417
NIGHTS_A_MONTH = 30
_INVOICES = 480
# One of each account's 24, as if it were the month that accrues.
_CHANGED_EVERY = 24
# Each detail as it was on each night of its month: a night has a night's share of its lines more.
_VERSIONS = """
    CREATE TABLE versions AS
    WITH details AS (
        SELECT account, listing, CAST(document AS JSON) AS document,
            CAST(CAST(document AS JSON) -> '$.lineItems' AS JSON[]) AS lines
        FROM warehouse.raw.mongodb__invoice_details
    )
    SELECT account, listing, night, CAST(json_merge_patch(
        document, json_object('lineItems', lines[1 : len(lines) * night // {nights}])
    ) AS VARCHAR) AS document, len(lines) AS lines
    FROM details, range(1, {nights} + 1) AS nights (night)
"""


@dataclass(frozen=True)
class LineCosts:
    """Seconds of a processor and bytes of one line. `loaded` is of one that comes, `held` of one
    that stays as it is on a night, `changed` of one whose invoice comes once more; `peak_memory` is
    of a run with so many `lines`."""

    lines: int
    loaded: float
    held: float
    changed: float
    peak_memory: int
    document: float
    work: float
    published: float
    in_the_lake: float


@dataclass(frozen=True)
class Versions:
    """Bytes of a line of a month that is over, `last` in its last version alone, `all` in those of
    each night: as JSON, in DuckDB's file as a run leaves it, and in Parquet with zstd."""

    last_json: float
    last_duckdb: float
    last_zstd: float
    all_json: float
    all_duckdb: float
    all_zstd: float


def line_costs(lines: int) -> LineCosts:
    """Of so many lines beside one for each invoice, in a shard: what differs is the lines'."""
    few, many, more = _loaded(_INVOICES), _loaded(lines), lines - _INVOICES
    first, again, changed = (
        (large.cpu - small.cpu) / more for large, small in zip(many.runs, few.runs, strict=True)
    )
    return LineCosts(
        lines,
        loaded=first,
        held=again,
        changed=(changed - again) * _CHANGED_EVERY,
        peak_memory=many.runs[0].peak_memory,
        document=(many.bytes - few.bytes) / more,
        work=(many.work - few.work) / more,
        published=(many.published - few.published) / more,
        in_the_lake=(many.lake - few.lake) / more,
    )


@dataclass(frozen=True)
class _Loaded:
    """A first run, one without news, and one with a changed month; sizes are after the first."""

    runs: list[Measurement]
    bytes: int
    work: int
    published: int
    lake: int


def _loaded(lines: int) -> _Loaded:
    ledger = Ledger(_INVOICES, lines=lines, changed_every=_CHANGED_EVERY)
    with TemporaryDirectory(prefix="billhouse-lines-") as name, serving(ledger) as server:
        shard = Warehouse(Path(name) / "warehouse" / "shards" / "1")
        lake = Path(name) / "lake"
        first = _run(server, Path(name), 1)
        sizes = (server.bytes, *map(size, (shard.work, shard.published, lake / "main")))
        again = _run(server, Path(name), 2)
        server.serve(replace(server.ledger, revision=1))
        return _Loaded([first, again, _run(server, Path(name), 3)], *sizes)


def _run(server: PageServer, folder: Path, number: int) -> Measurement:
    """As the only shard of a lake, so that its part is written as well."""
    account = atlas_account(details=True)
    account = {name: text.replace("{url}", server.url) for name, text in account.items()}
    variables = {
        "WAREHOUSE__DIRECTORY": str(folder / "warehouse"),
        "LAKE__CATALOG": str(folder / "lake.ducklake"),
        "LAKE__DATA_PATH": str(folder / "lake"),
        "BILLHOUSE_RUN_ID": f"night-{number}",
        "BILLHOUSE_STARTED_AT": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return started(("run", "--shard", "1/1"), account | variables)


def versions() -> Versions:
    """Of details whose lines come night by night."""
    world = World(
        now="2026-03-17T12:00:00Z",
        accounts=20,
        months=2,
        line_items_per_invoice=LINES_AN_INVOICE,
    )
    with TemporaryDirectory(prefix="billhouse-versions-") as name, running(world) as sandbox:
        folder = Path(name)
        warehouse = Warehouse(folder / "warehouse")
        variables = {"WAREHOUSE__DIRECTORY": str(warehouse.directory)}
        started(("run",), sandbox.environment(["mongodb"]) | variables)
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH {literal(warehouse.work)} AS warehouse (READ_ONLY)")
            connection.execute(_VERSIONS.format(nights=NIGHTS_A_MONTH))
            last = _sizes(connection, folder, f"WHERE night = {NIGHTS_A_MONTH}")
            return Versions(*last, *_sizes(connection, folder, ""))


def _sizes(
    connection: duckdb.DuckDBPyConnection, folder: Path, where: str
) -> tuple[float, float, float]:
    """In DuckDB night by night, as they come; in Parquet detail by detail."""
    database, parquet = folder / "versions.duckdb", folder / "versions.parquet"
    database.unlink(missing_ok=True)
    connection.execute(f"ATTACH {literal(database)} AS packed (STORAGE_VERSION 'v1.5.0')")
    connection.execute(
        f"CREATE TABLE packed.versions AS FROM versions {where} ORDER BY night, account, listing"
    )
    connection.execute("DETACH packed")
    connection.execute(
        f"COPY (FROM versions {where} ORDER BY account, listing, night) TO {literal(parquet)}"
        " (FORMAT parquet, COMPRESSION zstd)"
    )
    found = connection.execute(
        f"SELECT sum(strlen(document)), sum(lines) FILTER (night = {NIGHTS_A_MONTH})"
        f" FROM versions {where}"
    ).fetchone()
    assert found is not None  # noqa: S101
    text, lines = found
    return text / lines, size(database) / lines, size(parquet) / lines
