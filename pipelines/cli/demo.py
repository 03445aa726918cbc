"""The demo: a month of invented invoices loaded, a month later loaded again, and asked about."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from pipelines.cli.output import print_as_table
from pipelines.config.configuration import Configuration
from pipelines.errors import JobError, UsageError
from pipelines.job import run as job
from pipelines.job.events import Listener
from pipelines.warehouse.files import Warehouse, configured_warehouse
from pipelines.warehouse.ownership import published_files
from pipelines.warehouse.sql_text import literal
from pipelines.warehouse.stray_log import logs_of

if TYPE_CHECKING:
    from sources.vendor import ConfiguredAccount

MARKER = ".billhouse-demo"
MONTHS = 13
INVENTED = "Invented data (billhouse demo)"
_ANSWERS = {
    "what changed in that month": """
        SELECT kind, vendor, count(*) AS invoices FROM (
            SELECT vendor, CASE
                WHEN before.invoice_id IS NULL THEN 'new'
                WHEN after.invoice_id IS NULL THEN 'upcoming one settled into issued ones'
                WHEN after.delisted_at IS NOT NULL AND before.delisted_at IS NULL THEN 'delisted'
                WHEN after.payment_status <> before.payment_status
                    THEN before.payment_status || ' → ' || after.payment_status
                WHEN after.total_cents <> before.total_cents THEN 'amount corrected'
            END AS kind
            FROM before.fct_invoices AS before
            FULL JOIN after.fct_invoices AS after USING (invoice_id, vendor)
        ) WHERE kind IS NOT NULL GROUP BY ALL ORDER BY ALL""",
    "spend by vendor in the last six months": """
        SELECT strftime(month, '%Y-%m') AS month, vendor, currency,
               sum(amount)::DECIMAL(18, 2) AS amount
        FROM after.spend
        WHERE month IN (
            SELECT DISTINCT month FROM after.spend
            WHERE month IS NOT NULL ORDER BY month DESC LIMIT 6)
        GROUP BY ALL ORDER BY ALL""",
    "what is unpaid, the largest first": """
        SELECT vendor, account, coalesce(invoice_number, '–') AS invoice, payment_status AS status,
               strftime(due_on, '%Y-%m-%d') AS due, currency, to_pay::DECIMAL(18, 2) AS "to pay"
        FROM after.payables WHERE is_known ORDER BY payables.to_pay DESC, invoice_id LIMIT 10""",
}


def demonstrate(directory: Path, *, listener: Listener) -> None:
    """Load, move the sandbox's clock a month, load again, show what changed and what can be asked.

    Raises:
        UsageError: the directory holds something that no demo wrote.
        JobError: a load published nothing.
    """
    from sandbox.server import running
    from sandbox.world import World
    from sources.accounts.values import GivenValues

    warehouse = Warehouse(directory, is_private=False)
    _prepare(warehouse)
    with (
        running(World(months=MONTHS)) as sandbox,
        TemporaryDirectory(prefix="billhouse-") as aside,
    ):
        typer.echo(f"{INVENTED}: five vendors on {sandbox.url}, warehouse in {directory}")
        accounts = Configuration(GivenValues({"sources": sandbox.configuration()})).accounts()
        _load(warehouse, listener, accounts)
        before = shutil.copyfile(warehouse.published, Path(aside, "before.duckdb"))
        sandbox.advance()
        typer.echo(f"{INVENTED}: a month passes, and everything is loaded again")
        _load(warehouse, listener, accounts)
        _print_answers(before, warehouse.published)
    typer.echo(f"{INVENTED}. Ask for more:")
    typer.echo(
        f"  WAREHOUSE__DIRECTORY='{directory}' billhouse query \"FROM fct_invoices LIMIT 5\""
    )


def _prepare(warehouse: Warehouse) -> None:
    """A directory without a warehouse, with the marker that lets the next demo use it again."""
    directory = warehouse.directory
    if directory.resolve() == configured_warehouse().directory.resolve():
        raise UsageError(
            f"{directory} is the configured warehouse, and a demo would empty it. Give the demo"
            " another folder with --directory."
        )
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file. Give the demo a folder with --directory.")
    if directory.is_dir() and any(directory.iterdir()):
        if not (directory / MARKER).is_file():
            raise UsageError(
                f"{directory} holds something that no demo wrote, so it is left alone. Give the"
                " demo an empty or a new folder with --directory."
            )
        _remove_earlier(warehouse)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARKER).write_text("Invented data; `billhouse demo` makes it again each time.\n")


def _remove_earlier(warehouse: Warehouse) -> None:
    """Remove the warehouse of the last demo; what else somebody put there stays."""
    parquet = published_files(warehouse, warehouse.parquet.glob("*.parquet"))
    databases = (warehouse.work, warehouse.published)
    for file in (*parquet, *databases, *(log for each in databases for log in logs_of(each))):
        file.unlink(missing_ok=True)


def _load(warehouse: Warehouse, listener: Listener, accounts: Sequence[ConfiguredAccount]) -> None:
    report = job.run(warehouse, accounts, listener=listener)
    if report.problem is not None:
        raise JobError(report.problem)


def _print_answers(before: Path, after: Path) -> None:
    import duckdb

    with closing(duckdb.connect()) as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute(f"ATTACH {literal(before)} AS before (READ_ONLY)")
        connection.execute(f"ATTACH {literal(after)} AS after (READ_ONLY)")
        for question, sql in _ANSWERS.items():
            print_as_table(connection.sql(sql).to_arrow_table(), title=f"{INVENTED}: {question}")
