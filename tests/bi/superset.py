"""Superset shows the warehouse's numbers, and the new ones after a run. Exits with 1 otherwise.

python -m tests.bi.superset .superset/bin
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.warehouse.files import Warehouse
from sandbox.server import Sandbox
from sandbox.server import running as running_sandbox
from sandbox.world import World
from tests.bi.superset_client import Client, Row, logged_in
from tests.bi.superset_server import running

# What docs/bi.md says: whoever may write SQL in Superset reads this file and no other.
URI = "duckdb:///{}?access_mode=read_only&enable_external_access=false"
_SETTINGS = "SELECT current_setting('access_mode'), current_setting('enable_external_access')"
_SEALED: list[Row] = [("read_only", False)]


@dataclass(frozen=True)
class Chart:
    """A table chart; `metrics` are SQL expressions by name."""

    name: str
    table: str
    columns: Sequence[str]
    metrics: dict[str, str]
    months: Sequence[str] = field(default=())  # Superset writes dates as milliseconds since 1970

    def sql(self) -> str:
        columns = [f"epoch_ms({name})" if name in self.months else name for name in self.columns]
        return (
            f"SELECT {', '.join([*columns, *self.metrics.values()])} FROM {self.table} GROUP BY ALL"
        )


CHARTS = (
    Chart(
        "invoices by status",
        "fct_invoices",
        ["vendor", "currency", "payment_status"],
        {
            "invoices": "COUNT(*)",
            "total in cents": "SUM(total_cents)",
            "to pay in cents": "SUM(balance_due_cents)",
        },
    ),
    Chart(
        "spend by month",
        "spend",
        ["month", "vendor", "currency"],
        {"amount": "SUM(amount)"},
        months=["month"],
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bi.superset", description=__doc__)
    parser.add_argument("programs", type=Path, help="the bin folder of Superset's environment")
    programs = parser.parse_args().programs.absolute()
    # A SystemExit goes through every `finally`, and so ends the servers as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        TemporaryDirectory() as directory,
        running_sandbox(World(months=13)) as sandbox,
    ):
        warehouse = Warehouse(Path(directory, "warehouse"))
        _publish(warehouse, sandbox)
        print("Superset is prepared and started, which takes a minute or two …", flush=True)
        with running(programs, Path(directory)) as superset, logged_in(superset) as client:
            return 1 if _problems(client, warehouse, sandbox) else 0


def _problems(client: Client, warehouse: Warehouse, sandbox: Sandbox) -> int:
    """How many comparisons failed; each is printed."""
    database = client.add_database("Billhouse", URI.format(warehouse.published))
    charts = [
        (chart, client.add_chart(chart.name, dataset, chart.columns, chart.metrics))
        for chart in CHARTS
        for dataset in [client.add_dataset(database, chart.table)]
    ]
    settings = client.sql_lab(database, _SETTINGS)
    problems = _tell("access_mode, enable_external_access", settings, _SEALED)
    before = [_published_rows(chart, warehouse) for chart, _ in charts]
    problems += sum(_compare(client, *each, warehouse) for each in charts)
    sandbox.advance()
    _publish(warehouse, sandbox)
    print("A month later, published again while Superset runs:")
    for (chart, number), old in zip(charts, before, strict=True):
        if not differences(_published_rows(chart, warehouse), old):
            print(f"  {chart.name}: DIFFERENT: nothing changed in that month, so nothing was shown")
            problems += 1
        problems += _compare(client, chart, number, warehouse)
    return problems


def _compare(client: Client, chart: Chart, number: int, warehouse: Warehouse) -> int:
    return _tell(chart.name, client.chart_rows(number), _published_rows(chart, warehouse))


def _tell(name: str, shown: Sequence[Row], expected: Sequence[Row]) -> int:
    different = differences(shown, expected)
    print(f"  {name}: {'DIFFERENT' if different or not expected else 'the same'},"
          f" {len(shown)} rows in Superset, {len(expected)} in DuckDB")  # fmt: skip
    for line in different:
        print(f"    {line}")
    return 1 if different or not expected else 0


def differences(shown: Sequence[Row], expected: Sequence[Row]) -> list[str]:
    """A line for each row that only one side has, as often as it has it more; order is nothing."""
    left, right = Counter(shown), Counter(expected)
    return [
        *(f"only in Superset: {row}" for row in (left - right).elements()),
        *(f"only in DuckDB: {row}" for row in (right - left).elements()),
    ]


def _published_rows(chart: Chart, warehouse: Warehouse) -> list[Row]:
    with duckdb.connect(warehouse.published, read_only=True) as connection:
        return connection.execute(chart.sql()).fetchall()


def _publish(warehouse: Warehouse, sandbox: Sandbox) -> None:
    subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "run"],
        env={
            **os.environ,
            **sandbox.environment(),
            "WAREHOUSE__DIRECTORY": str(warehouse.directory),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
