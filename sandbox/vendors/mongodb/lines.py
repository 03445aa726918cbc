"""The line items of an Atlas invoice: usage with discounts and tags, credits as negative lines."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from sandbox.model import LineItem

USAGES = (
    ("ATLAS_AWS_INSTANCE_M30", "server hours", "AWS"),
    ("ATLAS_AWS_DATA_TRANSFER_INTERNET", "GB", "AWS"),
    ("ATLAS_GCP_BACKUP_SNAPSHOT_STORAGE", "GB hours", "GCP"),
    ("ATLAS_AZURE_INSTANCE_M10", "server hours", "AZURE"),
    ("ATLAS_SUPPORT", "USD", "ATLAS"),
)
PROJECTS = ("billing", "search", "analytics")


def line_items(
    random: Random, charge: Decimal, credit: Decimal, count: int
) -> tuple[LineItem, ...]:
    """`count` usage lines (0: two to six) that add up to `charge`, and one negative line where
    there is a credit.
    """
    count = count or random.randint(2, 6)
    share = (charge / count).quantize(Decimal(1))
    amounts = [share] * (count - 1) + [charge - share * (count - 1)]
    lines = [_usage(random, amount, number) for number, amount in enumerate(amounts)]
    if credit:
        lines.append(LineItem("Promotional credit", -credit, sku="ATLAS_CREDIT", credit=True))
    return tuple(lines)


def _usage(random: Random, net: Decimal, number: int) -> LineItem:
    sku, unit, provider = USAGES[number % len(USAGES)]
    quantity = Decimal(random.randint(1, 744))
    discount = (net / 9).quantize(Decimal(1)) if number % 3 == 1 else Decimal(0)
    project = random.choice(PROJECTS)
    return LineItem(
        description=sku,
        amount=net,
        discount=discount,
        sku=sku,
        quantity=quantity,
        unit=unit,
        unit_price=((net + discount) / 100 / quantity).quantize(Decimal("0.000001")),
        project=project,
        resource=f"cluster-{random.randint(0, 3)}" if provider != "ATLAS" else "",
        provider=provider,
        tags={"team": (project,), "tier": ("prod", "eu")} if number % 4 == 0 else {},
    )
