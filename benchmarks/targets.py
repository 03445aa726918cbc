"""What was promised, and whether it was met: each target over the rows that a full run measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.programs import (
    BILLHOUSE,
    DLT_DEFAULTS,
    DLT_PARQUET,
    FETCH_ALONE,
    HELP,
    IMPORT_DLT,
    LIMIT,
)
from benchmarks.trial import Row


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
    def times(case: str, other: str) -> float:
        """Billhouse's wall time in that of another program, in the same run."""
        own, others = rows[case, BILLHOUSE.name], rows[case, other]
        return own.median("wall") / others.median("wall")

    def megabytes(case: str) -> float:
        return rows[case, BILLHOUSE.name].median("peak_memory") / 1e6

    def cpu(case: str) -> float:
        return rows[case, BILLHOUSE.name].median("cpu")

    limit, parquet, defaults = LIMIT.name, DLT_PARQUET.name, DLT_DEFAULTS.name
    first, million = "first-100000", "first-1000000"
    yield Target("1,000 invoices: × dlt's defaults", 1.5, times("first-1000", defaults))
    yield Target("10,000 invoices: × dlt with Parquet", 0.9, times("first-10000", parquet))
    yield Target("100,000 invoices: × the limit", 3.5, times(first, limit))
    yield Target("100,000 invoices: × dlt with Parquet", 0.65, times(first, parquet))
    yield Target("100,000 invoices: MB of memory", 450, megabytes(first))
    yield Target("1,000,000 invoices: CPU, × ten of 100,000", 1.0, cpu(million) / cpu(first) / 10)
    yield Target("1,000,000 invoices: MB of memory", 1_200, megabytes(million))
    yield Target("nothing changed of 100,000: × the limit", 1.3, times("unchanged", limit))
    yield Target("1 % changed of 100,000: × the limit", 2.2, times("changed", limit))
    yield Target(f"daily run without news: × `{IMPORT_DLT}`", 1.5, times("daily", IMPORT_DLT))
    yield Target("20,000 invoices at 20 ms: × the limit", 3.0, times("latency-20", limit))
    fetch = rows["accounts-fetch", FETCH_ALONE]
    yield Target(
        "100 accounts at 100 ms, the fetch alone: CPU ms a request",
        1.2,
        1_000 * fetch.median("cpu") / fetch.median("requests"),
    )
    yield Target("1,000,000 lines: × the limit", 4.0, times("lines", limit))
    yield Target("1,000,000 lines: MB of memory", 1_600, megabytes("lines"))
    yield Target("`billhouse --help`: s", 0.3, rows["help", HELP].median("wall"))
