"""OVHcloud's accounts: a bill a month, which never changes; a debt beside it that is paid, or
isn't, or none where it was paid with the order; and refunds, which are documents of their own.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Course, Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline

PROFILES = ("signed", "service")
REGIONS = {"signed": "eu", "service": "ca"}
CURRENCIES = {"signed": "EUR", "service": "USD"}
TAX_PERCENT = 20
REFUND_PREFIX = "refund:"

TO_BE_PAID = Step(0, "open", "TO_BE_PAID")
UNPAID = Step(17, "past_due", "UNPAID")
PAID = Step(20, "paid", "PAID")
DEFERRED = course("deferred", Step(0, "open", "UNMATURED"), PAID)
REFUNDED = course("refunded", TO_BE_PAID, PAID, Step(50, "paid", "REFUNDED"))
# A debt is none of an order that was paid at once, and of one that nobody says anything about.
ORDERED = course("ordered", Step(0, "paid"))
COURSES = (
    course("paid", TO_BE_PAID, PAID),
    ORDERED,
    DEFERRED,
    REFUNDED,
    course("unpaid", TO_BE_PAID, UNPAID),
    course("nothing", Step(0, "no_charge"), kind="zero"),
    course("written off", TO_BE_PAID, UNPAID, Step(80, "written_off", "WRITE_OFF")),
    course("unsaid", Step(0, "open")),
    course("delisted", TO_BE_PAID, PAID, Step(120, "paid", "PAID", "delisted")),
)


def account(seed: int, number: int) -> Account:
    profile = PROFILES[number % len(PROFILES)]
    name = f"ovhcloud-{number + 1}-{profile}"
    settings = {"name": name, "region": REGIONS[profile]}
    if profile == "signed":
        settings |= _keys(seed, number, "")
    else:
        settings["client_id"] = f"EU.sandbox{seed}{number + 1}"
        settings["client_secret"] = f"sandbox-ovhcloud-service-{seed}-{number + 1}"
    return Account("ovhcloud", name, profile, "", settings, _keys(seed, number, "-unprivileged"))


def _keys(seed: int, number: int, kind: str) -> dict[str, str]:
    return {
        "application_key": f"sandboxapplication{seed}{number + 1}",
        "application_secret": f"sandbox-ovhcloud-application-{seed}-{number + 1}",
        "consumer_key": f"sandbox-ovhcloud-consumer{kind}-{seed}-{number + 1}",
    }


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    chosen = pick(COURSES, serial, offset)
    amounts, lines = _bill(random, chosen, serial)
    number = f"FR{random.randint(10**7, 10**8 - 1)}"
    # What is ordered once has no period.
    has_period = chosen is not ORDERED
    bill = Invoice(
        vendor="ovhcloud",
        account=account.name,
        key=number,
        number=number,
        period_start=month if has_period else None,
        period_end=end if has_period else None,
        currency=CURRENCIES[account.profile],
        amounts=amounts,
        state="open",
        status=None,
        serial=serial,
        created_at=end,
        updated_at=end,
        issued_at=end,
        due_at=end.add(days=30) if chosen is DEFERRED else None,
        lines=lines,
    )
    made = [play(chosen.steps, draft=None, issued=bill, start=month, end=end)]
    if chosen is REFUNDED:
        steps = (Step(50, "open"), Step(60, "paid"))
        made.append(play(steps, draft=None, issued=_refund(bill), start=month, end=end))
    return made


def _refund(bill: Invoice) -> Invoice:
    """Half of it; none of its entries has a period."""
    amounts = bill.amounts
    untaxed = -((amounts.subtotal or Decimal(0)) / 2).quantize(Decimal(1))
    tax = (untaxed * TAX_PERCENT / 100).quantize(Decimal(1))
    return replace(
        bill,
        key=f"{REFUND_PREFIX}A{bill.key}",
        number=f"A{bill.key}",
        period_start=None,
        period_end=None,
        amounts=Amounts(untaxed + tax, subtotal=untaxed, tax=tax, tax_percent=TAX_PERCENT),
        lines=(_entry(0, untaxed),),
    )


def _bill(random: Random, chosen: Course, serial: int) -> tuple[Amounts, tuple[LineItem, ...]]:
    untaxed = draw(random, chosen.kind)
    tax = (untaxed * TAX_PERCENT / 100).quantize(Decimal(1))
    amounts = Amounts(untaxed + tax, subtotal=untaxed, tax=tax, tax_percent=TAX_PERCENT)
    count = random.randint(1, 4)
    # Millionths of a cent, as the API has them.
    share = (untaxed / count).quantize(Decimal("0.000001"))
    prices = [share] * (count - 1) + [untaxed - share * (count - 1)]
    return amounts, tuple(_entry(number, price) for number, price in enumerate(prices))


def _entry(number: int, price: Decimal) -> LineItem:
    # A star is what stands there where it is for no service.
    resource = "" if number == 3 else f"vps-{number}.example.net"
    return LineItem(
        f"VPS {number + 1}", price, id=f"{number + 1}", quantity=Decimal(1), resource=resource
    )
