"""Fastly's customers: one invoice a month, lines of parts of a cent, coupons, and a month to date
that states no currency. An invoice's period ends as each of Fastly's clients has it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline, account_of_one_credential

PROFILES = ("dollars", "euros")
CURRENCIES = {"dollars": "USD", "euros": "EUR"}

BILLED = Step(2, "open")
COURSES = (
    course("billed", BILLED, Step(20, "paid")),
    course("free", BILLED, kind="zero"),
    course("corrected", BILLED, Step(12, "open", None, "corrected")),
    course("credit note", BILLED, kind="credit_note"),
    course("delisted", BILLED, Step(75, "paid", None, "delisted")),
)
PRODUCTS = (
    ("Full Site Delivery", "North America Bandwidth", "Bandwidth"),
    ("Full Site Delivery", "Europe Requests", "Requests"),
    ("Compute", "Compute Duration", "Duration"),
)


def account(seed: int, number: int) -> Account:
    return account_of_one_credential("fastly", PROFILES, seed, number)


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    chosen = pick(COURSES, serial, offset)
    number = f"{7_000_000 + 1_000 * serial + offset}"
    issued = _invoice(account, serial, month, random, number, draw(random, chosen.kind))
    accrued = _invoice(account, serial, month, random, f"mtd{number}", draw(random, "usual"))
    draft = replace(accrued, key="upcoming", state="upcoming", issued_at=None)
    return [play(chosen.steps, draft=draft, issued=issued, start=month, end=end)]


def _invoice(
    account: Account, serial: int, month: DateTime, random: Random, number: str, usage: Decimal
) -> Invoice:
    """Every fourth one that is issued has a coupon: lines of the month to date name none."""
    end = month.add(months=1)
    has_coupon = serial % 4 == 2 and number.isdecimal()
    credit = -(usage / 4).quantize(Decimal(1)) if has_coupon else Decimal(0)
    lines = _lines(random, usage)
    if credit:
        lines += (LineItem("Coupon", credit, credit=True),)
    return Invoice(
        vendor="fastly",
        account=account.name,
        key=number,
        number=number,
        period_start=month,
        period_end=end,
        currency=CURRENCIES[account.profile],
        amounts=Amounts(usage + credit),
        state="open",
        status=None,
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end,
        lines=lines,
    )


def _lines(random: Random, total: Decimal) -> tuple[LineItem, ...]:
    """Lines that add up to the total, of thousandths of a cent."""
    count = random.randint(1, 6)
    share = (total / count).quantize(Decimal("0.001"))
    amounts = [share] * (count - 1) + [total - share * (count - 1)]
    made = []
    for number, amount in enumerate(amounts):
        group, name, unit = PRODUCTS[number % len(PRODUCTS)]
        made.append(
            LineItem(
                description=f"{name} {number + 1}",
                amount=amount,
                sku=name,
                quantity=Decimal(100 * (number + 1)),
                unit=unit,
                unit_price=Decimal("0.12"),
                project=group,
            )
        )
    return tuple(made)
