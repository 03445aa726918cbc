"""`[accruals]` of the configuration: the accounts that accruals are booked on.

[accruals]                                   # .dlt/config.toml, or ACCRUALS__DEBIT, …
debit = "6815"                               # default: Cloud costs
credit = "3070"                              # default: Accrued liabilities
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.config.in_vain import refuse_unknown
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from sources.accounts.values import Values

_SECTION = "accruals"
_DEFAULTS = {"debit": "Cloud costs", "credit": "Accrued liabilities"}


@dataclass(frozen=True)
class BookingAccounts:
    """What is charged, and what is owed."""

    debit: str
    credit: str


def booking_accounts(values: Values) -> BookingAccounts:
    """What `[accruals]` says. Raises UsageError for an unknown key, or a name that is none."""
    refuse_unknown(_SECTION, list(_DEFAULTS), values.keys(_SECTION))
    named = {}
    for key, default in _DEFAULTS.items():
        value = values.get(_SECTION, key)
        named[key] = default if value is None else str(value).strip()
        if not named[key] or isinstance(value, dict | list):
            raise UsageError(
                f"`{key}` in [{_SECTION}] (ACCRUALS__{key.upper()}) names no account. Write its"
                " number or name, as your bookkeeping calls it."
            )
    return BookingAccounts(**named)
