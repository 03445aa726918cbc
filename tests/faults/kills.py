"""`make kill-test`: the job killed (-9) or stopped anywhere, and run again; nothing may differ.

    python -m tests.faults.kills --count 200 --seed 1

Each round takes a warehouse, either a new one or one with last month's documents; ends a run at a
moment that the seed chooses; looks at what is published then; and runs once more, undisturbed. What
the warehouse holds then must be what it holds where nothing happened.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import duckdb

from docs.sections import write_section
from pipelines.warehouse.files import Warehouse
from sandbox.server import running
from sandbox.world import World
from tests.faults.child import Mishap, run_job, stage_seconds
from tests.faults.contents import Contents, contents
from tests.faults.reliability import KILLS_TABLE, REPORT

# Killed mostly, since that is the hardest; a signal that can be caught now and then.
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
EXIT_CODES = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}


@dataclass(frozen=True)
class Round:
    """One run that was ended. `faults` says what was not as it should be, if anything."""

    begun_with: str
    mishap: Mishap
    exit_code: int
    faults: list[str]

    @property
    def was_ended(self) -> bool:
        """Or had done all before its time came."""
        return self.exit_code != 0


@dataclass(frozen=True)
class Night:
    """A warehouse before a run, and what it must hold after it."""

    before: Warehouse | None
    expected: Contents
    published: frozenset[int]
    seconds: dict[str, float]


class Nights:
    """The sandbox, and the two nights on which runs are ended: the first, and a later one."""

    def __init__(self, directory: Path, variables: dict[str, str], advance: object) -> None:
        self.directory = directory
        self.variables = variables
        last = Warehouse(directory / "last-month")
        assert run_job(last, variables) == (0, "")
        assert callable(advance)
        advance()
        self.nights = {"nothing": self._night(None), "last month": self._night(last)}

    def _night(self, before: Warehouse | None) -> Night:
        undisturbed = self._copy(before, "undisturbed")
        seconds = stage_seconds(undisturbed, self.variables)
        counts = {_published(undisturbed)} | ({_published(before)} if before else {0})
        night = Night(before, contents(undisturbed), frozenset(counts), seconds)
        shutil.rmtree(undisturbed.directory)
        return night

    def _copy(self, before: Warehouse | None, name: str) -> Warehouse:
        copy = Warehouse(self.directory / name)
        if before is not None:
            shutil.copytree(before.directory, copy.directory)
        return copy

    def round(self, random: Random) -> Round:
        begun_with = random.choice(list(self.nights))
        night = self.nights[begun_with]
        stage = random.choice(list(night.seconds))
        delay = random.uniform(0, night.seconds[stage])
        mishap = Mishap(stage, delay, random.choice(SIGNALS))
        warehouse = self._copy(night.before, "ended")
        exit_code, told = run_job(warehouse, self.variables, mishap)
        faults = list(_faults_at_once(warehouse, night, mishap, exit_code, told))
        again, told = run_job(warehouse, self.variables)
        if again != 0:
            faults.append(f"the next run ended with {again}: {told}")
        else:
            faults += _faults_afterwards(warehouse, night)
        shutil.rmtree(warehouse.directory)
        return Round(begun_with, mishap, exit_code, faults)


@contextmanager
def nights(directory: Path) -> Iterator[Nights]:
    world = World(seed=5, now="2026-03-17T12:00:00Z", months=2, accounts=1)
    with running(world) as sandbox:
        yield Nights(directory, sandbox.environment(), sandbox.advance)


def _faults_at_once(
    warehouse: Warehouse, night: Night, mishap: Mishap, exit_code: int, told: str
) -> Iterator[str]:
    number = signal.Signals(mishap.signal_number or 0)
    if exit_code not in (0, EXIT_CODES[number]):
        yield f"it ended with {exit_code}: {told}"
    if exit_code in (143, 130) and (f"Stopped by {number.name}" not in told or "Traceback" in told):
        yield f"it said: {told}"
    if _published(warehouse) not in night.published:
        yield f"half of it was published: {_published(warehouse)} invoices"


def _faults_afterwards(warehouse: Warehouse, night: Night) -> Iterator[str]:
    found = contents(warehouse)
    for table in sorted(night.expected.keys() | found.keys()):
        expected, actual = night.expected.get(table, Counter()), found.get(table, Counter())
        if expected != actual:
            yield f"{table}: lacks {list(expected - actual)[:2]}, has {list(actual - expected)[:2]}"
    if _published(warehouse) != sum(found["fct_invoices"].values()):
        yield "what is published is not what was built"
    entries = {entry.name for entry in warehouse.directory.iterdir()}
    if rest := entries - {"work.duckdb", "billhouse.duckdb", "parquet", "run.lock"}:
        yield f"left behind: {', '.join(sorted(rest))}"


def _published(warehouse: Warehouse) -> int:
    """How many invoices readers see; 0 where nothing is published."""
    if not warehouse.published.exists():
        return 0
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        row = connection.execute("SELECT count(*) FROM fct_invoices").fetchone()
    return int(row[0]) if row else 0


def kills_table(rounds: list[Round], seed: int) -> str:
    """What the rounds came to, by stage, in Markdown."""
    bad = sum(bool(each.faults) for each in rounds)
    lines = [
        f"{len(rounds)} runs ended (seed {seed}), {len(rounds) - bad} of them without a trace after"
        " the next run.",
        "",
        "| from the begin of | SIGKILL | SIGTERM | SIGINT | done before | differed afterwards |",
        "|---|---|---|---|---|---|",
    ]
    for stage in dict.fromkeys(each.mishap.stage for each in rounds):
        here = [each for each in rounds if each.mishap.stage == stage]
        counts = Counter(each.exit_code for each in here)
        differed = sum(bool(each.faults) for each in here)
        lines.append(
            f"| {stage} | {counts[-9]} | {counts[143]} | {counts[130]} | {counts[0]} | {differed} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--write", action="store_true", help="the table into docs/reliability.md")
    options = parser.parse_args()
    random = Random(options.seed)
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory() as directory, nights(Path(directory)) as prepared:
        for number in range(1, options.count + 1):
            rounds.append(prepared.round(random))
            for fault in rounds[-1].faults:
                print(f"round {number}: {rounds[-1].mishap}: {fault}", flush=True)
            if number % 20 == 0:
                print(f"{number} of {options.count}", flush=True)
    table = kills_table(rounds, options.seed)
    print(table)
    if options.write:
        write_section(REPORT, KILLS_TABLE, table)
    return 1 if any(each.faults for each in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
