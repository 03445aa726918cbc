"""A FOCUS file as a cloud exports it: the charges of some months, an invoice each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from pendulum import DateTime

_SERVICES = (
    ("Virtual Machines", "shop", "0.0116"),
    ("Object Storage", "shop", "0.000023"),
    ("Data Warehouse", "analytics", "0.3"),
)


def configuration(file: Path) -> dict[str, dict[str, object]]:
    """The settings with which `billhouse run` reads the file, by vendor."""
    return {"focus": {"accounts": [{"name": "cloud", "path": str(file)}]}}


def write(file: Path, now: DateTime, months: int) -> None:
    """As the export is at that moment: of months that are over."""
    rows = list(_rows(now, months))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _rows(now: DateTime, months: int) -> Iterator[dict[str, str]]:
    for back in range(months, 0, -1):
        start = now.start_of("month").subtract(months=back)
        day = start
        while day < start.add(months=1):
            for service, account, price in _SERVICES:
                hours = 24 * (1 + (day.day + day.month) % 3)
                yield {
                    "BilledCost": str(Decimal(price) * hours),
                    "BillingAccountId": "cloud-1",
                    "BillingCurrency": "USD",
                    "BillingPeriodStart": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                    "BillingPeriodEnd": f"{start.add(months=1):%Y-%m-%dT%H:%M:%SZ}",
                    "ChargeCategory": "Usage",
                    "ChargeDescription": f"{service} at {price} an hour",
                    "ChargePeriodStart": f"{day:%Y-%m-%dT%H:%M:%SZ}",
                    "ChargePeriodEnd": f"{day.add(days=1):%Y-%m-%dT%H:%M:%SZ}",
                    "InvoiceId": f"CLOUD-{start:%Y-%m}",
                    "PricingQuantity": str(hours),
                    "PricingUnit": "Hours",
                    "ContractedUnitPrice": price,
                    "ServiceName": service,
                    "SubAccountName": account,
                }
            day = day.add(days=1)
