"""PlanetScale's organisations: two kinds of tokens, and servers of several ages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from pendulum import DateTime

from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, LineItem, Timeline

PROFILES = ("service-token", "oauth", "former", "by-id")
NULLABLE = "by-id"

OPEN = Step(0, "open")
PAID = Step(20, "paid")
COURSES = (
    course("paid", OPEN, PAID),
    course("overdue", OPEN, Step(20, "past_due")),
    course("late", OPEN, Step(20, "past_due"), Step(45, "paid")),
    course("free", Step(0, "paid"), kind="zero"),
    course("open", OPEN),
    course("corrected", OPEN, Step(12, "open", None, "corrected"), Step(30, "paid")),
    course("credit note", Step(0, "paid"), kind="credit_note"),
    course("delisted", OPEN, PAID, Step(130, "paid", None, "delisted")),
)
METRICS = ("storage_gib", "rows_read", "rows_written", "cluster_hours")


def account(seed: int, number: int) -> Account:
    profile = PROFILES[number % len(PROFILES)]
    name = f"planetscale-{number + 1}-{profile}"
    organization = f"sandbox-{profile}-{number + 1}"
    credential = f"{seed}-{number + 1}"
    settings = {"name": name, "organization": organization}
    if profile == "oauth":
        settings["oauth_token"] = f"sandbox-pscale-oauth-{credential}"
    else:
        settings["service_token_id"] = f"sandbox-pscale-id-{credential}"
        settings["service_token"] = f"sandbox-pscale-token-{credential}"
    unprivileged = {"oauth_token": f"sandbox-pscale-unprivileged-{credential}"}
    return Account("planetscale", name, profile, organization, settings, unprivileged)


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    # An account read by configured ids would find a delisted one missing for good.
    courses = [c for c in COURSES if c.name != "delisted" or account.profile != "by-id"]
    chosen = pick(courses, serial, offset)
    identifier = _identifier(random)
    amount = draw(random, chosen.kind)
    issued = Invoice(
        vendor="planetscale",
        account=account.name,
        key=identifier,
        number=identifier,
        period_start=month,
        period_end=end,
        currency="USD",
        amounts=Amounts(amount),
        state="open",
        status=None,
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end,
        stated_start=date(month.year, month.month, 1),
        stated_end=end.subtract(days=1).date(),
        lines=_line_items(random, identifier, amount, serial, account.profile),
    )
    accrued = draw(random, "usual")
    draft = replace(
        issued,
        state="upcoming",
        amounts=Amounts(accrued),
        lines=_line_items(random, identifier, accrued, 1, account.profile),
        issued_at=None,
    )
    return [play(chosen.steps, draft=draft, issued=issued, start=month, end=end)]


def _identifier(random: Random) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=12))


def _line_items(
    random: Random, invoice: str, total: Decimal, serial: int, profile: str
) -> tuple[LineItem, ...]:
    """Lines that add up to the total; every fifth invoice has many. One server's subtotals may be
    null, and there is sometimes one more that is.
    """
    count = random.randint(101, 230) if serial % 5 == 4 else random.randint(2, 7)
    share = (total / count).quantize(Decimal("0.01"))
    amounts: list[Decimal | None] = [share] * (count - 1)
    amounts.append(total - share * (count - 1))
    if profile == NULLABLE and serial % 3 == 1:
        amounts.append(None)
    return tuple(
        LineItem(
            description=f"{METRICS[number % len(METRICS)]} for main",
            amount=amount,
            id=f"{invoice[:6]}{number:06d}",
            sku=METRICS[number % len(METRICS)],
            project=f"shop-{number % 3}",
            resource=f"branch-{number % 5}",
        )
        for number, amount in enumerate(amounts)
    )
