"""`make scale-figures`: measures shards, and with as many accounts as the page has, writes it.

python -m benchmarks.scale --accounts 10000 --shards 64 --workers 4
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.scale.fleet import Fleet
from benchmarks.scale.lines import line_costs, versions
from benchmarks.scale.page import PAGE, SECTION, Fleets, Held, Nights, figures
from benchmarks.scale.paper import Units
from docs.sections import write_section
from sandbox.registry import VENDORS
from sandbox.server import running
from sandbox.world import World

ACCOUNTS, SHARDS, WORKERS = 10_000, 64, 4
# A clock far enough back for the invoices to stay what they are, whenever this runs.
_CLOCK, _MONTHS = "2026-03-17T12:00:00Z", 3
_SHARE, _HELD_SHARDS = 0.2, 8


def fleets(accounts: int, shards: int, workers: int) -> Fleets:
    """Two nights of so many accounts, the same number of each vendor."""
    world = World(now=_CLOCK, months=_MONTHS, accounts=accounts // len(VENDORS))
    with TemporaryDirectory(prefix="billhouse-fleet-") as name, running(world) as sandbox:
        fleet = Fleet(Path(name), sandbox, shards)
        first = _nights(fleet, workers, "first night")
        files = sum(1 for _ in (fleet.sharded.own_lake.data_path / "main").rglob("*.parquet"))
        facts = fleet.facts()
        second = _nights(fleet, workers, "the night after")
        fleet.facts()
        return Fleets(shards, workers, *facts, first, second, files)


def _nights(fleet: Fleet, workers: int, name: str) -> Nights:
    nights = Nights(fleet.in_shards(workers), fleet.gathered(), fleet.in_one_piece())
    print(f"{name}: {nights.shards.wall:.0f} s in shards, {nights.whole.wall:.0f} s in one piece")
    sys.stdout.flush()
    return nights


def _a_shard_more(nights: Nights, shards: int) -> float:
    """Seconds of the processor that each adds, beside what has to be done anyhow."""
    return (nights.shards.cpu - nights.whole.cpu) / (shards - 1)


def held() -> Held | None:
    """A first night by one worker and by two; None where the kernel can't be asked for it."""
    seconds = []
    for workers in (1, 2):
        world = World(now=_CLOCK, months=_MONTHS, accounts=2)
        with TemporaryDirectory(prefix="billhouse-held-") as name, running(world) as sandbox:
            fleet = Fleet(Path(name), sandbox, _HELD_SHARDS)
            try:
                seconds.append(fleet.in_shards(workers, _SHARE).wall)
            except OSError as error:
                print(f"No process can be held to a share of a core: {error}", flush=True)
                return None
        print(f"{workers} worker(s), held: {seconds[-1]:.0f} s", flush=True)
    return Held(_HELD_SHARDS, _SHARE, *seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    for name, default, help_text in (
        ("accounts", ACCOUNTS, "of the sandbox, spread over its vendors"),
        ("shards", SHARDS, "of these accounts"),
        ("workers", WORKERS, "at once"),
        ("lines", 200_000, "of which a line's costs are measured"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help=help_text)
    options = parser.parse_args()
    began = time.monotonic()
    lines, kept = line_costs(options.lines), versions()
    print(f"a line: {time.monotonic() - began:.0f} s", flush=True)
    two = held()
    many = fleets(options.accounts, options.shards, options.workers)
    units = Units(
        lines,
        kept,
        # One piece is so large that its start is next to nothing.
        request=many.first.whole.cpu / many.first.whole.requests,
        file=many.first.gathering.cpu / many.files,
        first_shard=_a_shard_more(many.first, many.shards),
        later_shard=_a_shard_more(many.second, many.shards),
    )
    text = figures(many, two, units, time.monotonic() - began)
    print(text)
    if options.accounts >= ACCOUNTS:
        write_section(PAGE, SECTION, text)
        print(f"\n{PAGE} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
