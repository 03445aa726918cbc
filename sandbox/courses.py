"""Courses: the ways in which an invoice's life can go, step by step, from its issue on.

Most steps lie more than 16 days after the period's end: with the clock at its default, the 17th, a
month's move then takes the latest invoices from open to paid or failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Literal

from pendulum import DateTime

from sandbox.model import Invoice, LineItem, Refund, State, Timeline

Kind = Literal["usual", "zero", "credit_note"]


@dataclass(frozen=True)
class Step:
    """`days` counts from the end of the billing period; `word` is the vendor's for what the invoice
    is from then on.
    """

    days: int
    state: State
    word: str | None = None
    change: Literal["corrected", "refunded", "delisted"] | None = None


@dataclass(frozen=True)
class Course:
    name: str
    steps: tuple[Step, ...]
    kind: Kind = "usual"


def course(name: str, *steps: Step, kind: Kind = "usual") -> Course:
    return Course(name, steps, kind)


def pick(courses: Sequence[Course], serial: int, offset: int) -> Course:
    """Courses follow each other, so that a year of an account holds each of them; accounts begin at
    different ones.
    """
    return courses[(serial + offset) % len(courses)]


def draw(random: Random, kind: Kind) -> Decimal:
    """An amount in whole minor units: mostly tens to thousands of dollars, now and then a few
    cents.
    """
    if kind == "zero":
        return Decimal(0)
    amount = Decimal(
        random.randint(1, 999) if random.random() < 0.2 else random.randint(1_000, 450_000)
    )
    return -amount if kind == "credit_note" else amount


def play(
    steps: Sequence[Step],
    *,
    draft: Invoice | None,
    issued: Invoice,
    start: DateTime,
    end: DateTime,
) -> Timeline:
    """The invoice accrues as `draft` from the period's start, is issued, and takes the steps."""
    versions = [] if draft is None else [(start, draft)]
    current = issued
    for step in steps:
        at = end.add(days=step.days)
        current = _changed(
            replace(current, state=step.state, status=step.word, updated_at=at), step, at
        )
        versions.append((at, current))
    return Timeline(tuple(versions))


def _changed(invoice: Invoice, step: Step, at: DateTime) -> Invoice:
    if step.change == "corrected":
        return corrected(invoice)
    if step.change == "delisted":
        return replace(invoice, listed=False)
    if step.change == "refunded":
        return refunded(invoice, at)
    if step.state == "paid":
        return replace(invoice, paid_at=at)
    if step.state == "failed":
        return replace(invoice, payment_failed_at=at)
    return invoice


def corrected(invoice: Invoice) -> Invoice:
    """The vendor adds a charge that it had forgotten: 3 % of the total, at least a cent."""
    amounts = invoice.amounts
    added = max(Decimal(1), (amounts.total * 3 / 100).quantize(Decimal(1)))
    subtotal = None if amounts.subtotal is None else amounts.subtotal + added
    line = LineItem("Correction", added, id=f"{invoice.key[:11]}c", sku="CORRECTION")
    return replace(
        invoice,
        amounts=replace(amounts, total=amounts.total + added, subtotal=subtotal),
        lines=(*invoice.lines, line) if invoice.lines else (),
    )


def refunded(invoice: Invoice, at: DateTime) -> Invoice:
    """A third of what was paid goes back."""
    amount = (invoice.amounts.total / 3).quantize(Decimal(1))
    payment = invoice.payments[-1].id if invoice.payments else ""
    refund = Refund(payment, amount, at, "Goodwill for an outage")
    return replace(
        invoice,
        amounts=replace(invoice.amounts, refunded=amount),
        refunds=(*invoice.refunds, refund),
    )
