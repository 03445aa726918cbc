"""What `make bench` prints, and the page that it writes."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.programs import LIMIT
from benchmarks.targets import Target, targets
from benchmarks.trial import RUNS, Row

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
HEADER = (
    "| program | wall s | × limit | CPU s | peak MB | requests | MB read | of which fetch |"
    " load | transform, publish |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)
INTRODUCTION = f"""\
# Performance

Written by `make bench`. `make bench CASES="daily first-10000"` runs some cases, and only prints
them.

Every program is a process of its own, from its start to its end: for Billhouse that is to the
published copy, with history, facts and audits, which none of the others has. Wall time, CPU time
(of all threads) and peak memory are the operating system's. Each result is checked: as many
invoices (or lines) as the server has, and the same sum in cents. Medians of {RUNS} runs; what takes
longer than 20 s runs once.

- **limit** is plain httpx and DuckDB: pages into files, files into one typed table. With latency it
  uses 8 connections; it trusts the count of the first page.
- **dlt, Parquet, merge** is dlt's REST source with Parquet files and a merge by id, **dlt:
  defaults** the same source with nothing set. Its defaults append, so they are left out where a
  load is repeated, and above 100,000 invoices because of their time.
- Invoices come from a plain page server (Atlas v2, pages of 100, from memory, in
  `benchmarks/page_server.py`), because the sandbox would be the limit; details are off, since none
  of the others fetches them. Where five vendors take part it is the sandbox, details are on, and
  the others are left out: they would have to be written once a vendor first.
- *Fetch* is how long the requests take, until the last account's last answer is read; *load* is
  that and dlt's loading, most of it meanwhile.
- *The fetch alone* is the five vendors' once more, with nothing loaded: its wall and CPU time are
  those of the fetch, without the start of the program.
- A *chain* is how long requests take that wait for each other; a *bound* is how long all of an
  account's requests take when so many are sent at once. Neither counts what a request costs the
  processor, in the client and in the sandbox beside it.
"""


def page(rows: Sequence[Row], seconds: float) -> str:
    """All of docs/performance.md."""
    parts = [INTRODUCTION, machine(seconds), "## Targets", targets_table(targets(rows))]
    for name, case in CASES.items():
        parts += [f"## {case.title} (`{name}`)", table([row for row in rows if row.case == name])]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def machine(seconds: float) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("dlt", "duckdb", "httpx"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d}, in {seconds / 60:.0f} minutes, on"
        f" {os.cpu_count()} × {_processor()}, {memory:.0f} GiB, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()}, {versions}."
    )


def table(rows: Sequence[Row]) -> str:
    """One case in Markdown, each program beside the limit."""
    limit = next((row.median("wall") for row in rows if row.program == LIMIT.name), None)
    return "\n".join([HEADER, *(_line(row, limit) for row in rows)])


def _line(row: Row, limit: float | None) -> str:
    fetched = row.runs[0].bytes
    cells = [
        row.program,
        f"{row.median('wall'):.2f}",
        _number(row.median("wall") / limit if limit else None, ".1f"),
        _number(row.median("cpu"), ".2f"),
        _number(row.median("peak_memory") / 1e6, ",.0f"),
        f"{row.runs[0].requests:,}",
        _number(fetched / 1e6 if fetched else None, ",.1f"),
        _number(row.phase("fetch"), ".2f"),
        _number(row.phase("load"), ".2f"),
        _number(row.phase("transform"), ".2f"),
    ]
    return f"| {' | '.join(cells)} |"


def targets_table(found: Sequence[Target]) -> str:
    lines = ["| target | at most | measured | |", "|---|---:|---:|---|"]
    for each in found:
        verdict = "met" if each.met else f"missed by {each.measured / each.bound - 1:.0%}"
        lines.append(f"| {each.text} | {each.bound:.2f} | {each.measured:.2f} | {verdict} |")
    return "\n".join(lines)


def _number(value: float | None, form: str) -> str:
    return f"{value:{form}}" if value else "–"


def _processor() -> str:
    """Linux names it once for each core, on most machines."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
