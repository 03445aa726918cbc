"""What fct_invoices should hold of a sandbox's world, worked out from what each vendor says.

None of this shares a line with the SQL: amounts are the world's exact decimals, statuses follow
the words that the profile of an account sends, and periods are the truth behind the vendor's form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.model import Account, Invoice
from sandbox.registry import VENDORS
from sandbox.vendors.heroku.billing import word as heroku_word
from sandbox.world import World

MONGODB_WORDS = {
    "PENDING": "upcoming",
    "CLOSED": "open",
    "FAILED": "failed",
    "CHARGE_FAILED": "failed",
    "PAID": "paid",
    "FREE": "no_charge",
    "PREPAID": "no_charge",
    "FORGIVEN": "written_off",
}
AIVEN_WORDS = {
    "estimate": "upcoming",
    "estimate_only_project_charges_calculated": "upcoming",
    "mailed": "open",
    "due": "open",
    "due_only_project_charges_calculated": "open",
    "failed_credit_card_charge": "failed",
    "failed_no_credit_card": "failed",
    "paid": "paid",
    "no_payment_expected": "no_charge",
    "partner_metering": "no_charge",
    "uncollectible": "written_off",
    "waived": "written_off",
    "consolidated": "void",
    "accrual": "unknown",
}
STRIPE_WORDS = {
    "draft": "upcoming",
    "uncollectible": "written_off",
    "payment_failed": "failed",
}
SCALEWAY_WORDS = {
    "draft": "upcoming",
    "stopped": "upcoming",
    "issued": "open",
    "incomplete": "open",
    "paid": "paid",
    "outdated": "void",
}
OVHCLOUD_WORDS = {
    "TO_BE_PAID": "open",
    "UNMATURED": "open",
    "UNPAID": "past_due",
    "PAID": "paid",
    "REFUNDED": "paid",
    "WRITE_OFF": "written_off",
}
TAXED = ("mongodb", "northflank", "digitalocean", "aiven", "scaleway", "linode", "ovhcloud")
CLOCKED = ("turso", "aiven", "scaleway", "ovhcloud")
SETTLED = ("paid", "no_charge", "written_off", "void")
UNSETTLED = ("open", "past_due", "failed")


@dataclass(frozen=True)
class Fact:
    """The columns of fct_invoices that follow from the world alone."""

    vendor: str
    account: str
    invoice_number: str | None
    billing_period_start: datetime | None
    billing_period_end: datetime | None
    currency: str
    total_cents: int
    tax_cents: int | None
    credit_cents: int | None
    starting_balance_cents: int | None
    payment_status: str
    vendor_status: str | None
    paid_cents: int | None
    balance_due_cents: int | None
    is_delisted: bool = False


def facts(world: World, now: datetime) -> dict[tuple[str, str, str], Fact]:
    """By vendor, account and the world's key: what a run at `now` should find listed."""
    return {
        (vendor, account.name, invoice.key): _fact(invoice, account, now)
        for vendor in VENDORS
        for account in world.accounts(vendor)
        for invoice in world.invoices(vendor, account)
    }


def after(
    earlier: dict[tuple[str, str, str], Fact], later: dict[tuple[str, str, str], Fact]
) -> list[Fact]:
    """What two runs leave: what is listed, and what was issued and is no longer listed."""
    gone = [
        replace(fact, is_delisted=True)
        for key, fact in earlier.items()
        if key not in later and fact.payment_status != "upcoming"
    ]
    return [*later.values(), *gone]


def _fact(invoice: Invoice, account: Account, now: datetime) -> Fact:
    status = _status(invoice, account, now)
    paid = _paid(invoice, status)
    start, end = _period(invoice)
    mongodb = invoice.vendor == "mongodb"
    return Fact(
        vendor=invoice.vendor,
        account=account.name,
        invoice_number=_number(invoice, account),
        billing_period_start=start,
        billing_period_end=end,
        currency=invoice.currency,
        total_cents=invoice.total,
        tax_cents=invoice.tax if invoice.vendor in TAXED else None,
        credit_cents=invoice.credit if mongodb else None,
        starting_balance_cents=invoice.starting_balance if mongodb else None,
        payment_status=status,
        vendor_status=_vendor_status(invoice, account),
        paid_cents=paid,
        balance_due_cents=_balance(invoice, status, paid),
    )


def _number(invoice: Invoice, account: Account) -> str | None:
    if invoice.vendor == "versori":
        return None
    if invoice.vendor == "turso" and invoice.upcoming and account.profile != "full":
        return None
    return invoice.number


