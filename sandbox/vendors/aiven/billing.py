"""Aiven's organizations, billed in euros with tax or in dollars without: fourteen words for what an
invoice is, some without lines, and now and then one whose amounts another invoice has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Course, Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline, account_of_one_credential

PROFILES = ("euros", "dollars")
CURRENCIES = {"euros": "EUR", "dollars": "USD"}
TAX_PERCENT = {"euros": 24, "dollars": 0}
ESTIMATES = ("estimate", "estimate_only_project_charges_calculated")

MAILED = Step(0, "open", "mailed")
PAID = Step(20, "paid", "paid")
CONSOLIDATED = course("consolidated", Step(0, "void", "consolidated"))
COURSES = (
    course("paid", MAILED, PAID),
    course("card refused", Step(0, "failed", "failed_credit_card_charge"), PAID),
    course("due", Step(0, "open", "due")),
    CONSOLIDATED,
    course("no card", Step(0, "failed", "failed_no_credit_card")),
    course("free", Step(0, "no_charge", "no_payment_expected"), kind="zero"),
    course("marketplace", Step(0, "no_charge", "partner_metering")),
    course("corrected", MAILED, Step(12, "open", "due", "corrected"), Step(30, "paid", "paid")),
    course("uncollectible", MAILED, Step(70, "written_off", "uncollectible")),
    course("waived", MAILED, Step(20, "written_off", "waived")),
    course("accrual", Step(0, "open", "accrual")),
    course("projects only", Step(0, "open", "due_only_project_charges_calculated"), PAID),
    course("credit note", Step(0, "paid", "paid"), kind="credit_note"),
    course("delisted", MAILED, PAID, Step(120, "paid", "paid", "delisted")),
)


def account(seed: int, number: int) -> Account:
    organization = f"org{seed:04x}{number + 1:04x}"
    return account_of_one_credential(
        "aiven", PROFILES, seed, number, identity={"organization_id": organization}
    )


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    chosen = pick(COURSES, serial, offset)
    amounts, lines = _bill(random, account.profile, chosen)
    number = f"{random.getrandbits(32):08x}-{serial + 1}"
    issued = Invoice(
        vendor="aiven",
        account=account.name,
        key=number,
        number=number,
        period_start=month,
        period_end=end,
        currency=CURRENCIES[account.profile],
        amounts=amounts,
        state="open",
        status="mailed",
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end,
        # A day, which lasts to its end.
        due_at=end.add(days=15).subtract(seconds=1) if serial % 4 != 1 else None,
        # Of these the lines are in the file alone.
        lines=() if serial % 5 == 3 else lines,
    )
    accrued, so_far = _bill(random, account.profile, COURSES[0])
    draft = replace(
        issued,
        amounts=accrued,
        lines=so_far,
        state="upcoming",
        status=ESTIMATES[serial % len(ESTIMATES)],
        issued_at=None,
        due_at=None,
    )
    made = [play(chosen.steps, draft=draft, issued=issued, start=month, end=end)]
    if chosen is CONSOLIDATED:
        other = replace(issued, key=f"{number}-c", number=f"{number}-c")
        made.append(play(COURSES[0].steps, draft=None, issued=other, start=month, end=end))
    return made


def _bill(random: Random, profile: str, chosen: Course) -> tuple[Amounts, tuple[LineItem, ...]]:
    """Total = net + tax, and the lines add up to net, one of them for the roundings of others."""
    net = draw(random, chosen.kind)
    percent = TAX_PERCENT[profile]
    tax = (net * percent / 100).quantize(Decimal(1))
    amounts = Amounts(total=net + tax, subtotal=net, tax=tax, tax_percent=percent)
    return amounts, tuple(_lines(random, net))


def _lines(random: Random, net: Decimal) -> Iterator[LineItem]:
    first = (net * random.randint(1, 99) / 100).quantize(Decimal("0.01"))
    credit = -(abs(net) / 10).quantize(Decimal(1))
    second = (net - first - credit).quantize(Decimal(1))
    yield _service("Kafka business-4", first, "kafka", "events")
    yield _service("PostgreSQL startup-8", second, "pg", "orders")
    if credit:
        yield LineItem("Credits", credit, credit=True)
    if rest := net - first - second - credit:
        yield LineItem("Rounding", rest)


def _service(description: str, amount: Decimal, kind: str, name: str) -> LineItem:
    return LineItem(
        description,
        amount,
        sku=kind,
        project="shop",
        resource=name,
        provider="aws-eu-west-1",
    )
