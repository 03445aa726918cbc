"""DigitalOcean's teams: one invoice a month, made of droplets, clusters and subscriptions.

Whether an invoice that is issued keeps the id that its preview had, DigitalOcean doesn't say: it
does for `kept`, and doesn't for `renamed`.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline, account_of_one_credential

PROFILES = ("kept", "renamed")

BILLED = Step(0, "open")
COURSES = (
    course("billed", BILLED, Step(3, "paid")),
    course("free", BILLED, kind="zero"),
    course("corrected", BILLED, Step(12, "open", None, "corrected")),
    course("late", BILLED, Step(10, "failed"), Step(18, "paid")),
    course("delisted", BILLED, Step(75, "paid", None, "delisted")),
)
PRODUCTS = ("Droplets", "Kubernetes Clusters", "Database Clusters", "Spaces Subscription")


def account(seed: int, number: int) -> Account:
    return account_of_one_credential("digitalocean", PROFILES, seed, number)


def uuid_of(number: str | None) -> str:
    """The id of the invoice with that number."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"digitalocean/{number}"))


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    chosen = pick(COURSES, serial, offset)
    number = f"{500_000_000 + 1_000 * serial + offset}"
    issued = _invoice(account, serial, month, random, number, draw(random, chosen.kind))
    former = number if account.profile == "kept" else f"{int(number) - 100}"
    accrued = _invoice(account, serial, month, random, former, draw(random, "usual"))
    draft = replace(accrued, key="upcoming", state="upcoming", issued_at=None)
    return [play(chosen.steps, draft=draft, issued=issued, start=month, end=end)]


def _invoice(
    account: Account, serial: int, month: DateTime, random: Random, number: str, usage: Decimal
) -> Invoice:
    """Every third one bears tax, every fourth a credit."""
    end = month.add(months=1)
    tax = (usage * 19 / 100).quantize(Decimal(1)) if serial % 3 == 1 else Decimal(0)
    credit = -(usage / 4).quantize(Decimal(1)) if serial % 4 == 2 else Decimal(0)
    lines = _items(random, usage, serial)
    if credit:
        lines += (LineItem("Credits & adjustments", credit, credit=True),)
    return Invoice(
        vendor="digitalocean",
        account=account.name,
        key=uuid_of(number),
        number=number,
        period_start=month,
        period_end=end,
        currency="USD",
        amounts=Amounts(usage + tax + credit, tax=tax),
        state="open",
        status=None,
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end,
        lines=lines,
    )


def _items(random: Random, total: Decimal, serial: int) -> tuple[LineItem, ...]:
    """Items that add up to the total; every seventh invoice has more of them than a page."""
    count = random.randint(201, 230) if serial % 7 == 6 else random.randint(2, 6)
    share = (total / count).quantize(Decimal(1))
    amounts = [share] * (count - 1) + [total - share * (count - 1)]
    return tuple(
        LineItem(
            description=f"web-{number % 40:02d} (s-2vcpu-4gb)",
            amount=amount,
            sku=PRODUCTS[number % len(PRODUCTS)],
            quantity=Decimal(744),
            unit="Hours",
            project=f"shop-{number % 3}",
            resource=f"pool-{number % 5}",
        )
        for number, amount in enumerate(amounts)
    )
