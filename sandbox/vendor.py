"""What a vendor's module states, and what its API reads: the vocabulary of the stand-ins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from random import Random
from typing import Protocol

from pendulum import DateTime
from starlette.applications import Starlette

from sandbox.model import Account, Invoice, Timeline


class StandInError(Exception):
    """A stand-in that an installed package brings can't be used."""

    def __init__(self, point: EntryPoint, reason: str) -> None:
        package = point.dist.name if point.dist else point.module
        super().__init__(
            f"The package {package} can't bring the stand-in for {point.name!r}: {reason}. Install"
            f" a version of it that fits this Billhouse, or remove it (pip uninstall {package})."
        )


class Books(Protocol):
    """What is billed, and the time it is: all that a vendor's API shows. `World` keeps them."""

    @property
    def now(self) -> DateTime: ...

    def accounts(self, vendor: str) -> tuple[Account, ...]: ...

    def invoices(
        self, vendor: str, account: Account | str, *, delisted: bool = False
    ) -> list[Invoice]: ...

    def invoice(self, vendor: str, account: Account, key: str) -> Invoice | None: ...


@dataclass(frozen=True)
class Vendor:
    """One vendor's stand-in. `profiles` are the kinds of accounts that it has.

    `account` draws one from the seed and its number. `timelines` draws what becomes of the invoices
    of one account and month: from the account, the month's number in the history, its first day, a
    source of chance of its own, and the account's number. `application` is the API, and `lists` the
    route of its list of invoices. `start_setting` names the account's setting for the first day to
    load, where it has one.
    """

    name: str
    profiles: tuple[str, ...]
    account: Callable[[int, int], Account]
    timelines: Callable[[Account, int, DateTime, Random, int], list[Timeline]]
    application: Callable[[Books], Starlette]
    lists: str
    start_setting: str = ""
