"""Heroku's users and teams: an invoice of the running month grows until the month is over, and is
then charged.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, Timeline

PROFILES = ("user", "team")
# What a user's invoice states as a number, and a team's beside it as a word. Only "Paid" is
# documented.
NUMBERS = {"pending": 0, "successful": 1, "failed": 2}
WORDS = {"pending": "Pending", "successful": "Paid", "failed": "Failed"}

PENDING = Step(0, "open", "pending")
CHARGED = Step(2, "paid", "successful")
COURSES = (
    course("charged", PENDING, CHARGED),
    course("failed", PENDING, Step(2, "failed", "failed")),
    course("late", PENDING, Step(2, "failed", "failed"), Step(20, "paid", "successful")),
    course("free", Step(0, "paid", "successful"), kind="zero"),
    course("pending", PENDING),
    course(
        "corrected", PENDING, Step(2, "open", "pending", "corrected"), Step(5, "paid", "successful")
    ),
    course("delisted", PENDING, CHARGED, Step(75, "paid", "successful", "delisted")),
)


def account(seed: int, number: int) -> Account:
    profile = PROFILES[number % len(PROFILES)]
    name = f"heroku-{number + 1}-{profile}"
    settings = {"name": name, "api_token": f"sandbox-heroku-{seed}-{number + 1}"}
    identity = f"sandbox-heroku-team-{number + 1}" if profile == "team" else ""
    if identity:
        settings["team"] = identity
    unprivileged = {"api_token": f"sandbox-heroku-unprivileged-{seed}-{number + 1}"}
    return Account("heroku", name, profile, identity, settings, unprivileged)


def word(invoice: Invoice, account: Account) -> str:
    """What the account's answers say of its payment."""
    status = invoice.status or "pending"
    return WORDS[status] if account.profile == "team" else str(NUMBERS[status])


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    chosen = pick(COURSES, serial, offset)
    number = f"{60_000_000 + 1_000 * serial + offset}"
    issued = Invoice(
        vendor="heroku",
        account=account.name,
        key=str(uuid.uuid5(uuid.NAMESPACE_URL, f"heroku/{number}")),
        number=number,
        period_start=month,
        period_end=end,
        currency="USD",
        amounts=_amounts(draw(random, chosen.kind), serial),
        state="open",
        status="pending",
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end,
    )
    accrued = _amounts(draw(random, "usual"), serial)
    draft = replace(issued, state="upcoming", amounts=accrued, issued_at=None)
    return [play(chosen.steps, draft=draft, issued=issued, start=month, end=end)]


def _amounts(total: Decimal, serial: int) -> Amounts:
    """Every fourth one bears a credit."""
    credit = (total / 4).quantize(Decimal(1)) if serial % 4 == 2 else Decimal(0)
    return Amounts(total, subtotal=total + credit)
