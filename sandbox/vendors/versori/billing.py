"""Versori's organisations: monthly from an anniversary or by the calendar, in three currencies,
never with a status.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline

PROFILES = ("anniversary", "paged", "calendar")
CURRENCIES = {"anniversary": "GBP", "paged": "EUR", "calendar": "USD"}

BILLED = Step(0, "open")
COURSES = (
    course("billed", BILLED, Step(14, "paid")),
    course("free", BILLED, kind="zero"),
    course("corrected", BILLED, Step(12, "open", None, "corrected")),
    course("credit note", BILLED, kind="credit_note"),
    course("delisted", BILLED, Step(75, "paid", None, "delisted")),
)
PRODUCTS = ("Platform", "Connectors", "Data transfer", "Support")


def account(seed: int, number: int) -> Account:
    profile = PROFILES[number % len(PROFILES)]
    name = f"versori-{number + 1}-{profile}"
    organisation = f"sandbox-org-{number + 1}"
    settings = {
        "name": name,
        "organisation_id": organisation,
        "api_key": f"sandbox-versori-{seed}-{number + 1}",
        "auth_scheme": "JWT" if profile == "paged" else "Bearer",
    }
    return Account("versori", name, profile, organisation, settings)


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    start = month.add(days=14) if account.profile == "anniversary" else month
    end = start.add(months=1)
    chosen = pick(COURSES, serial, offset)
    # "calendar" states the last day of the period, the others the day on which the next one begins.
    stated_end = end.subtract(days=1).date() if account.profile == "calendar" else end.date()
    lines = _products(random, draw(random, chosen.kind))
    issued = Invoice(
        vendor="versori",
        account=account.name,
        key=f"{start.date().isoformat()}/{stated_end.isoformat()}",
        number=None,
        period_start=start,
        period_end=end,
        currency=CURRENCIES[account.profile],
        amounts=Amounts(sum((line.amount or Decimal(0) for line in lines), Decimal(0))),
        state="open",
        status=None,
        serial=serial,
        created_at=start,
        updated_at=end,
        issued_at=end,
        stated_start=start.date(),
        stated_end=stated_end,
        lines=lines,
    )
    return [play(chosen.steps, draft=_draft(issued, random), issued=issued, start=start, end=end)]


def _draft(issued: Invoice, random: Random) -> Invoice:
    amount = draw(random, "usual")
    return replace(
        issued,
        key="upcoming",
        state="upcoming",
        amounts=Amounts(amount),
        lines=_products(random, amount),
        issued_at=None,
    )


def _products(random: Random, total: Decimal) -> tuple[LineItem, ...]:
    """Products whose amounts add up to the total."""
    first = (total * random.randint(1, 99) / 100).quantize(Decimal(1))
    names = random.sample(PRODUCTS, 2)
    return tuple(
        LineItem(name, amount, quantity=Decimal(random.randint(1, 40)))
        for name, amount in zip(names, (first, total - first), strict=True)
    )
