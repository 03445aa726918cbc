"""`billhouse check`."""

from __future__ import annotations

import typer

from pipelines.cli.commands.run import Accounts, Vendors, Verbose
from pipelines.cli.exits import ending_in_a_sentence, on_stderr


def check(vendor: Vendors = None, account: Accounts = None, verbose: Verbose = False) -> None:
    """Ask each account's API for one small page: does the credential work, may it read invoices?

    Nothing is loaded. Ends with 0 when every account answers, with 1 when one doesn't.

    \b
    Examples:
      billhouse check
      billhouse check --vendor planetscale
    """
    with ending_in_a_sentence(verbose=verbose):
        from pipelines.cli.secrets_permissions import warn_of_readable_secrets
        from pipelines.cli.tables import print_table
        from pipelines.config.configuration import Configuration
        from sources.accounts.check import check_accounts

        accounts = Configuration().accounts(vendor or (), account or ())
        warn_of_readable_secrets(on_stderr)
        results = check_accounts(accounts)
        print_table(
            ["vendor", "account", "answer"],
            [[each.vendor, each.account, each.error or "ok"] for each in results],
        )
        if any(each.error is not None for each in results):
            raise typer.Exit(1)
