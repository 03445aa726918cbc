"""What was promised, and whether it was met: each target over the rows that a full run measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.programs import BILLHOUSE, DLT_PARQUET, LIMIT
from benchmarks.trial import Row

LINES = 1_000_000
LINES_A_SECOND = 150_000


@dataclass(frozen=True)
class Target:
    """`measured` may be at most `bound`, in the unit that the text names."""

    text: str
    bound: float
    measured: float

    @property
    def met(self) -> bool:
        return self.measured <= self.bound


def targets(rows: Sequence[Row]) -> list[Target]:
    """All targets; raises KeyError where a case is missing."""
    return list(_targets({(row.case, row.program): row for row in rows}))


def _targets(rows: dict[tuple[str, str], Row]) -> Iterator[Target]:
    def wall(case: str, program: str = BILLHOUSE.name) -> float:
        return rows[case, program].median("wall")

    def megabytes(case: str) -> float:
        return rows[case, BILLHOUSE.name].median("peak_memory") / 1e6

    first, million = "first-100000", "first-1000000"
    yield Target("100,000 invoices: 2 × the limit, s", 2 * wall(first, LIMIT.name), wall(first))
    yield Target(
        "100,000 invoices: dlt with Parquet ÷ 2.5, s",
        wall(first, DLT_PARQUET.name) / 2.5,
        wall(first),
    )
    yield Target("100,000 invoices: 500 MB of memory", 500, megabytes(first))
    yield Target("1,000,000 invoices: 10 × the time of 100,000, s", 10 * wall(first), wall(million))
    yield Target("1,000,000 invoices: 1,500 MB of memory", 1_500, megabytes(million))
    yield Target(
        "nothing changed of 100,000: half a first load, s", wall(first) / 2, wall("unchanged")
    )
    latency = "latency-20"
    yield Target(
        "20,000 invoices at 20 ms: 1.5 × the limit, s",
        1.5 * wall(latency, LIMIT.name),
        wall(latency),
    )
    fetch, plain = (
        rows[latency, BILLHOUSE.name].phase("fetch"),
        rows[latency, LIMIT.name].phase("fetch"),
    )
    if fetch is not None and plain is not None:
        text = "20,000 invoices at 20 ms, the fetch alone: 1.5 × the limit's, s"
        yield Target(text, 1.5 * plain, fetch)
    for row in rows.values():
        if row.case == "accounts" and row.program != BILLHOUSE.name:
            text = f"100 accounts at 100 ms: 1.5 × the {row.program}, s"
            yield Target(text, 1.5 * row.median("wall"), wall("accounts"))
            fetch = rows["accounts", BILLHOUSE.name].phase("fetch")
            if fetch is not None:
                text = f"100 accounts at 100 ms, the fetch alone: 1.5 × the {row.program}, s"
                yield Target(text, 1.5 * row.median("wall"), fetch)
    yield Target("daily run: 2 s", 2, wall("daily"))
    yield Target("`billhouse --help`: 0.3 s", 0.3, wall("help", "billhouse --help"))
    transform = rows["lines", BILLHOUSE.name].phase("transform")
    if transform is not None:
        text = f"{LINES:,} lines: at {LINES_A_SECOND:,} a second, published, s"
        yield Target(text, LINES / LINES_A_SECOND, transform)
