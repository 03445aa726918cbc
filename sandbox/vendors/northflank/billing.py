"""Northflank's accounts, one for each generation of the billing contract and one without invoices,
with fractions of cents and split months.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Course, Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline

# The contract that the account gets; those in TEAMS are read as a team.
PROFILES = ("current", "cents", "legacy", "legacy-single", "transitional", "empty")
TEAMS = ("cents", "legacy")
# Those that tell a status, in the words of the current contract.
WORDED = ("current", "transitional")
CURRENCIES = {"cents": "GBP", "transitional": "EUR"}

OPEN = Step(0, "open", "open")
PAID = Step(20, "paid", "paid")
COURSES = (
    course("paid", OPEN, PAID),
    course("failed", OPEN, Step(20, "failed", "payment_failed")),
    course("retried", OPEN, Step(20, "failed", "payment_failed"), Step(45, "paid", "paid")),
    course("free", Step(0, "paid", "paid"), kind="zero"),
    course("uncollectible", OPEN, Step(70, "written_off", "uncollectible")),
    course("void", OPEN, Step(20, "void", "void")),
    course("in flight", OPEN),
    course("corrected", OPEN, Step(12, "open", "open", "corrected"), Step(30, "paid", "paid")),
    course("credit note", Step(0, "paid", "paid"), kind="credit_note"),
    course("delisted", OPEN, PAID, Step(120, "paid", "paid", "delisted")),
)


def account(seed: int, number: int) -> Account:
    profile = PROFILES[number % len(PROFILES)]
    name = f"northflank-{number + 1}-{profile}"
    team = f"sandbox-team-{number + 1}" if profile in TEAMS else ""
    settings = {"name": name, "api_token": f"sandbox-northflank-{seed}-{number + 1}"}
    if team:
        settings["team_id"] = team
    unprivileged = {"api_token": f"sandbox-northflank-unprivileged-{seed}-{number + 1}"}
    return Account("northflank", name, profile, team, settings, unprivileged)


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    """A billing month from the 6th; every seventh is split, because the billing threshold was met
    half-way.
    """
    if account.profile == "empty" or (account.profile == "legacy-single" and serial):
        return []
    start = month.add(days=5, hours=15, minutes=3, seconds=35)
    end = start.add(months=1)
    single = account.profile == "legacy-single"
    chosen = COURSES[0] if single else pick(COURSES, serial, offset)
    if serial % 7 != 6:
        return [_timeline(account, serial, start, end, chosen, random)]
    middle = start.add(days=16)
    return [
        _timeline(account, serial, start, middle, COURSES[0], random),
        _timeline(account, serial, middle, end, chosen, random),
    ]


def _timeline(
    account: Account, serial: int, start: DateTime, end: DateTime, chosen: Course, random: Random
) -> Timeline:
    with_id = not account.profile.startswith("legacy")
    identifier = f"{random.getrandbits(32):08X}-{random.randint(10000, 99999)}"
    # The legacy contract states the last second of the period.
    made = f"{start.int_timestamp}/{end.int_timestamp - 1}"
    amounts, lines = _bill(random, chosen, serial)
    issued = Invoice(
        vendor="northflank",
        account=account.name,
        key=identifier if with_id else made,
        number=identifier if with_id else None,
        period_start=start,
        period_end=end,
        currency=CURRENCIES.get(account.profile, "USD"),
        amounts=amounts,
        state="open",
        status="open",
        serial=serial,
        created_at=start,
        updated_at=end,
        issued_at=end,
        lines=lines,
    )
    draft = None
    if account.profile == "current":
        accrued, so_far = _bill(random, COURSES[0], serial)
        draft = replace(
            issued,
            amounts=accrued,
            lines=so_far,
            state="upcoming",
            status="draft",
            issued_at=None,
        )
    story = play(chosen.steps, draft=draft, issued=issued, start=start, end=end)
    versions = ((at, _worded(version, account)) for at, version in story.versions)
    return Timeline(tuple(versions))


def _worded(invoice: Invoice, account: Account) -> Invoice:
    """The older contracts know no word for the status, and in the current one it is optional: every
    fourth invoice doesn't say once it is issued.
    """
    says = account.profile in WORDED and (invoice.upcoming or invoice.serial % 4 != 3)
    return invoice if says else replace(invoice, status=None)


def _bill(random: Random, chosen: Course, serial: int) -> tuple[Amounts, tuple[LineItem, ...]]:
    """Total = subtotal - discount + tax, all of them with up to two decimals of a cent."""
    charge = draw(random, chosen.kind)
    if charge and serial % 3:
        charge += Decimal(random.randint(0, 99)) / 100
    first = (charge * random.randint(1, 99) / 100).quantize(Decimal("0.01"))
    discount = (charge / 10).quantize(Decimal("0.01")) if serial % 5 == 1 else Decimal(0)
    tax = ((charge - discount) / 5).quantize(Decimal("0.01"))
    lines = (LineItem("Compute", first), LineItem("Addons", charge - first))
    amounts = Amounts(
        total=charge - discount + tax, subtotal=charge, tax=tax, discount=discount, tax_percent=20
    )
    return amounts, lines
