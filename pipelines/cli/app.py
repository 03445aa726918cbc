"""The command line, `billhouse`: it parses, calls and prints; the work is done elsewhere.

`billhouse --help` must answer at once, so nothing slow (dlt, DuckDB, Arrow) is imported up here.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from itertools import pairwise
from typing import Annotated, Any

import typer

from pipelines.cli import streams
from pipelines.cli.commands.accruals import accruals
from pipelines.cli.commands.alerts import alerts
from pipelines.cli.commands.backup import backup, restore
from pipelines.cli.commands.changes import changes
from pipelines.cli.commands.check import check
from pipelines.cli.commands.close import close
from pipelines.cli.commands.compare import compare
from pipelines.cli.commands.demo import demo
from pipelines.cli.commands.export import export
from pipelines.cli.commands.files import files
from pipelines.cli.commands.gather import gather
from pipelines.cli.commands.init import init
from pipelines.cli.commands.invoices import invoices
from pipelines.cli.commands.query import query
from pipelines.cli.commands.rename_account import rename_account
from pipelines.cli.commands.report import report
from pipelines.cli.commands.run import rebuild, run
from pipelines.cli.commands.show import show
from pipelines.cli.commands.spend import spend
from pipelines.cli.commands.status import status
from pipelines.cli.warehouse_option import WarehouseOption, choose, with_warehouse
from pipelines.config import dlt_settings

app = typer.Typer(
    name="billhouse",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# Typer brings its own Click, whose errors go by no public name.
_UsageError: Any = typer.BadParameter.__base__
_WITHOUT_WAREHOUSE = frozenset({"alerts", "check", "demo", "init"})


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"billhouse {version('billhouse')}")
        except PackageNotFoundError:
            typer.echo("billhouse, from a source folder that is not installed")
        raise typer.Exit()


@app.callback()
def billhouse(
    context: typer.Context,
    warehouse: WarehouseOption = None,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Bring the invoices of your cloud vendors into one audited DuckDB warehouse.

    \b
    Begin here:
      billhouse demo              see it work on invented data, in seconds
      billhouse init              set up your accounts, once
      billhouse check             do the credentials in .dlt/secrets.toml work?
      billhouse run               fetch, build, audit, publish
      billhouse status            what is loaded, and what is unpaid
      billhouse query "SELECT month, vendor, currency, sum(amount) AS amount
        FROM spend GROUP BY ALL ORDER BY ALL"
    """
    if warehouse is not None and context.invoked_subcommand in _WITHOUT_WAREHOUSE:
        raise typer.BadParameter(
            f"`billhouse {context.invoked_subcommand}` doesn't read or write it."
            " The demo's own is chosen behind the command: `billhouse demo --warehouse DIR`.",
            param_hint="--warehouse",
        )
    choose(warehouse)


for without in (check, demo, init):
    app.command()(without)
for command in (
    run,
    status,
    report,
    invoices,
    spend,
    show,
    compare,
    changes,
    close,
    accruals,
    query,
    export,
    files,
    gather,
    rebuild,
    backup,
    restore,
    rename_account,
):
    app.command()(with_warehouse(command))
app.add_typer(alerts)


def main() -> None:
    """The entry point of the installed command."""
    streams.protect()
    # The system takes back what is left at the end: Python would search all of it for circles.
    atexit.register(gc.freeze)
    dlt_settings.apply()
    try:
        os.getcwd()
    except OSError as error:
        typer.echo(
            f"ERROR: The folder in which Billhouse was started can't be used: {error.strerror}."
            " Its .dlt/ is what Billhouse reads first; start it in a folder that is there.",
            err=True,
        )
        sys.exit(2)
    sys.exit(_run_for_programs() if _is_for_programs(sys.argv) else app(prog_name="billhouse"))


def _is_for_programs(arguments: list[str]) -> bool:
    return "--log-format=json" in arguments or ("--log-format", "json") in pairwise(arguments)


def _run_for_programs() -> int:
    """A command that isn't understood is told as all else: nothing but JSON is on stderr."""
    try:
        return int(app(prog_name="billhouse", standalone_mode=False) or 0)
    except _UsageError as error:
        from pipelines.cli.progress import watching
        from pipelines.job.context import new_run_id
        from pipelines.job.events import Event

        message = f"{error.format_message()} `billhouse --help` shows what there is."
        with watching("json", new_run_id()) as tell:
            tell(Event("failed", message, "error", {"exit_code": 2}))
        return 2
