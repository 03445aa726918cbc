"""`billhouse export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.extras import needing
from pipelines.errors import UsageError
from pipelines.warehouse.files import Warehouse, configured_warehouse

if TYPE_CHECKING:
    from pipelines.publish.export import ExportedFile


class FileFormat(StrEnum):
    """What the files are."""

    PARQUET = "parquet"
    CSV = "csv"


class Content(StrEnum):
    """What is written: FOCUS datasets, or all tables in one of the formats or to a server."""

    FOCUS = "focus"
    PARQUET = "parquet"
    CSV = "csv"
    XLSX = "xlsx"
    POSTGRES = "postgres"


class Dataset(StrEnum):
    """What FOCUS files hold: Invoice Detail and Billing Period, or Cost and Usage."""

    INVOICES = "invoices"
    COST_AND_USAGE = "cost-and-usage"


class Version(StrEnum):
    """Of FOCUS, which Cost and Usage is written in."""

    V1_2 = "1.2"
    V1_4 = "1.4"


# What each content takes; anything else that is given would be ignored in silence.
_OPTIONS = {
    Content.FOCUS: {"output", "dataset", "version", "file_format", "raw"},
    Content.PARQUET: {"output"},
    Content.CSV: {"output", "raw"},
    Content.XLSX: {"output"},
    Content.POSTGRES: {"url", "schema"},
}
_SPELLED = {
    "output": "--output",
    "dataset": "--dataset",
    "version": "--version",
    "file_format": "--format",
    "raw": "--raw",
    "url": "--url",
    "schema": "--schema",
}


def export(
    context: typer.Context,
    content: Annotated[
        Content,
        typer.Argument(
            metavar="focus|parquet|csv|xlsx|postgres",
            help="FOCUS datasets for other tools; or every table, as Parquet, as"
            " CSV, as one Excel workbook, or in PostgreSQL.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the files shall lie; made if need be."),
    ] = None,
    dataset: Annotated[
        Dataset,
        typer.Option(
            help="Of FOCUS: Invoice Detail and Billing Period (1.4), or every line as a charge."
        ),
    ] = Dataset.INVOICES,
    version: Annotated[
        Version, typer.Option(help="Of FOCUS, for cost-and-usage. Most tools read 1.2.")
    ] = Version.V1_2,
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="What files FOCUS comes in.")
    ] = FileFormat.PARQUET,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="In CSV, leave text that a spreadsheet would run as it is."),
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="BILLHOUSE_POSTGRES_URL",
            metavar="URL",
            help="Of the PostgreSQL database. As a variable it is in no list of processes.",
        ),
    ] = None,
    schema: Annotated[
        str, typer.Option(metavar="NAME", help="The tables' schema in PostgreSQL.")
    ] = "billhouse",
) -> None:
    """Write the published tables to files for other tools, exactly: no amount becomes a float.

    In CSV, text that a spreadsheet would run as a formula gets an apostrophe before it, unless
    --raw is given. The workbook has real dates and numbers; what has more than 15 digits, which a
    spreadsheet would round, stands there as text.

    Files of the same names are replaced, each in one step; the copy in PostgreSQL in one
    transaction.

    \b
    Examples:
      billhouse export focus --output focus
      billhouse export focus --output focus --format csv
      billhouse export focus --output focus --dataset cost-and-usage --version 1.4
      billhouse export parquet --output tables
      billhouse export csv --output tables
      billhouse export xlsx --output tables
      billhouse export postgres --url postgresql://user:password@host/database
    """
    with ending_in_a_sentence():
        from pipelines.publish.export import export_cost_and_usage, export_focus, export_tables

        _refuse_what_is_ignored(context, content)
        if dataset is Dataset.INVOICES and _is_given(context, "version"):
            raise UsageError(
                "--version is for --dataset cost-and-usage: Invoice Detail and Billing Period are"
                " of FOCUS 1.4 alone. Leave it out."
            )
        if raw and content is Content.FOCUS and file_format is not FileFormat.CSV:
            raise UsageError("--raw is for CSV: give --format csv as well, or leave --raw out.")
        warehouse = configured_warehouse()
        if content is Content.POSTGRES:
            _export_postgres(warehouse, url, schema)
            return
        if output is None:
            raise UsageError("Name the folder for the files with --output FOLDER.")
        directory = output.absolute()
        match content:
            case Content.FOCUS:
                exported = (
                    export_focus(warehouse, directory, file_format.value, raw=raw)
                    if dataset is Dataset.INVOICES
                    else export_cost_and_usage(
                        warehouse, directory, file_format.value, version.value, raw=raw
                    )
                )
                _print_files(exported.files)
                if exported.invoices_left_out or exported.lines_left_out:
                    typer.echo(
                        f"Left out, since FOCUS demands what the vendor doesn't state:"
                        f" {exported.invoices_left_out} invoice(s) without a billing period,"
                        f" {exported.lines_left_out} line(s) without an amount."
                    )
            case Content.PARQUET:
                _print_files(export_tables(warehouse, directory, "parquet"))
            case Content.CSV:
                _print_files(export_tables(warehouse, directory, "csv", raw=raw))
            case Content.XLSX:
                with needing("xlsx"):
                    from pipelines.publish.workbook import export_workbook
                _print_files([export_workbook(warehouse, directory)])


def _refuse_what_is_ignored(context: typer.Context, content: Content) -> None:
    """Options from the command line; a variable may be set for other commands."""
    for name, spelled in _SPELLED.items():
        if _is_given(context, name) and name not in _OPTIONS[content]:
            fitting = ", ".join(_SPELLED[each] for each in _SPELLED if each in _OPTIONS[content])
            raise UsageError(
                f"{spelled} doesn't apply to `billhouse export {content.value}`, which takes"
                f" {fitting}. Leave it out."
            )


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _export_postgres(warehouse: Warehouse, url: str | None, schema: str) -> None:
    from pipelines.cli.tables import print_table
    from pipelines.publish.export_postgres import export_postgres

    if url is None:
        raise UsageError("Name the database with --url, or in BILLHOUSE_POSTGRES_URL.")
    print_table(
        ["table", "rows"],
        [
            [f"{schema}.{table}", f"{rows:,}"]
            for table, rows in export_postgres(warehouse, url, schema)
        ],
        numbers=frozenset({1}),
    )


def _print_files(files: list[ExportedFile]) -> None:
    from pipelines.cli.tables import print_table

    print_table(
        ["file", "rows"],
        [[str(each.path), f"{each.rows:,}"] for each in files],
        numbers=frozenset({1}),
    )
