"""A large night on paper: what was measured of a line, a request, a file, a shard, times many."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.scale.lines import LINES_AN_INVOICE, NIGHTS_A_MONTH, LineCosts, Versions

ACCOUNTS = 100_000
MONTHS = 24
LINES = 1_000_000_000
SHARDS = 256
CORES = 32
# What an invoice goes through after its month: it is issued, and then paid.
_CHANGES = 2
# PlanetScale's and Northflank's documented limits, in requests of a credential an hour.
RATES = {"600 a minute": 36_000, "1,000 an hour": 1_000}
# The lake's largest tables have a file for each vendor and month.
_VENDORS, _PARTED_TABLES, _OTHER_TABLES = 8, 3, 20
# Dollars: usual list prices of large clouds.
CORE_HOUR, OBJECT_MONTH, DISK_MONTH = 0.05, 0.023, 0.08
_HOUR, _GB = 3_600, 1e9


@dataclass(frozen=True)
class Units:
    """What was measured: of a line and its versions; and processor seconds of a request with all
    that comes of it, of a file that is gathered, and of each shard, on a first night and later."""

    lines: LineCosts
    versions: Versions
    request: float
    file: float
    first_shard: float
    later_shard: float


@dataclass(frozen=True)
class Load:
    """What all shards do in one run."""

    requests: int
    gigabytes_read: float
    core_hours: float
    files: int
    gathering_hours: float

    @property
    def hours(self) -> float:
        """With all cores at work, and the gathering after it, which is one process."""
        return self.core_hours / CORES + self.gathering_hours


@dataclass(frozen=True)
class Storage:
    """Gigabytes, after all months."""

    json: float
    documents: float
    versions: float
    versions_packed: float
    published: float
    lake: float

    @property
    def dollars_a_month(self) -> float:
        """The lake in an object store, all else on the shards' disks."""
        disks = self.documents + self.versions + self.published
        return disks * DISK_MONTH + self.lake * OBJECT_MONTH


def first_load(units: Units) -> Load:
    """Everything that the vendors have, once."""
    invoices = ACCOUNTS * MONTHS
    requests = ACCOUNTS + invoices
    seconds = requests * units.request + LINES * units.lines.loaded + SHARDS * units.first_shard
    return _load(units, requests, LINES, seconds, MONTHS)


def night(units: Units) -> Load:
    """With everything held: each account's month that accrues comes once more, with half of its
    lines on average, and what was issued or paid."""
    changed = ACCOUNTS * _CHANGES // NIGHTS_A_MONTH
    requests = ACCOUNTS + ACCOUNTS + changed
    lines = ACCOUNTS * LINES_AN_INVOICE // 2 + changed * LINES_AN_INVOICE
    seconds = (
        requests * units.request
        + lines * units.lines.changed
        + LINES * units.lines.held
        + SHARDS * units.later_shard
    )
    return _load(units, requests, lines, seconds, 2)


def storage(units: Units) -> Storage:
    versions = units.versions
    return Storage(
        json=LINES * versions.last_json / _GB,
        documents=LINES * versions.last_duckdb / _GB,
        versions=LINES * (versions.all_duckdb - versions.last_duckdb) / _GB,
        versions_packed=LINES * (versions.all_zstd - versions.last_zstd) / _GB,
        published=LINES * units.lines.published / _GB,
        lake=LINES * units.lines.in_the_lake / _GB,
    )


def cost_of(load: Load, held: Storage) -> float:
    """Dollars of a night: its cores, and a night's share of what is stored."""
    cores = (load.core_hours + load.gathering_hours) * CORE_HOUR
    return cores + held.dollars_a_month / NIGHTS_A_MONTH


def _load(units: Units, requests: int, lines: int, seconds: float, months: int) -> Load:
    files = SHARDS * (_VENDORS * months * _PARTED_TABLES + _OTHER_TABLES)
    return Load(
        requests,
        lines * units.lines.document / _GB,
        seconds / _HOUR,
        files,
        files * units.file / _HOUR,
    )
