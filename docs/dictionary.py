"""Makes docs/data-dictionary.md, and dbt's sources of the same tables, from the comments in
transforms/ and the example's answers.

python -m docs.dictionary
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from docs import example
from pipelines.cli import output
from pipelines.publish import read
from pipelines.warehouse.files import Warehouse

if TYPE_CHECKING:
    import duckdb

FILE = Path(__file__).with_name("data-dictionary.md")
SOURCES = Path(__file__).with_name("dbt") / "sources.yml"
_HEAD = """\
# Data dictionary

<!-- Made by `make dictionary` from the comments in transforms/marts/: change those. -->

These are the tables of `billhouse.duckdb` (schema `main`) and of `parquet/`. Amounts are whole
minor units: `123456` in a column `…_cents` is 1,234.56 in a currency of two decimals, and
`dim_currencies` says how many each has. `spend` and `payables`, with which to begin, have amounts
in whole units instead: dollars, pounds, yen. Times are UTC. Periods are half-open: the end is the
first moment that no longer belongs to them. Never add up different currencies. An empty cell
(null) means that the vendor doesn't say.

"""
_SUMS = (
    (
        "`paid`, `open`, `past_due`, `failed`",
        "yes: it was billed, whether it is paid or not",
        "while something of it is to be paid",
    ),
    ("`upcoming`", "yes, with `is_estimate`: it still accrues, and its amount will change", "no"),
    ("`unknown`: the vendor says nothing of payment", "yes", "yes, with `is_known` false"),
    (
        "delisted: issued once, and no longer listed by the vendor",
        "yes: a paid bill doesn't un-happen",
        "as its last status says",
    ),
    (
        "`void`",
        "no, nothing is owed for it; `fct_invoices`, its lines and months have it",
        "no",
    ),
    ("rejected: it can't be read", "no; `rejected_documents` has it, with the reason", "no"),
)
_SUMS_TEXT = """\
## What a sum holds

{table}

So the sum of `amount` over a currency is what was billed or will be, and it is that of the
invoices. DuckDB makes a HUGEINT of the sum of whole cents, and some tools a float of that: write
`CAST(sum(total_cents) AS BIGINT)`, or multiply by `minor_unit`.

"""
_SAME_SUMS = (
    "What was billed in all, by the invoices and by `spend`?",
    """\
SELECT currency, billed, spent
FROM (
    SELECT currency, sum(total_cents) * any_value(minor_unit) AS billed
    FROM fct_invoices INNER JOIN dim_currencies USING (currency)
    WHERE payment_status <> 'void'
    GROUP BY currency
)
INNER JOIN (SELECT currency, sum(amount) AS spent FROM spend GROUP BY currency) USING (currency)
ORDER BY currency""",
)
_QUESTIONS = (
    (
        "What did each vendor bill for the last three months?",
        """\
SELECT month, vendor, currency, sum(amount) AS amount
FROM spend
WHERE month > (SELECT max(month) FROM spend) - INTERVAL 3 MONTH
GROUP BY ALL
ORDER BY ALL""",
    ),
    (
        "What was that in one currency, and by which rates?",
        """\
SELECT month, currency, sum(amount) AS amount, exchange_rate, exchange_rate_date,
       reporting_currency, sum(reporting_amount) AS reporting_amount
FROM spend
WHERE month > (SELECT max(month) FROM spend) - INTERVAL 2 MONTH AND NOT is_estimate
GROUP BY ALL
ORDER BY ALL""",
    ),
    (
        "What is to be paid, and how much of it failed or is past due?",
        """\
SELECT currency, vendor, payment_status, count(*) AS invoices, sum(to_pay) AS to_pay
FROM payables
WHERE is_known
GROUP BY ALL
ORDER BY ALL""",
    ),
    (
        "What were the five largest lines, in dollars and cents?",
        """\
SELECT vendor, account, coalesce(sku, description) AS product,
       amount_cents * minor_unit AS amount
FROM fct_invoice_lines INNER JOIN dim_currencies USING (currency)
WHERE currency = 'USD' AND record_type = 'line'
ORDER BY amount_cents DESC, line_id
LIMIT 5""",
    ),
    (
        "Which issued invoices did a vendor change afterwards?",
        """\
SELECT vendor, account, coalesce(invoice_number, '–') AS invoice, currency, kind, before, after
FROM invoice_changes
INNER JOIN fct_invoices USING (invoice_id)
ORDER BY ALL""",
    ),
    (
        "For which months is an invoice missing between others?",
        """\
SELECT vendor, account, month
FROM dim_billing_periods
WHERE is_gap
ORDER BY ALL""",
    ),
)


def text(warehouse: Warehouse) -> str:
    """The whole page, from the example's published copy."""
    with read.opened(warehouse) as connection:
        parts = [_HEAD, "## Tables\n"]
        parts += [_table(connection, name, comment) for name, comment in _tables(connection)]
        sums = _markdown(["an invoice that is", "is in `spend`", "is in `payables`"], _SUMS)
        parts += [_SUMS_TEXT.format(table=sums), _question(connection, *_SAME_SUMS)]
        parts += ["## Questions\n\nThe answers are those of the example that the tests load.\n"]
        parts += [_question(connection, *question) for question in _QUESTIONS]
    return "\n".join(parts)


def dbt_sources(warehouse: Warehouse) -> str:
    """The same tables as dbt's sources."""
    import yaml

    with read.opened(warehouse) as connection:
        tables = [
            {
                "name": name,
                "description": comment,
                "columns": [
                    {"name": column, "description": meaning, "data_type": kind.lower()}
                    for column, kind, meaning in _columns(connection, name)
                ],
            }
            for name, comment in _tables(connection)
        ]
    source = {"name": "billhouse", "database": "billhouse", "schema": "main", "tables": tables}
    text: str = yaml.safe_dump(
        {"version": 2, "sources": [source]}, sort_keys=False, allow_unicode=True, width=120
    )
    return (
        "# Made by `make dictionary` from the comments in transforms/marts/: change those.\n" + text
    )


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT name, coalesce(comment, '') FROM (SELECT schema_name, table_name AS name,"
        " comment FROM duckdb_tables() UNION ALL SELECT schema_name, view_name, comment FROM"
        " duckdb_views() WHERE NOT internal) WHERE schema_name = 'main' ORDER BY name"
    ).fetchall()


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str, str]]:
    return connection.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns()"
        " WHERE schema_name = 'main' AND table_name = ? ORDER BY column_index",
        [table],
    ).fetchall()


def _table(connection: duckdb.DuckDBPyConnection, name: str, comment: str) -> str:
    columns = _columns(connection, name)
    rows = [[f"`{column}`", kind.lower(), meaning] for column, kind, meaning in columns]
    table = _markdown(["column", "type", "meaning"], rows)
    return f"### `{name}`\n\n{comment}\n\n{table}\n"


def _question(connection: duckdb.DuckDBPyConnection, question: str, sql: str) -> str:
    result = read.ask(connection, sql)
    rows = [
        [output.text_of(value) for value in row.values()]
        for batch in result.to_batches()
        for row in batch.to_pylist()
    ]
    return f"### {question}\n\n```sql\n{sql}\n```\n\n{_markdown(result.column_names, rows)}\n"


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        f"| {' | '.join(value.replace('|', chr(92) + '|') for value in line)} |" for line in lines
    )


if __name__ == "__main__":
    with TemporaryDirectory() as directory:
        loaded = example.load(Path(directory, "warehouse"))
        FILE.write_text(text(loaded), encoding="utf-8")
        SOURCES.write_text(dbt_sources(loaded), encoding="utf-8")
