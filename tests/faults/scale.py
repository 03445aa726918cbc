"""`make scale-test`: the job in shards, killed (-9) anywhere, holds what one in one piece does.

    python -m tests.faults.scale --shards 4 --workers 2 --kills 20 --seed 6

Two months of the sandbox are loaded, each by all shards, by so many workers at once, and gathered;
and once more by a run of everything, beside them. Workers and gatherings are killed at moments that
the seed chooses and started again, while a reader asks whether lines add up to their invoices. With
`--engine spark` or `ray` that engine runs the shards, and tries again those whose workers it lost.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import duckdb

from pipelines.config.configuration import Configuration
from pipelines.config.lake import Lake
from pipelines.errors import JobError
from pipelines.publish import lake
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import identifier, literal
from sandbox.registry import VENDORS
from sandbox.server import Sandbox, running
from sandbox.world import World
from sources.accounts.values import GivenValues
from tests.faults.child import Mishap, run_command, run_job
from tests.faults.engines import EngineRun
from tests.support.object_store import in_store, running_store
from tests.support.postgresql import PASSWORD, running_postgresql

WHILE_RUNNING = ("fetch", "load", "transform", "publish", "leave", "finish")
WHILE_GATHERING = ("gather", "swap")
# What hangs on the moment of a load, on signed links, or on how often something was asked.
_MOMENTS = {
    "audit_results": "run_id, first_rows",
    "fct_invoices": "first_seen_at, updated_at, load_id, invoice_url, delisted_at",
    "fct_payment_status_history": "valid_from, valid_to",
    "invoice_changes": "changed_at",
    "load_results": "run_id, started_at, requests, documents, new_versions, seconds, run_number",
    "payables": "invoice_url",
    "rejected_documents": "valid_from",
}
_DONT_ADD_UP = """
    SELECT count(*) FROM (
        SELECT invoice_id, currency, sum(amount_cents) AS cents FROM fct_invoice_lines GROUP BY ALL
    ) AS lines FULL JOIN fct_invoices USING (invoice_id, currency)
    WHERE cents IS DISTINCT FROM total_cents
