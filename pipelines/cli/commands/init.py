"""`billhouse init`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from pipelines.cli.commands.check import check
from pipelines.cli.commands.run import Vendors, Verbose
from pipelines.cli.exits import ending_in_a_sentence
from pipelines.errors import JobError, UsageError

if TYPE_CHECKING:
    from pipelines.config.secrets_file import Accounts, Entry


def init(vendor: Vendors = None, verbose: Verbose = False) -> None:
    """Ask for your accounts and their credentials, write .dlt/secrets.toml, and check them.

    Says of each credential where to make it and which permission it needs. Of accounts that are
    already there it shows what isn't secret, and asks whether to change them; all else in the file
    stays. Ends as `billhouse check` does.

    \b
    Examples:
      billhouse init
      billhouse init --vendor turso     add an account of Turso, or correct one
    """
    with ending_in_a_sentence(verbose=verbose):
        from pipelines.config import secrets_file

        file = secrets_file.secrets_file()
        before = secrets_file.read_text(file)
        known = secrets_file.accounts_in(file, before)
        if not sys.stdin.isatty():
            raise UsageError(
                "`billhouse init` asks questions, so it needs a terminal. Without one write"
                f" {file} yourself, or set SOURCES__TURSO__ACCOUNTS and the like to JSON lists."
            )
        typer.echo(
            f"What you type is written to {file}, which only you may read. Secrets are not shown"
            " while you type or paste them. Ctrl-C leaves without writing anything."
        )
        accounts = _ask(vendor or (), known)
        if accounts == {name: known.get(name) for name in accounts}:
            typer.echo(f"\nNothing was changed in {file}. Asking each account's API …")
        else:
            secrets_file.write_accounts(file, before, accounts)
            typer.echo(f"\nWritten: {file}. Asking each account's API whether it answers …")
        _tell_what_is_hidden(accounts)
        _forget_configuration()
    try:
        check(verbose=verbose)
    except typer.Exit:
        typer.echo(
            "Not everything answers. What was typed is kept: fix what the table says, at the vendor"
            " or with `billhouse init --vendor NAME`, where Enter keeps what is right; then ask"
            " again with `billhouse check`. `billhouse run` loads the accounts that answer.",
            err=True,
        )
        raise
    typer.echo("Everything answers. Load the invoices with `billhouse run`.")


def _ask(names: Iterable[str], known: Accounts) -> dict[str, list[Entry]]:
    from pipelines.cli.prompts import ask_accounts
    from pipelines.config.accounts import known_vendors

    vendors = known_vendors(tuple(names))
    try:
        accounts = ask_accounts(vendors, known, wanted=bool(names))
    except typer.Abort:
        raise JobError(
            "The input ended before everything was asked. Nothing was written."
        ) from None
    if not accounts:
        raise UsageError(
            "No account was given, so nothing was written. Try `billhouse demo` to see Billhouse"
            " at work without one."
        )
    return accounts


def _tell_what_is_hidden(accounts: Iterable[str]) -> None:
    """The environment comes first, so that what was typed would have no effect, unseen."""
    for name in accounts:
        variable = f"SOURCES__{name.upper()}__ACCOUNTS"
        if os.environ.get(variable) or os.environ.get(f"{variable}_FILE"):
            typer.echo(f"{variable} is set and takes the place of what was written.", err=True)


def _forget_configuration() -> None:
    """dlt reads its files once; the one that was just written is not among what it read."""
    if "dlt" not in sys.modules:
        return
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    Container()[PluggableRunContext].reload_providers()
