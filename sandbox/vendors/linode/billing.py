"""Linode's accounts: an invoice is made when its month is over, and says nothing of its payment."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline, account_of_one_credential

# Billed by Linode's own terms, or by those of an agreement with Akamai.
PROFILES = ("linode", "akamai")
TAX_PERCENT = {"linode": 19, "akamai": 0}

BILLED = Step(0, "open")
COURSES = (
    course("billed", BILLED, Step(3, "paid")),
    course("free", BILLED, kind="zero"),
    course("late", BILLED, Step(10, "failed"), Step(18, "paid")),
    course("credit note", Step(0, "paid"), kind="credit_note"),
    course("delisted", BILLED, Step(75, "paid", None, "delisted")),
)


def account(seed: int, number: int) -> Account:
    return account_of_one_credential("linode", PROFILES, seed, number)


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    chosen = pick(COURSES, serial, offset)
    usage = draw(random, chosen.kind)
    tax = (usage * TAX_PERCENT[account.profile] / 100).quantize(Decimal(1))
    number = str(20_000_000 + 1_000 * serial + offset)
    issued = Invoice(
        vendor="linode",
        account=account.name,
        key=number,
        number=number,
        period_start=month,
        period_end=end,
        currency="USD",
        amounts=Amounts(usage + tax, subtotal=usage, tax=tax),
        state="open",
        status=None,
        serial=serial,
        created_at=end,
        updated_at=end,
        issued_at=end.add(seconds=61),
        lines=_items(random, usage),
    )
    return [play(chosen.steps, draft=None, issued=issued, start=month, end=end)]


def _items(random: Random, usage: Decimal) -> tuple[LineItem, ...]:
    """They add up to what is billed before tax."""
    count = random.randint(1, 6)
    share = (usage / count).quantize(Decimal(1))
    amounts = [share] * (count - 1) + [usage - share * (count - 1)]
    return tuple(
        LineItem(f"Nanode 1GB - web-{number} ({4_000_000 + number})", amount, quantity=Decimal(730))
        for number, amount in enumerate(amounts)
    )