"""


@dataclass
class Scale:
    """A warehouse in shards, and one in one piece, of the same sandbox and nights."""

    folder: Path
    sandbox: Sandbox
    shards: int
    workers: int
    night: int = 0
    started_at: str = ""
    vendors: tuple[str, ...] | None = None
    lake: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def sharded(self) -> Warehouse:
        warehouse = Warehouse(self.folder / "sharded")
        if not self.lake:
            return replace(warehouse, lake=warehouse.own_lake)
        found = Configuration(GivenValues({"lake": self._section})).lake()
        return replace(warehouse, lake=found and found.within(warehouse.shards_folder))

    @property
    def whole(self) -> Warehouse:
        return Warehouse(self.folder / "whole")

    def variables(self, warehouse: Warehouse) -> dict[str, str]:
        return {
            **self.sandbox.environment(self.vendors),
            "WAREHOUSE__DIRECTORY": str(warehouse.directory),
            "BILLHOUSE_RUN_ID": f"night-{self.night}",
            "BILLHOUSE_STARTED_AT": self.started_at,
            **{
                f"LAKE__{key.upper()}": value
                for key, value in self._section.items()
                if self.lake and warehouse.lake
            },
        }

    @property
    def _section(self) -> dict[str, str]:
        """`[lake]`: what is given, else as it is where nothing is configured."""
        own = Warehouse(self.folder / "sharded").own_lake
        return {"catalog": own.catalog, "data_path": str(own.data_path), **self.lake}

    def run_shard(self, number: int, mishap: Mishap | None = None) -> tuple[int, str]:
        began = time.monotonic()
        command = ["run", "--shard", f"{number}/{self.shards}"]
        ended = run_command(command, self.variables(self.sharded), mishap)
        self.seconds.append(time.monotonic() - began)
        return ended

    def gather(self, *arguments: str, mishap: Mishap | None = None) -> tuple[int, str]:
        return run_command(["gather", *arguments], self.variables(self.sharded), mishap)

    def begin_night(self) -> None:
        self.night += 1
        self.started_at = datetime.now(UTC).isoformat(timespec="seconds")

    def run_night(self, kills: list[Mishap]) -> list[str]:
        """All shards, and their gathering; what was not as it should be."""
        faults: list[str] = []
        pending = list(kills)

        def work(number: int) -> None:
            while (each := _taken(pending, WHILE_RUNNING, number, self.shards)) is not None:
                code, told = self.run_shard(number, each)
                if code not in (0, -9):
                    faults.append(f"shard {number}, {each}: {code}: {told}")
            code, told = self.run_shard(number)
            if code:
                faults.append(f"shard {number} ended with {code}: {told}")

        with ThreadPoolExecutor(self.workers + 1) as pool:
            whole = pool.submit(self._run_whole)
            list(pool.map(work, range(1, self.shards + 1)))
            whole.result()
        for each in [each for each in kills if each.stage in WHILE_GATHERING]:
            code, told = self.gather(mishap=each)
            if code not in (0, -9):
                faults.append(f"gather, {each}: {code}: {told}")
        code, told = self.gather()
        return faults + ([f"gather ended with {code}: {told}"] if code else [])

    def run_night_on(self, engine: str, kills: int, random: Random) -> list[str]:
        """The same by an engine, of whose workers so many are killed."""
        run = EngineRun(
            engine,
            self.shards,
            self.workers,
            self.sharded,
            self.variables(self.sharded),
            kills,
            random,
        )
        with ThreadPoolExecutor(1) as pool:
            whole = pool.submit(self._run_whole)
            code, told = run.ended()
            whole.result()
        faults = [f"the run ended with {code}: {told}"] if code else []
        if run.killed.total() < kills:
            faults.append(f"only {run.killed.total()} of {kills} workers could be killed")
        return faults + [f"a secret stands in {file}" for file in self._tellers(run.logs)]

    def _tellers(self, logs: Path) -> Iterator[Path]:
        """What of the engine's own files holds a credential."""
        secrets = [
            value.encode()
            for vendor in VENDORS
            for account in self.sandbox.world.accounts(vendor)
            for key, value in account.settings.items()
            if key.endswith(("token", "key", "secret"))
        ]
        assert secrets
        for file in logs.rglob("*"):
            if file.is_file() and not file.is_symlink():
                content = file.read_bytes()
                if any(secret in content for secret in secrets):
                    yield file

    def _run_whole(self) -> None:
        code, told = run_job(self.whole, self.variables(self.whole))
        assert code == 0, (code, told)

    def differences(self, place: Lake | None = None) -> list[str]:
        """Where the lake's tables are others than those of the warehouse in one piece."""
        place = place or self.sharded.lake
        assert place is not None
        with lake.opened(place) as connection:
            connection.execute(f"ATTACH {literal(self.whole.published)} AS whole (READ_ONLY)")
            return list(_differences(connection))


def _taken(
    pending: list[Mishap], stages: tuple[str, ...], number: int, shards: int
) -> Mishap | None:
    """The next of the mishaps that are this shard's."""
    for at, each in enumerate(pending):
        if each.stage in stages and at % shards == number % shards:
            pending[at] = Mishap("taken")
            return each
    return None


