"""Settings that would be ignored in silence: names that are nearly right."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from sources.accounts.values import Values

# Sections that are nearly right, and what is meant.
_SECTIONS = {
    "alert": "alerts",
    "accrual": "accruals",
    "allocations": "allocation",
    "budget": "budgets",
    "ducklake": "lake",
    "lakes": "lake",
    "report": "reporting",
}
_WAREHOUSE = ("directory",)
_VARIABLE = "WAREHOUSE__DIRECTORY"


def refuse_settings_in_vain(values: Values, vendors: Iterable[str]) -> None:
    """See that each account is a known vendor's, and that alerts, reporting and the warehouse are
    configured under their names.

    Raises:
        UsageError: something is not; says which, and what is probably meant.
    """
    known = list(vendors)
    for name in sorted({key.partition("__")[0] for key in values.keys("sources")}):
        if name not in known and values.get("sources", name, "accounts") is not None:
            raise _unknown(f"[[sources.{name}.accounts]] is no vendor's", name, known)
    for name, meant in _SECTIONS.items():
        if values.keys(name):
            raise _unknown(f"[{name}] is not read", name, [meant])
    refuse_unknown("warehouse", _WAREHOUSE, values.keys("warehouse"))


def refuse_unknown(section: str, known: Sequence[str], keys: Iterable[str]) -> None:
    """See that a section has none but known keys. Raises UsageError."""
    for key in keys:
        if key not in known:
            raise _unknown(f"`{key}` in [{section}] is not read", key, known)


def refuse_variables_in_vain() -> None:
    """The same of variables that need no file to be read. Raises UsageError."""
    for name in ("WAREHOUSE_DIRECTORY", "WAREHOUSE__DIR", "WAREHOUSE_DIR"):
        if os.environ.get(name):
            raise UsageError(
                f"The variable {name} is not read. Did you mean {_VARIABLE} (two underscores)?"
            )


def _unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    names = list(known)
    return UsageError(
        f"The configuration can't be used. {what}, and would do nothing. {meant(name, names)}"
    )


def meant(word: str, known: Collection[str]) -> str:
    """A sentence: what is probably meant, else all that is known."""
    return close_to(word, known).strip() or f"Known are: {', '.join(known)}."


def close_to(name: str, known: Collection[str]) -> str:
    """A sentence that names what is probably meant, after a blank; empty where nothing is close."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""