def _period(invoice: Invoice) -> tuple[datetime | None, datetime | None]:
    """Turso's is derived: the UTC day on which payment is due ends it."""
    if invoice.vendor != "turso":
        return invoice.period_start, invoice.period_end
    if invoice.due_at is None:
        return None, None
    end = invoice.due_at.start_of("day")
    return end.subtract(months=1), end


def _vendor_status(invoice: Invoice, account: Account) -> str | None:
    """The word that the account's answers hold; `status` is optional in Northflank's current
    contract, and there is none in the contracts before it."""
    if invoice.vendor == "heroku":
        return heroku_word(invoice, account)
    if invoice.vendor != "northflank":
        return invoice.status
    if account.profile not in ("current", "transitional"):
        return None
    if invoice.state != "upcoming" and invoice.serial % 4 == 3:
        return None
    words = {"upcoming": "draft", "written_off": "uncollectible", "failed": "payment_failed"}
    return words.get(invoice.state, invoice.state)


def _status(invoice: Invoice, account: Account, now: datetime) -> str:
    status = _READINGS[invoice.vendor](invoice, account, now)
    if status == "open" and invoice.vendor in CLOCKED and invoice.due_at and invoice.due_at < now:
        return "past_due"
    return status


def _turso(invoice: Invoice, account: Account, _: datetime) -> str:
    if invoice.state == "void" and account.profile == "full":
        return "void"
    if invoice.paid_at:
        return "paid"
    if invoice.upcoming:
        return "upcoming"
    return "failed" if invoice.payment_failed_at else "open"


def _versori(invoice: Invoice, _: Account, __: datetime) -> str:
    return "upcoming" if invoice.upcoming else "unknown"


def _mongodb(invoice: Invoice, _: Account, __: datetime) -> str:
    if invoice.status == "INVOICED":
        return "paid" if invoice.state == "paid" else "open"
    return MONGODB_WORDS[invoice.status or ""]


def _northflank(invoice: Invoice, account: Account, _: datetime) -> str:
    if account.profile in ("current", "transitional"):
        word = _vendor_status(invoice, account) or "unknown"
        return STRIPE_WORDS.get(word, word)
    if invoice.serial % 9 == 4:  # the older contracts leave `paid` out of these
        return "unknown"
    return "paid" if invoice.state == "paid" else "open"


def _planetscale(invoice: Invoice, account: Account, now: datetime) -> str:
    if account.profile == "former":
        return "unknown"
    if invoice.state in ("paid", "past_due"):
        return invoice.state
    return "upcoming" if invoice.period[1] > now else "open"


def _without_status(invoice: Invoice, _: Account, __: datetime) -> str:
    if invoice.upcoming:
        return "upcoming"
    return "unknown" if invoice.total else "no_charge"


def _aiven(invoice: Invoice, _: Account, __: datetime) -> str:
    return AIVEN_WORDS[invoice.status or ""]


def _scaleway(invoice: Invoice, _: Account, __: datetime) -> str:
    if invoice.total == 0 and invoice.status in ("stopped", "issued", "incomplete"):
        return "no_charge"
    return SCALEWAY_WORDS[invoice.status or ""]


def _ovhcloud(invoice: Invoice, _: Account, __: datetime) -> str:
    if invoice.status:
        return OVHCLOUD_WORDS[invoice.status]
    if invoice.paid_at:
        return "paid"
    return "unknown" if invoice.total else "no_charge"


def _heroku(invoice: Invoice, _: Account, now: datetime) -> str:
    if invoice.status == "pending":
        return "upcoming" if invoice.period[1] > now else "open"
    return {"successful": "paid", "failed": "failed"}[invoice.status or ""]


_READINGS = {
    "turso": _turso,
    "versori": _versori,
    "mongodb": _mongodb,
    "northflank": _northflank,
    "planetscale": _planetscale,
    "digitalocean": _without_status,
    "aiven": _aiven,
    "scaleway": _scaleway,
    "linode": _without_status,
    "fastly": _without_status,
    "ovhcloud": _ovhcloud,
    "heroku": _heroku,
    "cockroachdb": _without_status,
}


def _paid(invoice: Invoice, status: str) -> int | None:
    if invoice.vendor == "mongodb":
        return invoice.paid
    if status == "paid":
        return invoice.total
    return 0 if status in UNSETTLED else None


def _balance(invoice: Invoice, status: str, paid: int | None) -> int | None:
    if status in SETTLED:
        return 0
    return invoice.total - (paid or 0) if status in UNSETTLED else None
