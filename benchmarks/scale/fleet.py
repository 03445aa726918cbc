"""A warehouse in shards, and one in one piece, of the same sandbox, measured night by night."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

import duckdb

from benchmarks.scale.held import held_to
from benchmarks.trial import Measurement, WrongResult, started_alone
from pipelines.publish import lake
from pipelines.warehouse.files import Warehouse
from sandbox.server import Sandbox

BILLHOUSE = (sys.executable, "-m", "pipelines.cli")
# What doesn't fit into a variable: the kernel takes 128 kB of each.
_LONG = 100_000
_FACTS = """
    SELECT (SELECT count(DISTINCT (vendor, account)) FROM load_results),
        (SELECT count(*) FROM fct_invoices), (SELECT count(*) FROM fct_invoice_lines),
        (SELECT sum(total_cents) FROM fct_invoices)
"""


@dataclass(frozen=True)
class Night:
    """What all runs of a night took, by `wall` seconds from the first's begin to the last's end."""

    wall: float
    runs: Sequence[Measurement]
    requests: int

    @property
    def cpu(self) -> float:
        """Seconds, of all runs together."""
        return sum(run.cpu for run in self.runs)

    @property
    def peak_memory(self) -> int:
        """Bytes, of the largest run."""
        return max(run.peak_memory for run in self.runs)


@dataclass
class Fleet:
    """`folder` is where both warehouses lie; `vendors` are those that take part, by default all."""

    folder: Path
    sandbox: Sandbox
    shards: int
    vendors: Sequence[str] | None = None
    nights: int = field(default=0, init=False)

    @property
    def sharded(self) -> Warehouse:
        return Warehouse(self.folder / "sharded")

    @property
    def whole(self) -> Warehouse:
        return Warehouse(self.folder / "whole")

    def in_shards(self, workers: int, share: float | None = None) -> Night:
        """All shards of a night, by so many workers at once, each held to a share of a core.

        Raises OSError where it can't be held.
        """
        self.nights += 1
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        run = {"BILLHOUSE_RUN_ID": f"night-{self.nights}", "BILLHOUSE_STARTED_AT": moment}
        variables = self._variables(self.sharded) | run
        free: SimpleQueue[list[str]] = SimpleQueue()

        def shard(number: int) -> Measurement:
            before = free.get()
            try:
                arguments = ("run", "--shard", f"{number}/{self.shards}")
                return started(arguments, variables, before=before)
            finally:
                free.put(before)

        with ExitStack() as held:
            for _ in range(workers):
                free.put([] if share is None else held.enter_context(held_to(share)))
            pool = held.enter_context(ThreadPoolExecutor(workers))
            return self._night(lambda: pool.map(shard, range(1, self.shards + 1)))

    def gathered(self) -> Measurement:
        return started(("gather",), self._variables(self.sharded))

    def in_one_piece(self) -> Night:
        variables = self._variables(self.whole)
        return self._night(lambda: [started(("run",), variables)])

    def facts(self) -> tuple[int, int, int]:
        """Accounts, invoices and lines, of which both warehouses have the same. Raises WrongResult
        where they don't."""
        with lake.opened(self.sharded.own_lake) as connection:
            ours = connection.execute(_FACTS).fetchone()
        with duckdb.connect(self.whole.published, read_only=True) as connection:
            theirs = connection.execute(_FACTS).fetchone()
        if ours is None or ours != theirs:
            raise WrongResult(f"the shards hold {ours}, the one piece {theirs}")
        return ours[:3]

    def _night(self, run: Callable[[], Iterable[Measurement]]) -> Night:
        self.sandbox.reset_requests()
        began = time.monotonic()
        measured = list(run())
        wall = time.monotonic() - began
        return Night(wall, measured, sum(self.sandbox.requests.values()))

    def _variables(self, warehouse: Warehouse) -> dict[str, str]:
        """The configuration; a list of accounts that is too long stands in a file."""
        variables = {"WAREHOUSE__DIRECTORY": str(warehouse.directory)}
        for name, value in self.sandbox.environment(self.vendors).items():
            if len(value) < _LONG:
                variables[name] = value
            else:
                file = self.folder / name.lower()
                file.write_text(value, encoding="utf-8")
                variables[f"{name}_FILE"] = str(file)
        return variables


def started(
    arguments: Sequence[str], variables: Mapping[str, str], before: Sequence[str] = ()
) -> Measurement:
    """`billhouse` with these arguments, in a process of its own. Raises WrongResult where it ends
    with another exit code than 0."""
    name = f"billhouse {' '.join(arguments)}"
    command = [*before, *BILLHOUSE, *arguments, "--log-format", "json"]
    return started_alone(name, command, variables)[0]


def size(*places: Path) -> int:
    """Bytes of these files, and of all below these folders."""
    files = [each for place in places for each in (place, *place.rglob("*"))]
    return sum(each.stat().st_size for each in files if each.is_file())
