"""Which vendors a command is about, and what to say where no account is configured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from sources.vendor import Vendor

_EXAMPLE = """\
    [[sources.turso.accounts]]
    organization = "my-organization"
    api_token = "…"
"""


def known_vendors(names: Sequence[str]) -> list[Vendor[Any]]:
    """The vendors of these names in the registry's order; no name means all. Raises UsageError."""
    from sources import VENDORS

    for name in names:
        if name not in VENDORS:
            raise UsageError(f"There is no vendor {name!r}. Known are: {', '.join(VENDORS)}.")
    return [VENDORS[name] for name in VENDORS if not names or name in names]


def no_account(vendors: Sequence[str]) -> UsageError:
    """The error where none is configured: what to do, and which keys there are."""
    whose = f" of {' or '.join(vendors)}" if vendors else ""
    secrets = Path(".dlt", "secrets.toml").absolute()
    return UsageError(
        f"No account{whose} is configured. `billhouse init` asks for what is needed and writes it."
        f" Or write one into {secrets} yourself, like this:\n\n{_EXAMPLE}\n"
        "or set SOURCES__TURSO__ACCOUNTS to a JSON list of accounts. The keys of each vendor are:\n"
        + _keys(vendors)
    )


def _keys(vendors: Sequence[str]) -> str:
    from sources import VENDORS

    return "\n".join(
        f"    [[sources.{name}.accounts]]  {', '.join(vendor.account_type.__struct_fields__)}"
        for name, vendor in VENDORS.items()
        if not vendors or name in vendors
    )
