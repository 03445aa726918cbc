"""Which of the configured accounts a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.config.files import readable_configuration
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from sources.vendor import ConfiguredAccount, Vendor

_EXAMPLE = """\
    [[sources.turso.accounts]]
    organization = "my-organization"
    api_token = "…"
"""


def selected_accounts(
    vendors: Sequence[str] = (), names: Sequence[str] = ()
) -> list[ConfiguredAccount]:
    """The configured accounts of these vendors, and of these names; nothing given means all.

    Only the configuration of the selected vendors is read, so a mistake at one vendor doesn't keep
    an operator from running the others.

    Raises:
        UsageError: an unknown vendor or account, a mistake in the configuration, or no account.
    """
    from sources.accounts.configuration import read_accounts
    from sources.errors import ConfigurationError

    wanted = known_vendors(vendors)
    try:
        with readable_configuration():
            accounts = read_accounts(wanted)
    except ConfigurationError as error:
        raise UsageError(f"The configuration can't be used. {str(error).rstrip('.')}.") from error
    if not accounts:
        raise UsageError(_no_account(vendors))
    known = sorted({account.name for account in accounts})
    for name in names:
        if name not in known:
            raise UsageError(f"There is no account {name!r}. Configured are: {', '.join(known)}.")
    return [account for account in accounts if not names or account.name in names]


def known_vendors(names: Sequence[str]) -> list[Vendor[Any]]:
    """The vendors of these names in the registry's order; no name means all. Raises UsageError."""
    from sources import VENDORS

    for name in names:
        if name not in VENDORS:
            raise UsageError(f"There is no vendor {name!r}. Known are: {', '.join(VENDORS)}.")
    return [VENDORS[name] for name in VENDORS if not names or name in names]


def _no_account(vendors: Sequence[str]) -> str:
    whose = f" of {' or '.join(vendors)}" if vendors else ""
    secrets = Path(".dlt", "secrets.toml").absolute()
    return (
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
