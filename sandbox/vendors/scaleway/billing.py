"""Scaleway's organizations: a draft in the running month, numbers once it is issued, charges of
parts of a cent, discounts, and invoices that were replaced because a billing address changed.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Course, Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline, account_of_one_credential

PROFILES = ("taxed", "abroad")
TAX_PERCENT = {"taxed": 20, "abroad": 0}
# Of these an invoice has no number yet, or never gets one.
UNNUMBERED = ("draft", "stopped")

STOPPED = Step(0, "upcoming", "stopped")
ISSUED = Step(2, "open", "issued")
PAID = Step(20, "paid", "paid")
OUTDATED = course("outdated", STOPPED, ISSUED, Step(9, "void", "outdated"))
COURSES = (
    course("paid", STOPPED, ISSUED, PAID),
    course("issued", STOPPED, ISSUED),
    OUTDATED,
    course("nothing, never issued", Step(0, "no_charge", "stopped"), kind="zero"),
    course("nothing, issued", Step(2, "no_charge", "issued"), kind="zero"),
    course("incomplete", STOPPED, Step(2, "open", "incomplete"), PAID),
    course("corrected", STOPPED, ISSUED, Step(12, "open", "issued", "corrected"), PAID),
    course("credit note", Step(0, "paid", "paid"), kind="credit_note"),
    course("delisted", STOPPED, ISSUED, PAID, Step(120, "paid", "paid", "delisted")),
)


def account(seed: int, number: int) -> Account:
    organization = f"{seed:08x}-0000-4000-8000-{number + 1:012x}"
    return account_of_one_credential(
        "scaleway",
        PROFILES,
        seed,
        number,
        credential="secret_key",
        identity={"organization_id": organization},
    )


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    chosen = pick(COURSES, serial, offset)
    amounts, lines = _bill(random, account.profile, chosen, serial)
    number = 1000 * int(account.name.split("-")[1]) + serial
    issued = Invoice(
        vendor="scaleway",
        account=account.name,
        key=_uuid(random),
        number=str(number),
        period_start=month,
        period_end=end,
        currency="EUR",
        amounts=amounts,
        state="open",
        status="issued",
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end.add(days=2),
        due_at=end.add(days=32),
        lines=lines,
    )
    accrued, so_far = _bill(random, account.profile, COURSES[0], serial)
    draft = replace(issued, amounts=accrued, lines=so_far, state="upcoming", status="draft")
    made = [play(chosen.steps, draft=draft, issued=issued, start=month, end=end)]
    if chosen is OUTDATED:
        other = replace(issued, key=_uuid(random), number=str(number + 500))
        steps = (Step(9, "open", "issued"), PAID)
        made.append(play(steps, draft=None, issued=other, start=month, end=end))
    return [Timeline(tuple((at, _billed(each)) for at, each in one.versions)) for one in made]


def _billed(invoice: Invoice) -> Invoice:
    """What was forgotten is a charge like others."""
    lines = tuple(
        each if each.resource else replace(each, project="shop-0", resource=each.description)
        for each in invoice.lines
    )
    if invoice.status in UNNUMBERED:
        return replace(invoice, lines=lines, number=None, issued_at=None, due_at=None)
    return replace(invoice, lines=lines)


def _uuid(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _bill(
    random: Random, profile: str, chosen: Course, serial: int
) -> tuple[Amounts, tuple[LineItem, ...]]:
    """Charges less a discount and with tax are the total. Every fifth invoice has many charges."""
    charged = draw(random, chosen.kind)
    discount = (abs(charged) / 10).quantize(Decimal(1)) if serial % 3 == 1 else Decimal(0)
    percent = TAX_PERCENT[profile]
    tax = ((charged - discount) * percent / 100).quantize(Decimal(1))
    amounts = Amounts(
        total=charged - discount + tax,
        subtotal=charged,
        tax=tax,
        discount=discount,
        tax_percent=percent,
    )
    count = random.randint(101, 230) if serial % 5 == 4 else random.randint(1, 5)
    # Billionths of a euro, as the API has them.
    share = (charged / count).quantize(Decimal("0.0000001"))
    prices = [share] * (count - 1) + [charged - share * (count - 1)]
    return amounts, tuple(_charge(number, price) for number, price in enumerate(prices))


def _charge(number: int, price: Decimal) -> LineItem:
    name = f"server-{number}"
    return LineItem(
        name,
        price,
        id=f"fr-par-1/{number:08x}",
        sku="/compute/dev1_s/run_par1",
        project=f"shop-{number % 3}",
        resource=name,
    )
