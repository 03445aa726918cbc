"""The demo: a month of invented invoices loaded, a month later loaded again, and asked about."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from pipelines.cli.output import print_as_table
from pipelines.config.configuration import Configuration
from pipelines.config.reporting import ReportingSettings
from pipelines.errors import JobError, UsageError
from pipelines.job import run as job
from pipelines.job.events import Event, Listener
from pipelines.report.questions import keep, text
from pipelines.warehouse import session
from pipelines.warehouse.files import Warehouse, configured_warehouse
from pipelines.warehouse.invoice_files import kept_files
from pipelines.warehouse.ownership import published_files
from pipelines.warehouse.rule_files import NAMES as RULE_FILES
from pipelines.warehouse.sql_text import literal
from pipelines.warehouse.stray_log import logs_of

if TYPE_CHECKING:
    from sources.vendor import ConfiguredAccount

MARKER = ".billhouse-demo"
MONTHS = 13
_CHARGES = "charges.csv"
INVENTED = "Invented data (billhouse demo)"
NEXT_QUESTION = (
    "SELECT month, vendor, currency, sum(amount) AS amount FROM spend GROUP BY ALL ORDER BY ALL"
)
_QUESTIONS = {
    "demo_changes": "what changed in that month",
    "demo_spend": "spend in the newest closed months",
    "demo_unpaid": "what is unpaid",
}
# A demo is read from its end: what each account brought is told with --verbose.
_UNTOLD = ("account_loaded", "transform_started", "published", "run_finished")


def demonstrate(directory: Path, *, listener: Listener, verbose: bool = False) -> None:
    """Load, move the sandbox's clock a month, load again, show what changed and what can be asked.
    Without `verbose` the listener is told the main steps, and what is wrong.

    Raises:
        UsageError: the directory holds something that no demo wrote.
        JobError: a load published nothing.
    """
    from sandbox import charges
    from sandbox.server import running
    from sandbox.world import World
    from sources.accounts.values import GivenValues

    def tell(event: Event) -> None:
        if verbose or event.level != "info" or event.name not in _UNTOLD:
            listener(event)

    warehouse = Warehouse(directory, is_private=False)
    _prepare(warehouse)
    with (
        running(World(months=MONTHS)) as sandbox,
        TemporaryDirectory(prefix="billhouse-") as aside,
    ):
        typer.echo(f"{INVENTED}: all vendors on {sandbox.url}, warehouse in {directory}")
        file = directory / _CHARGES
        charges.write(file, sandbox.world.now, MONTHS)
        sources = sandbox.configuration() | charges.configuration(file)
        accounts = Configuration(GivenValues({"sources": sources})).accounts()
        reporting = ReportingSettings("EUR", rates_url=sandbox.rates_url)
        rules = Configuration(GivenValues(_copied_rules(directory))).rule_files()
        _load(warehouse, tell, accounts, reporting, rules)
        before = shutil.copyfile(warehouse.published, Path(aside, "before.duckdb"))
        sandbox.advance()
        charges.write(file, sandbox.world.now, MONTHS + 1)
        typer.echo(f"{INVENTED}: a month passes, and everything is loaded again")
        _load(warehouse, tell, accounts, reporting, rules)
        _print_answers(before, warehouse.published)
    command = _command()
    typer.echo(f"{INVENTED}. What to do next:")
    files = (
        f"{name.upper()}__FILE={quote(_from_here(directory / f'{name}.csv'))}"
        for name in RULE_FILES
    )
    warehouse_is = f"WAREHOUSE__DIRECTORY={quote(_from_here(directory))}"
    typer.echo(" ".join(["  export", warehouse_is, *files]))
    typer.echo(f"  {command} status")
    typer.echo(f"  {command} spend --by team")
    typer.echo(f"  {command} report --open")
    typer.echo(f'  {command} query "{NEXT_QUESTION}"')


def _copied_rules(directory: Path) -> dict[str, dict[str, str]]:
    """Put the sandbox's files of rules beside the warehouse, and name them as [allocation] does."""
    import sandbox

    sections = {}
    for name in RULE_FILES:
        file = directory / f"{name}.csv"
        shutil.copyfile(Path(sandbox.__file__).with_name(file.name), file)
        sections[name] = {"file": str(file)}
    return sections


def _command() -> str:
    """How this shell finds `billhouse`: what `uv run` and `make` put on the path is gone there."""
    script = Path(sys.executable).with_name("billhouse")
    if not script.is_file():
        return f"{quote(sys.executable)} -m pipelines.cli"
    return quote(_from_here(script))


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


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
    rules = (warehouse.directory / f"{name}.csv" for name in RULE_FILES)
    documents = kept_files(warehouse)
    for file in (
        *parquet,
        *documents,
        *databases,
        *rules,
        warehouse.directory / _CHARGES,
        *(log for each in databases for log in logs_of(each)),
    ):
        file.unlink(missing_ok=True)


def _load(
    warehouse: Warehouse,
    listener: Listener,
    accounts: Sequence[ConfiguredAccount],
    reporting: ReportingSettings,
    rules: Mapping[str, str],
) -> None:
    report = job.run(
        warehouse, accounts, listener=listener, reporting=reporting, rules=rules, archive=True
    )
    if report.problem is not None:
        raise JobError(report.problem)


def _print_answers(before: Path, after: Path) -> None:
    import duckdb

    with closing(duckdb.connect()) as connection:
        session.begin(connection)
        connection.execute(f"ATTACH {literal(before)} AS before (READ_ONLY)")
        connection.execute(f"ATTACH {literal(after)} AS after (READ_ONLY)")
        connection.execute("USE after")
        keep(connection, "report_closed_months", "closed_months")
        for question, title in _QUESTIONS.items():
            result = connection.sql(text(question)).to_arrow_table()
            print_as_table(result, title=f"{INVENTED}: {title}")
