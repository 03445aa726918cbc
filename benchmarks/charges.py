"""A FOCUS file of many charges, and how long Billhouse takes from it to the published tables.

python -m benchmarks.charges --rows 1000000 --format csv
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

ROOT = Path(__file__).resolve().parents[1]
# Of ten invoices, each of a month: 28 days of 24 hours, and as many resources as are needed.
_CHARGES = """
    SELECT
        CAST(0.000001 * (1 + hash(i) % 2000000) AS DECIMAL(18, 6)) AS BilledCost,
        'account-' || m AS BillingAccountId, 'USD' AS BillingCurrency,
        DATE '2026-01-01' + to_months(m) AS BillingPeriodStart,
        DATE '2026-01-01' + to_months(m + 1) AS BillingPeriodEnd, 'Usage' AS ChargeCategory,
        DATE '2026-01-01' + to_months(m) + to_hours(h) AS ChargePeriodStart,
        DATE '2026-01-01' + to_months(m) + to_hours(h + 1) AS ChargePeriodEnd,
        'INV-' || m AS InvoiceId, 'Cloud' AS InvoiceIssuerName, 'Cloud' AS ProviderName,
        'Service ' || r % 40 AS ServiceName, '$0.0116 an hour of ' || r % 300 AS ChargeDescription,
        'SKU' || r % 300 AS SkuId, '0.5' AS PricingQuantity, 'Hours' AS PricingUnit,
        'region-' || r % 12 AS RegionId, 'arn:cloud:instance/i-' || md5('r' || r) AS ResourceId,
        'sub-' || r % 50 AS SubAccountId,
        json_object('team', 'team ' || r % 25, 'env', 'production') AS Tags
    FROM (SELECT i, i % 10 AS m, i // 10 % 672 AS h, i // 6720 AS r FROM range({rows}) AS t (i))
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.charges", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="billhouse-charges-") as name:
        folder = Path(name)
        file = folder / f"charges.{arguments.format}"
        query = _CHARGES.format(rows=arguments.rows)
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({query}) TO '{file}'")
        print(
            f"{arguments.rows:,} charges, {file.stat().st_size / 1e6:,.0f} MB of {arguments.format}"
        )
        for run in ("first run", "again, nothing changed"):
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            _run(folder, file)
            wall, used = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
            peak = used.ru_maxrss / 1024
            print(f"{run}: {wall:.1f} s, {cpu:.1f} s of CPU, at most {peak:,.0f} MB so far")
        work = folder / "warehouse" / "work.duckdb"
        print(f"work database: {work.stat().st_size / 1e6:,.0f} MB")


def _run(folder: Path, file: Path) -> None:
    variables = {
        "PYTHONPATH": str(ROOT),
        "SOURCES__FOCUS__ACCOUNTS": json.dumps([{"name": "cloud", "path": str(file)}]),
        "WAREHOUSE__DIRECTORY": str(folder / "warehouse"),
    }
    subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "run", "--verbose"],
        cwd=folder,
        env=os.environ | variables,
        check=True,
    )


if __name__ == "__main__":
    main()
