"""What happened, told without any vendor's format: accounts, invoices and the versions an invoice
goes through.

Amounts are exact decimals in the currency's minor unit (cents), because some vendors send fractions
of a cent; the properties of `Invoice` round them half away from zero. Times are UTC. Period ends
are exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from pendulum import DateTime

from sandbox.money import rounded

State = Literal[
    "upcoming", "open", "past_due", "failed", "paid", "no_charge", "written_off", "void"
]


@dataclass(frozen=True)
class Account:
    """One customer of a vendor.

    `settings` are the keys that Billhouse's configuration has for the vendor, plus `name`.
    `identity` is what the account goes by in the vendor's paths (an organisation or team; empty for
    Northflank's own account). `unprivileged` are the keys and values of a credential that the
    vendor knows but that may not read invoices, where the vendor has such.
    """

    vendor: str
    name: str
    profile: str
    identity: str
    settings: Mapping[str, str]
    unprivileged: Mapping[str, str] = field(default_factory=dict)


def account_of_one_credential(
    vendor: str,
    profiles: Sequence[str],
    seed: int,
    number: int,
    *,
    credential: str = "api_token",
    identity: Mapping[str, str] | None = None,
) -> Account:
    """The account of that number of a vendor that knows it by one credential, and where it has an
    `identity`, by that setting's value in paths."""
    profile = profiles[number % len(profiles)]
    name = f"{vendor}-{number + 1}-{profile}"
    known_by = identity or {}
    settings = {"name": name, **known_by, credential: f"sandbox-{vendor}-{seed}-{number + 1}"}
    unprivileged = {credential: f"sandbox-{vendor}-unprivileged-{seed}-{number + 1}"}
    return Account(vendor, name, profile, "".join(known_by.values()), settings, unprivileged)


@dataclass(frozen=True)
class LineItem:
    """One line of an invoice. `amount` is what it adds to the subtotal, net of `discount`; null
    where unstated.
    """

    description: str
    amount: Decimal | None
    discount: Decimal = Decimal(0)
    id: str = ""
    sku: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    project: str = ""
    resource: str = ""
    provider: str = ""
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    credit: bool = False


@dataclass(frozen=True)
class Payment:
    id: str
    status: str
    amount: Decimal
    created_at: DateTime


@dataclass(frozen=True)
class Refund:
    payment_id: str
    amount: Decimal
    created_at: DateTime
    reason: str


@dataclass(frozen=True)
class Amounts:
    """Exact, in minor units. `None` is an amount that the vendor states nowhere."""

    total: Decimal
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    discount: Decimal | None = None
    credit: Decimal | None = None
    starting_balance: Decimal | None = None
    refunded: Decimal | None = None
    tax_percent: int = 0


@dataclass(frozen=True)
class Invoice:
    """An invoice as it stands at one time.

    `key` identifies it within its account: the vendor's id, or one made from its period where the
    vendor has none. `document` is the key of the vendor's document, where that states several.
    `state` and the times are the truth, also where the vendor doesn't tell; `status` is the
    vendor's own word. `serial` is the invoice's number in its account's history,
    from 0. `listed` is false once the vendor dropped it.
    """

    vendor: str
    account: str
    key: str
    number: str | None
    period_start: DateTime | None
    period_end: DateTime | None
    currency: str
    amounts: Amounts
    state: State
    status: str | None
    serial: int
    created_at: DateTime
    updated_at: DateTime
    issued_at: DateTime | None = None
    due_at: DateTime | None = None
    paid_at: DateTime | None = None
    payment_failed_at: DateTime | None = None
    listed: bool = True
    # The period as the vendor writes it, where it writes dates (the end may be the last day).
    stated_start: date | None = None
    stated_end: date | None = None
    lines: tuple[LineItem, ...] = ()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    document: str = ""

    @property
    def period(self) -> tuple[DateTime, DateTime]:
        """Start and exclusive end, for invoices that have a period."""
        if self.period_start is None or self.period_end is None:
            raise ValueError(f"{self.key} has no period")
        return self.period_start, self.period_end

    @property
    def stated_period(self) -> tuple[date, date]:
        """Start and end as the vendor writes them, for vendors that write dates."""
        if self.stated_start is None or self.stated_end is None:
            raise ValueError(f"{self.key} states no dates")
        return self.stated_start, self.stated_end

    @property
    def total(self) -> int:
        return rounded(self.amounts.total)

    @property
    def subtotal(self) -> int | None:
        return _rounded(self.amounts.subtotal)

    @property
    def tax(self) -> int | None:
        return _rounded(self.amounts.tax)

    @property
    def discount(self) -> int | None:
        return _rounded(self.amounts.discount)

    @property
    def credit(self) -> int | None:
        return _rounded(self.amounts.credit)

    @property
    def starting_balance(self) -> int | None:
        return _rounded(self.amounts.starting_balance)

    @property
    def refunded(self) -> int | None:
        return _rounded(self.amounts.refunded)

    @property
    def paid(self) -> int:
        """What has been paid towards it, in minor units, before refunds."""
        return self.total if self.state == "paid" else 0

    @property
    def upcoming(self) -> bool:
        return self.state == "upcoming"


def _rounded(amount: Decimal | None) -> int | None:
    return None if amount is None else rounded(amount)


@dataclass(frozen=True)
class Timeline:
    """The versions of one invoice, oldest first, each with the time from which it stands."""

    versions: tuple[tuple[DateTime, Invoice], ...]

    def at(self, now: DateTime) -> Invoice | None:
        """The version that stands at `now`; none before the invoice exists."""
        standing = None
        for since, invoice in self.versions:
            if since > now:
                break
            standing = invoice
        return standing
