"""The measured part of docs/scale.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import machine
from benchmarks.scale import paper
from benchmarks.scale.fleet import Night
from benchmarks.scale.lines import LINES_AN_INVOICE, NIGHTS_A_MONTH, LineCosts
from benchmarks.scale.paper import Load, Storage, Units
from benchmarks.trial import Measurement

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
SECTION = "figures"
MOST = 0.6
_MICROSECOND, _MB = 1e6, 1e6


@dataclass(frozen=True)
class Nights:
    """One night of all shards, its gathering, and the same in one piece."""

    shards: Night
    gathering: Measurement
    whole: Night


@dataclass(frozen=True)
class Fleets:
    """The first night and the one after, over so many `accounts`, invoices and lines. `files` are
    those that the first gathering listed."""

    shards: int
    workers: int
    accounts: int
    invoices: int
    lines: int
    first: Nights
    second: Nights
    files: int


@dataclass(frozen=True)
class Held:
    """Seconds of a first night by one worker and by two, each of `share` of a core."""

    shards: int
    share: float
    one: float
    two: float

    @property
    def ratio(self) -> float:
        return self.two / self.one


def figures(fleets: Fleets, held: Held | None, units: Units, seconds: float) -> str:
    """All of it, in Markdown. Without `held`, nothing could be held to a share of a core."""
    parts = [
        "Written by `make scale-figures`; `make scale-figures ACCOUNTS=200 SHARDS=8` prints those"
        f" of another size. {machine(seconds)}",
        "### Many accounts",
        *_fleets(fleets),
        "### Two workers, and one",
        _held(held),
        "### A line",
        *_line(units),
        f"### On paper: {paper.LINES:,} lines, {paper.ACCOUNTS:,} accounts, {paper.MONTHS} months",
        *_on_paper(units),
    ]
    return "\n\n".join(parts)


def _fleets(found: Fleets) -> list[str]:
    rows = []
    for name, nights in (("first night", found.first), ("the night after", found.second)):
        gathering = nights.gathering
        rows += [
            _night(f"{name}: {found.shards} shards, {found.workers} at once", nights.shards),
            [
                f"{name}: `billhouse gather`",
                *_numbers(gathering.wall, gathering.cpu),
                *_peak(gathering.peak_memory),
                "–",
            ],
            _night(f"{name}: one piece", nights.whole),
        ]
    first, second = (each.shards.cpu / found.shards for each in (found.first, found.second))
    times = [each.shards.cpu / each.whole.cpu for each in (found.first, found.second)]
    return [
        f"{found.accounts:,} accounts of the sandbox, with {found.invoices:,} invoices and"
        f" {found.lines:,} lines, equal in the lake and in one piece. CPU is that of all runs"
        " together, memory that of the largest one; the sandbox took its part of the same cores.",
        _table(["", "wall s", "CPU s", "peak MB", "requests"], rows),
        f"A shard took {first:.1f} s of CPU on the first night and {second:.1f} s on the one after,"
        f" all together {times[0]:.2f} and {times[1]:.2f} times what one piece did.",
    ]


def _held(held: Held | None) -> str:
    if held is None:
        return "Not measured: this machine lets its user hold no process to a share of a core."
    verdict = "met" if held.ratio <= MOST else "missed"
    return (
        f"{held.shards} shards, each worker held to {held.share} of a core by the kernel: one took"
        f" {held.one:.0f} s, two took {held.two:.0f} s, {held.ratio:.2f} of that (at most {MOST}:"
        f" {verdict})."
    )


def _line(units: Units) -> list[str]:
    lines, versions = units.lines, units.versions
    return [
        _table(
            ["CPU of", "µs"],
            [
                ["a line that comes for the first time", _micro(lines.loaded)],
                ["a line whose invoice comes once more", _micro(lines.changed)],
                ["a line that is held, on a night without news of it", _micro(lines.held)],
                ["a request, with what comes of it", _micro(units.request)],
                ["a file that is gathered", _micro(units.file)],
                ["a shard more, on a first night", _micro(units.first_shard)],
                ["a shard more, later", _micro(units.later_shard)],
            ],
        ),
        _sizes_of(lines, units),
        f"A shard with {lines.lines:,} lines needed {lines.peak_memory / _MB:,.0f} MB at most."
        f" *Each night's version* is of a detail of {LINES_AN_INVOICE} lines that grows for"
        f" {NIGHTS_A_MONTH} nights, and is kept whole on each: {versions.all_json:,.0f} bytes of"
        " JSON for a line of the last one.",
    ]


def _sizes_of(lines: LineCosts, units: Units) -> str:
    versions = units.versions
    return _table(
        ["bytes a line", "JSON", "in `work.duckdb`", "Parquet, zstd"],
        [
            [
                "a document, in its last version",
                *_bytes(versions.last_json, versions.last_duckdb, versions.last_zstd),
            ],
            [
                "a document, in each night's version",
                *_bytes(versions.all_json, versions.all_duckdb, versions.all_zstd),
            ],
            [
                "the published tables: a shard's file, the lake",
                "–",
                *_bytes(lines.published, lines.in_the_lake),
            ],
        ],
    )


def _on_paper(units: Units) -> list[str]:
    first, night, held = paper.first_load(units), paper.night(units), paper.storage(units)
    return [
        f"What stands above, times what is there: {paper.SHARDS} shards, {LINES_AN_INVOICE} lines"
        " an invoice, details that cost a request each. On a night each account's running month"
        " comes once more, with half of its lines on average, and each invoice changes twice in its"
        " life.",
        _table(
            ["", "first load", "a night"],
            [
                ["requests", f"{first.requests:,}", f"{night.requests:,}"],
                ["GB read (JSON)", *_numbers(first.gigabytes_read, night.gigabytes_read)],
                ["core hours", *_numbers(first.core_hours, night.core_hours)],
                ["files that are gathered", f"{first.files:,}", f"{night.files:,}"],
                [
                    f"hours with {paper.CORES} cores, and gathered",
                    *_numbers(first.hours, night.hours),
                ],
                ["dollars", *(f"{paper.cost_of(each, held):,.2f}" for each in (first, night))],
            ],
        ),
        _stored(held),
        _what_breaks(first, night),
    ]


def _stored(held: Storage) -> str:
    rows = [
        ["documents in their last version, as JSON", held.json],
        ["the same in `work.duckdb`", held.documents],
        ["each night's versions of running months in `work.duckdb`", held.versions],
        ["these versions in Parquet with zstd, as in a backup", held.versions_packed],
        ["the shards' published files", held.published],
        ["the lake", held.lake],
    ]
    return _table(
        ["stored after all months", "GB"], [[str(name), f"{size:,.0f}"] for name, size in rows]
    ) + (
        f"\n\nDollars are ${paper.CORE_HOUR} a core hour, and a night's share of"
        f" ${paper.DISK_MONTH} a GB and month for the shards' disks and ${paper.OBJECT_MONTH} for"
        f" the lake: ${held.dollars_a_month:,.0f} a month."
    )


def _what_breaks(first: Load, night: Load) -> str:
    rows: list[tuple[str, float, float]] = [
        (f"one credential for all accounts, {name}", first.requests / rate, night.requests / rate)
        for name, rate in paper.RATES.items()
    ]
    cores, gathering = f"the shards, on {paper.CORES} cores", "the gathering, which is one process"
    rows.append((cores, first.core_hours / paper.CORES, night.core_hours / paper.CORES))
    rows.append((gathering, first.gathering_hours, night.gathering_hours))
    rows.sort(key=lambda row: row[2], reverse=True)
    return (
        "What takes longest breaks first. With a credential for each account, its"
        f" {first.requests // paper.ACCOUNTS} requests of the first load and"
        f" {night.requests // paper.ACCOUNTS} of a night are far below every vendor's limit.\n\n"
        + _table(
            ["hours", "first load", "a night"],
            [[name, *_numbers(*hours)] for name, *hours in rows],
        )
    )


def _night(name: str, night: Night) -> list[str]:
    return [
        name,
        *_numbers(night.wall, night.cpu),
        *_peak(night.peak_memory),
        f"{night.requests:,}",
    ]


def _peak(size: int) -> list[str]:
    return [f"{size / _MB:,.0f}"]


def _numbers(*values: float) -> list[str]:
    return [f"{value:,.1f}" for value in values]


def _bytes(*values: float) -> list[str]:
    return [f"{value:,.0f}" for value in values]


def _micro(seconds: float) -> str:
    return f"{seconds * _MICROSECOND:,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown, with numbers behind the first column."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
