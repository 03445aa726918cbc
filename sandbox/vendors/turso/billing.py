"""Turso's organisations: one that gets every field, one that gets the six documented ones, and two
without invoices.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pendulum import UTC, DateTime

from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, Timeline

PROFILES = ("full", "documented", "empty", "absent")
WITHOUT_INVOICES = ("empty", "absent")

ISSUED = Step(0, "open", "issued")
PAID = Step(20, "paid", "paid")
COURSES = (
    course("paid", ISSUED, PAID),
    course("failed", ISSUED, Step(20, "failed", "issued")),
    course("retried", ISSUED, Step(20, "failed", "issued"), Step(40, "paid", "paid")),
    course("synced", Step(0, "open", "synced")),
    course("free", Step(0, "paid", "paid"), kind="zero"),
    course("corrected", ISSUED, Step(12, "open", "issued", "corrected"), Step(30, "paid", "paid")),
    course("void", ISSUED, Step(25, "void", "void")),
    course("delisted", ISSUED, PAID, Step(100, "paid", "paid", "delisted")),
)


def account(seed: int, number: int) -> Account:
    profile = PROFILES[number % len(PROFILES)]
    name = f"turso-{number + 1}-{profile}"
    slug = f"sandbox-{profile}-{number + 1}"
    settings = {
        "name": name,
        "organization": slug,
        "api_token": f"sandbox-turso-{seed}-{number + 1}",
    }
    return Account("turso", name, profile, slug, settings)


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    if account.profile in WITHOUT_INVOICES:
        return []
    # Only the field `status` tells a void invoice, so an account without it can't have one.
    courses = COURSES if account.profile == "full" else [c for c in COURSES if c.name != "void"]
    chosen = pick(courses, serial, offset)
    end = month.add(months=1)
    number = f"SBX{offset + 1:02d}-{serial + 1:05d}"
    issued = Invoice(
        vendor="turso",
        account=account.name,
        key=number,
        number=number,
        period_start=month,
        period_end=end,
        currency="USD",
        amounts=Amounts(draw(random, chosen.kind)),
        state="open",
        status="issued",
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end,
        due_at=_midnight_in_new_york(end),
    )
    steps = chosen.steps
    if account.profile != "full":
        steps = tuple(replace(step, word=None) for step in steps)
    return [play(steps, draft=_draft(account, issued, random), issued=issued, start=month, end=end)]


def _draft(account: Account, issued: Invoice, random: Random) -> Invoice:
    """The upcoming invoice has no number yet; only the full profile knows when it will be due."""
    full = account.profile == "full"
    return replace(
        issued,
        key="upcoming",
        number=None,
        amounts=Amounts(draw(random, "usual")),
        state="upcoming",
        status="draft" if full else None,
        issued_at=None,
        due_at=issued.due_at if full else None,
        period_start=issued.period_start if full else None,
        period_end=issued.period_end if full else None,
    )


def _midnight_in_new_york(day: DateTime) -> DateTime:
    return day.set(tz="America/New_York").in_timezone(UTC)