def _differences(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
    expected = connection.execute(
        "SELECT table_name FROM duckdb_tables()"
        " WHERE database_name = 'whole' AND schema_name = 'main' UNION ALL"
        " SELECT view_name FROM duckdb_views()"
        " WHERE database_name = 'whole' AND schema_name = 'main' AND NOT internal ORDER BY ALL"
    ).fetchall()
    if sorted(names) != [name for (name,) in expected]:
        yield f"the lake has the tables {names}, and not {expected}"
        return
    for name in names:
        query = _comparable(name)
        ours, theirs = (query.format(place) for place in ("", "whole.main."))
        for one, other, what in ((ours, theirs, "has"), (theirs, ours, "lacks")):
            rows = connection.execute(f"({one}) EXCEPT ALL ({other})").fetchall()
            if rows:
                yield f"{name} {what} {len(rows)} row(s): {rows[:2]}"


def _comparable(table: str) -> str:
    without = f" EXCLUDE ({_MOMENTS[table]})" if table in _MOMENTS else ""
    if table == "audit_results":
        return "SELECT audit, severity, message, sum(rows_found) FROM {}audit_results GROUP BY ALL"
    distinct = "DISTINCT " if table == "load_results" else ""
    return f"SELECT {distinct}*{without} FROM {{}}{identifier(table)}"


class Reader:
    """Opens the lake again and again. `faults` counts the times at which lines didn't add up."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.reads, self.faults = 0, 0
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_done.set()
        self._thread.join()

    def _read(self) -> None:
        place = self._warehouse.lake
        assert place is not None
        while not self._is_done.wait(0.3):
            try:
                with lake.opened(place) as connection:
                    [(bad,)] = connection.execute(_DONT_ADD_UP).fetchall()
                    [(lines, invoices)] = connection.execute(
                        "SELECT (SELECT count(*) FROM fct_invoice_lines),"
                        " (SELECT count(*) FROM fct_invoices)"
                    ).fetchall()
            except JobError as error:
                if "Nothing is published yet" not in str(error):
                    raise
                continue
            self.reads += 1
            self.faults += bad > 0 or not lines or not invoices


@contextmanager
def scale(
    folder: Path,
    *,
    shards: int,
    workers: int,
    seed: int,
    accounts: int,
    lake: dict[str, str] | None = None,
) -> Iterator[Scale]:
    world = World(seed=seed, now="2026-03-17T12:00:00Z", months=3, accounts=accounts)
    with running(world) as sandbox:
        yield Scale(folder, sandbox, shards, workers, lake=lake or {})


@contextmanager
def _placed(catalog: str, store: str) -> Iterator[dict[str, str]]:
    """`[lake]` of a catalogue in PostgreSQL, and of files in an object store, while they run."""
    section: dict[str, str] = {}
    with ExitStack() as stack:
        if catalog == "postgres":
            port = stack.enter_context(running_postgresql()).rpartition(":")[2].partition("/")[0]
            os.environ["PGPASSWORD"] = PASSWORD
            section["catalog"] = f"postgres:host=127.0.0.1 port={port} user=tester dbname=postgres"
        if store == "s3":
            section |= in_store(stack.enter_context(running_store()))
        yield section


def mishaps(random: Random, count: int) -> list[Mishap]:
    stages = (*WHILE_RUNNING, *WHILE_GATHERING)
    return [
        Mishap(random.choice(stages), random.choice((0.0, 0.02, 0.1, 0.3)), signal.SIGKILL)
        for _ in range(count)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.scale", description=__doc__)
    for name, default in (
        ("shards", 4),
        ("workers", 2),
        ("kills", 20),
        ("seed", 1),
        ("accounts", 4),
        ("nights", 2),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--catalog", choices=["file", "postgres"], default="file")
    parser.add_argument("--store", choices=["folder", "s3"], default="folder")
    parser.add_argument("--engine", choices=["spark", "ray"])
    options = parser.parse_args()
    random = Random(options.seed)
    faults: list[str] = []
    with (
        _placed(options.catalog, options.store) as section,
        tempfile.TemporaryDirectory() as directory,
        scale(
            Path(directory),
            shards=options.shards,
            workers=options.workers,
            seed=options.seed,
            accounts=options.accounts,
            lake=section,
        ) as this,
        Reader(this.sharded) as reader,
    ):
        for night in range(options.nights):
            this.begin_night()
            began = time.monotonic()
            kills = options.kills // options.nights
            if options.engine:
                faults += this.run_night_on(options.engine, kills, random)
            else:
                faults += this.run_night(mishaps(random, kills))
            print(f"night {night + 1}: {time.monotonic() - began:.1f} s", flush=True)
            faults = faults or this.differences()
            if faults:
                break
            this.sandbox.advance()
        if not faults:
            code, told = this.gather("--maintain")
            faults += [told] if code else this.differences()
        seconds = this.seconds
    faults += [f"lines didn't add up {reader.faults} time(s)"] if reader.faults else []
    if seconds:
        print(f"{len(seconds)} attempts, {sum(seconds) / len(seconds):.1f} s each", flush=True)
    print(f"{options.shards} shards; {reader.reads} reads; {len(faults)} fault(s)")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
