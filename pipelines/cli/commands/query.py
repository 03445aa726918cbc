"""`billhouse query`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.output import Format, ResultFormat
from pipelines.cli.streams import whole_output
from pipelines.errors import UsageError
from pipelines.warehouse.files import configured_warehouse

if TYPE_CHECKING:
    import duckdb


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One query in DuckDB's dialect.")],
    result_format: Format = ResultFormat.TABLE,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="In CSV, leave text that a spreadsheet would run as it is."),
    ] = False,
    expanded: Annotated[
        bool,
        typer.Option(
            "--expanded",
            help="Show one block a row, as is done by itself where a table is too wide.",
        ),
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Answer from what was believed then: a date means the end of that day (UTC), a"
            " time (2026-05-01T09:30:00Z) that moment.",
        ),
    ] = None,
    staging: Annotated[
        bool,
        typer.Option(
            "--staging",
            help="Ask the tables that a build makes in between: they are built for this, in"
            " memory, which takes as long as a rebuild.",
        ),
    ] = False,
) -> None:
    """Ask the published tables something; they can't be changed by it.

    Amounts are whole minor units (cents). CSV and JSON are exact: decimals stay decimals, times
    are ISO 8601 in UTC. Only text that a spreadsheet would run as a formula gets an apostrophe in
    CSV, unless --raw is given.

    \b
    Examples:
      billhouse query "SHOW TABLES"
      billhouse query "FROM fct_invoices WHERE payment_status = 'past_due'"
      billhouse query --as-of 2026-05-01 "SELECT sum(total_cents) FROM fct_invoices
        WHERE vendor = 'mongodb'"
      billhouse query --staging "FROM invoice_versions WHERE rejection_reason IS NOT NULL"
      billhouse query --format csv "SELECT vendor, currency, sum(total_cents) AS cents
        FROM fct_invoices GROUP BY ALL ORDER BY ALL" > spend.csv
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.cli import output
        from pipelines.publish import read

        if raw and result_format is not ResultFormat.CSV:
            raise UsageError("--raw is for --format csv: the other formats are exact anyway.")
        if expanded and result_format is not ResultFormat.TABLE:
            raise UsageError("--expanded is for tables; CSV and JSON hold all of each row anyway.")
        with _tables(as_of, staging=staging) as connection:
            result = read.ask(connection, sql)
            match result_format:
                case ResultFormat.TABLE:
                    output.print_as_table(result, expanded=expanded)
                case ResultFormat.CSV:
                    output.print_as_csv(result.column_names, output.rows_of(result), raw=raw)
                case ResultFormat.JSON:
                    output.print_as_json(result.column_names, output.rows_of(result))


def _tables(
    as_of: str | None, *, staging: bool
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    from pipelines.publish import read
    from pipelines.transform.as_of import moment_of, opened_as_of, opened_with_staging

    if staging and as_of is not None:
        raise UsageError(
            "--staging shows what is built now, and --as-of an earlier day. Give one of them."
        )
    warehouse = configured_warehouse()
    if warehouse.lake is not None and staging:
        raise UsageError(
            "--staging builds from the documents, which a lake has none of. Ask a shard:"
            f" `billhouse --warehouse {warehouse.shards_folder}/1 query` and so on."
        )
    if staging:
        return opened_with_staging(warehouse)
    if as_of is None:
        return read.opened(warehouse)
    moment = moment_of(as_of, now=datetime.now(UTC))
    if warehouse.lake is not None:
        return read.opened(warehouse, moment)
    return opened_as_of(warehouse, moment)
