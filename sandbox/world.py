"""The world that the sandbox shows: accounts and invoices drawn from a seed, at a clock that tests
can move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

import pendulum
from pendulum import DateTime

from sandbox.model import Account, Invoice, Timeline
from sandbox.registry import VENDORS
from sandbox.vendors.mongodb import billing


@dataclass(frozen=True)
class Standing:
    """An account's invoices at one time: all that are known, and by key those that are listed."""

    known: list[Invoice]
    listed: dict[str, Invoice]


class World:
    """What happened at the vendors, up to `now`.

    seed: the same seed, start and clock give the same world, byte by byte.
    now: the clock (UTC). By default noon of the 17th, two months ago, which leaves room to move it.
    accounts: how many at each vendor, cycling through its profiles; by default one of each.
    months: of history, the current one included; `start` (a month) says it instead.
    invoices_per_account: gives MongoDB's first account so many invoices, for load tests.
    line_items_per_invoice: of each MongoDB invoice.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        now: datetime | str | None = None,
        accounts: int | None = None,
        months: int = 24,
        start: datetime | str | None = None,
        invoices_per_account: int = 0,
        line_items_per_invoice: int = 0,
    ) -> None:
        self.seed = seed
        self._now = _moment(now) if now is not None else _two_months_ago()
        first = self._now.subtract(months=months - 1) if start is None else _moment(start)
        self.start = first.start_of("month")
        self._history = _months(self.start, self._now)
        self.invoices_per_account = invoices_per_account
        self.line_items_per_invoice = line_items_per_invoice
        self._accounts: dict[str, tuple[Account, ...]] = {
            vendor: tuple(
                self._account(vendor, number) for number in range(self._count(vendor, accounts))
            )
            for vendor in VENDORS
        }
        self._timelines: dict[tuple[str, int], list[Timeline]] = {}
        self._standing: dict[tuple[str, DateTime], Standing] = {}
        # Drawn now, since drawing so many would delay the first answer of a load test by seconds.
        if invoices_per_account and self._accounts["mongodb"]:
            self.invoices("mongodb", self._accounts["mongodb"][0])

    @property
    def measures_lists(self) -> bool:
        """Whether there are so many invoices that a detail of each would hide what lists cost."""
        return bool(self.invoices_per_account) and not self.line_items_per_invoice

    @property
    def now(self) -> DateTime:
        return self._now

    @now.setter
    def now(self, moment: datetime | str) -> None:
        self._now = _moment(moment)
        self._standing = {}

    def advance(self, months: int = 1) -> None:
        self.now = self._now.add(months=months)

    def accounts(self, vendor: str) -> tuple[Account, ...]:
        return self._accounts[vendor]

    def invoices(
        self, vendor: str, account: Account | str, *, delisted: bool = False
    ) -> list[Invoice]:
        """The account's invoices as they stand now, oldest first; those no longer listed on
        request.
        """
        name = account if isinstance(account, str) else account.name
        standing = self._standing_at(vendor, name, self._now)
        return list(standing.known if delisted else standing.listed.values())

    def invoice(self, vendor: str, account: Account, key: str) -> Invoice | None:
        """The invoice of that key, if the vendor lists it now."""
        return self._standing_at(vendor, account.name, self._now).listed.get(key)

    def _standing_at(self, vendor: str, name: str, now: DateTime) -> Standing:
        standing = self._standing.get((name, now))
        if standing is None:
            account = next(each for each in self._accounts[vendor] if each.name == name)
            known = self._stand(account, now)
            listed = {each.key: each for each in known if each.listed}
            standing = self._standing[name, now] = Standing(known, listed)
        return standing

    def _stand(self, account: Account, now: DateTime) -> list[Invoice]:
        versions = (
            timeline.at(now)
            for serial in range(_months(self.start, now))
            for timeline in self._month(account, serial)
        )
        invoices = [version for version in versions if version is not None]
        if self.invoices_per_account and account == self._accounts["mongodb"][0]:
            return _repeated(invoices, self._history, self.invoices_per_account)
        return invoices

    def _month(self, account: Account, serial: int) -> list[Timeline]:
        key = (account.name, serial)
        if key not in self._timelines:
            random = Random(f"{self.seed}/{account.name}/{serial}")
            offset = [each.name for each in self._accounts[account.vendor]].index(account.name)
            month = self.start.add(months=serial)
            if account.vendor == "mongodb":
                lines = self.line_items_per_invoice
                made = billing.timelines(account, serial, month, random, offset, lines)
            else:
                made = VENDORS[account.vendor].timelines(account, serial, month, random, offset)
            self._timelines[key] = made
        return self._timelines[key]

    def _count(self, vendor: str, accounts: int | None) -> int:
        return len(VENDORS[vendor].profiles) if accounts is None else accounts

    def _account(self, vendor: str, number: int) -> Account:
        account = VENDORS[vendor].account(self.seed, number)
        name = VENDORS[vendor].start_setting
        if not name:
            return account
        settings = {**account.settings, name: self.start.date().isoformat()}
        return replace(account, settings=settings)


def _repeated(invoices: list[Invoice], history: int, count: int) -> list[Invoice]:
    """`count` invoices with ids of their own, which share the months of the first history.

    Later months come on top, so that moving the clock has the effect that it has elsewhere.
    """
    templates, later = invoices[:history], invoices[history:]
    repeated = [
        replace(
            templates[number % len(templates)],
            key=f"{number:024x}",
            number=f"{number:024x}",
            listed=True,
        )
        for number in range(count)
    ]
    return repeated + later


def _months(start: DateTime, now: DateTime) -> int:
    """How many calendar months lie between the two, both included."""
    return (now.year - start.year) * 12 + now.month - start.month + 1


def _moment(value: datetime | str) -> DateTime:
    if isinstance(value, str):
        parsed = pendulum.parse(value)
        if not isinstance(parsed, DateTime):
            raise ValueError(f"not a time: {value}")
        return parsed.in_timezone("UTC")
    return pendulum.instance(value).in_timezone("UTC")


def _two_months_ago() -> DateTime:
    return pendulum.now("UTC").start_of("month").subtract(months=2).set(day=17, hour=12)
