"""`billhouse query`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pipelines.ending import ending_in_a_sentence
from pipelines.warehouse import configured_warehouse


class ResultFormat(StrEnum):
    """How the rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One query in DuckDB's dialect.")],
    result_format: Annotated[
        ResultFormat, typer.Option("--format", help="How the rows are written.")
    ] = ResultFormat.TABLE,
) -> None:
    """Ask the published tables something; they can't be changed by it.

    Amounts are whole minor units (cents). CSV and JSON are exact: decimals stay decimals, times
    are ISO 8601 in UTC.

    \b
    Examples:
      billhouse query "SHOW TABLES"
      billhouse query "FROM fct_invoices WHERE payment_status = 'past_due'"
      billhouse query --format csv "SELECT vendor, currency, sum(total_cents) AS cents
        FROM fct_invoices GROUP BY ALL ORDER BY ALL" > spend.csv
    """
    with ending_in_a_sentence():
        from pipelines import published

        with published.opened(configured_warehouse()) as connection:
            result = published.ask(connection, sql)
            match result_format:
                case ResultFormat.TABLE:
                    published.print_as_table(result)
                case ResultFormat.CSV:
                    published.print_as_csv(result)
                case ResultFormat.JSON:
                    published.print_as_json(result)
