"""CockroachDB Cloud's organizations: one invoice a month, in dollars, in credits, or in both; what
is in one currency is an invoice of its own here, and the API shows a month's as one document.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline, account_of_one_credential

CREDITS = "CRDB_CLOUD_CREDITS"
PROFILES = ("dollars", "both", "credits")
CURRENCIES = {"dollars": ("USD",), "both": ("USD", CREDITS), "credits": (CREDITS,)}

FINALIZED = Step(1, "open", "FINALIZED")
COURSES = (
    course("finalized", FINALIZED, Step(20, "paid", "FINALIZED")),
    course("free", FINALIZED, kind="zero"),
    course("corrected", FINALIZED, Step(12, "open", "FINALIZED", "corrected")),
    course("delisted", FINALIZED, Step(75, "paid", "FINALIZED", "delisted")),
)
PLANS = ("ADVANCED", "STANDARD", "BASIC")


def account(seed: int, number: int) -> Account:
    return account_of_one_credential("cockroachdb", PROFILES, seed, number, credential="secret_key")


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    chosen = pick(COURSES, serial, offset)
    identifier = f"{random.getrandbits(128):032x}"
    made = []
    for currency in CURRENCIES[account.profile]:
        issued = _invoice(account, serial, month, identifier, currency)
        billed = _billed(issued, random, draw(random, chosen.kind))
        draft = _billed(issued, random, draw(random, "usual"))
        draft = replace(draft, state="upcoming", status="DRAFT", issued_at=None)
        made.append(play(chosen.steps, draft=draft, issued=billed, start=month, end=end))
    return made


def _invoice(
    account: Account, serial: int, month: DateTime, identifier: str, currency: str
) -> Invoice:
    end = month.add(months=1)
    return Invoice(
        vendor="cockroachdb",
        account=account.name,
        key=identifier if currency == "USD" else f"{identifier}/{currency}",
        document=identifier,
        number=identifier,
        period_start=month,
        period_end=end,
        currency=currency,
        amounts=Amounts(Decimal(0)),
        state="open",
        status="FINALIZED",
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end,
    )


def _billed(invoice: Invoice, random: Random, usage: Decimal) -> Invoice:
    """Lines of parts of a cent by cluster, and a credit that stands beside them in every third."""
    count = random.randint(1, 5)
    share = (usage / count).quantize(Decimal("0.0001"))
    amounts = [share] * (count - 1) + [usage - share * (count - 1)]
    lines = [
        LineItem(
            description=f"Compute {number + 1}",
            amount=amount,
            sku=PLANS[number % len(PLANS)],
            quantity=Decimal("744.5"),
            unit="VCPU_HOURS",
            unit_price=Decimal("0.0345"),
            resource=f"cluster-{number % 3}",
            tags={"team": (f"team-{number % 3}",)},
        )
        for number, amount in enumerate(amounts)
    ]
    credit = -(usage / 10).quantize(Decimal(1)) if invoice.serial % 3 == 1 else Decimal(0)
    if credit:
        lines.append(LineItem("Free Credit", credit, credit=True))
    return replace(invoice, amounts=Amounts(usage + credit), lines=tuple(lines))
