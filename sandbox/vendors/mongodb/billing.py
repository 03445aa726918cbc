"""MongoDB Atlas's organisations: two kinds of credentials, three generations of the API, every
`statusName`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Course, Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Payment, Timeline
from sandbox.vendors.mongodb.lines import line_items

# Each profile is a kind of credentials and the API that the account is read with.
PROFILES = ("digest-v2", "service-account-v2", "digest-v1", "digest-public")
APIS = {
    "digest-v2": "atlas/v2",
    "service-account-v2": "atlas/v2",
    "digest-v1": "atlas/v1.0",
    "digest-public": "public/v1.0",
}

CLOSED = Step(0, "open", "CLOSED")
PAID = Step(2, "paid", "PAID")
COURSES = (
    course("paid", CLOSED, PAID),
    course("failed", CLOSED, Step(20, "failed", "FAILED")),
    course("retried", CLOSED, Step(20, "failed", "FAILED"), Step(40, "paid", "PAID")),
    course("closed", CLOSED),
    course("free", Step(0, "no_charge", "FREE"), kind="zero"),
    course("prepaid", Step(0, "no_charge", "PREPAID")),
    course("invoiced", Step(0, "open", "INVOICED"), Step(45, "paid", "INVOICED")),
    course("refunded", CLOSED, PAID, Step(35, "paid", "PAID", "refunded")),
    course("forgiven", CLOSED, Step(20, "failed", "FAILED"), Step(60, "written_off", "FORGIVEN")),
    course("corrected", CLOSED, Step(12, "open", "CLOSED", "corrected"), Step(33, "paid", "PAID")),
    course("delisted", CLOSED, PAID, Step(150, "paid", "PAID", "delisted")),
)
LEGACY_COURSES = (*COURSES, course("charge failed", CLOSED, Step(2, "failed", "CHARGE_FAILED")))
PAYMENT_WORDS = {"paid": "PAID", "failed": "FAILED", "written_off": "FORGIVEN"}


def account(seed: int, number: int) -> Account:
    profile = PROFILES[number % len(PROFILES)]
    name = f"mongodb-{number + 1}-{profile}"
    random = Random(f"{seed}/mongodb/{number}")
    organisation = f"{random.getrandbits(96):024x}"
    credential = f"{seed}-{number + 1}"
    settings = {"name": name, "org_id": organisation, "api": APIS[profile]}
    if profile == "service-account-v2":
        settings["client_id"] = f"sandbox-mdb-sa-id-{credential}"
        settings["client_secret"] = f"sandbox-mdb-sa-secret-{credential}"
    else:
        settings["public_key"] = f"sandbox-mdb-public-{credential}"
        settings["private_key"] = f"sandbox-mdb-private-{credential}"
    powerless = f"sandbox-mdb-unprivileged-{credential}"
    unprivileged = {"public_key": powerless, "private_key": powerless}
    return Account("mongodb", name, profile, organisation, settings, unprivileged)


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int, lines: int = 0
) -> list[Timeline]:
    """`lines`: how many line items each invoice has; 0 leaves it to the draw."""
    courses = LEGACY_COURSES if account.profile == "digest-public" else COURSES
    chosen = pick(courses, serial, offset)
    end = month.add(months=1)
    identifier = f"{random.getrandbits(96):024x}"
    credits = account.profile != "digest-public"
    amounts, items = _bill(random, chosen, serial, lines, credits)
    issued = Invoice(
        vendor="mongodb",
        account=account.name,
        key=identifier,
        number=identifier,
        period_start=month,
        period_end=end,
        currency="USD",
        amounts=amounts,
        state="open",
        status="CLOSED",
        serial=serial,
        created_at=month.add(hours=4, minutes=5, seconds=10),
        updated_at=end,
        issued_at=end,
        lines=items,
    )
    accrued, accrued_items = _bill(random, COURSES[0], 1, lines, credits)
    draft = replace(
        issued, state="upcoming", status="PENDING", amounts=accrued, lines=accrued_items
    )
    draft = replace(draft, issued_at=None, updated_at=issued.created_at)
    story = play(chosen.steps, draft=draft, issued=issued, start=issued.created_at, end=end)
    return [Timeline(tuple((at, _with_payment(version)) for at, version in story.versions))]


def _bill(
    random: Random, chosen: Course, serial: int, lines: int, credits: bool
) -> tuple[Amounts, tuple[LineItem, ...]]:
    """Billed = subtotal + tax - starting balance - credits, where the subtotal is that of the
    positive lines.

    Cloud Manager (not `credits`) has no field for credits. Some credits stand on a line of their
    own, others don't.
    """
    charge = draw(random, chosen.kind)
    credit = (charge / 10).quantize(Decimal(1)) if credits and serial % 4 == 2 else Decimal(0)
    balance = (charge / 20).quantize(Decimal(1)) if serial % 6 == 3 else Decimal(0)
    tax = (charge * 8 / 100).quantize(Decimal(1))
    items = line_items(random, charge, credit if serial % 8 == 2 else Decimal(0), lines)
    amounts = Amounts(
        total=charge + tax - balance - credit,
        subtotal=charge,
        tax=tax,
        credit=credit if credits else None,
        starting_balance=balance,
    )
    return amounts, items


def _with_payment(invoice: Invoice) -> Invoice:
    """The attempts to collect, as far as they happened; a refund names the payment that it gives
    back.
    """
    status = PAYMENT_WORDS.get(invoice.state)
    if status is None or not invoice.total:
        return invoice
    identifier = f"{invoice.key[:23]}{'f' if invoice.key[23] != 'f' else '0'}"
    at = invoice.paid_at or invoice.payment_failed_at or invoice.updated_at
    payment = Payment(identifier, status, invoice.amounts.total, at)
    refunds = tuple(replace(refund, payment_id=identifier) for refund in invoice.refunds)
    return replace(invoice, payments=(payment,), refunds=refunds)
