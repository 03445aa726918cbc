"""What alerts, exports and reports ask: their files, filled in with what the tests ask with.

And macros, whose branches hardly any document reaches: `macros/*.sql` ask them outright; and the
models of exchange rates in other currencies than the one that the corpus reports in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from pipelines.transform.model import TRANSFORMS
from tests.transforms.corpus.given import STARTED_AT

TWINS = Path(__file__).parent / "twins.sql"
_OF_MACROS = Path(__file__).parent / "macros"
_TWINS_TEXT = TWINS.read_text(encoding="utf-8")
_TWIN_NAMES = "|".join(re.findall(r"CREATE TABLE twins\.(\w+)", _TWINS_TEXT))
_TWIN = re.compile(rf"\b(FROM|JOIN) (?:marts\.)?(?=({_TWIN_NAMES})\b)")
_GONE_ON_FROM = re.compile(
    r"(?P<word>FROM|JOIN) report_(?P<question>clock|months|facts|closed_months)\b"
    r"(?P<alias> AS \w+)?"
)
_SHARED = {
    "$now": f"TIMESTAMPTZ '{STARTED_AT.isoformat()}'",
    "$limit": "200",
    "$debit": "'Cloud costs'",
    "$credit": "'Owed'",
    "$oldest": f"TIMESTAMPTZ '{STARTED_AT.isoformat()}'",
    "FROM published_results": "FROM (FROM load_results LIMIT 0)",
    "FROM before.fct_invoices": "FROM (FROM fct_invoices WHERE vendor <> 'turso')",
    "FROM audit_results": "FROM (SELECT unnest(['b', 'a']) AS audit, 2 AS rows_found,"
    " 'told' AS message)",
}
# What reports are asked with here, in three ways.
ASKED_WITH = (
    _SHARED
    | {
        "again": "",
        "$currency": "'USD'",
        "$months": "6",
        "$vendors": "CAST(NULL AS TEXT[])",
        "$accounts": "['acme', 'words']",
        "$unpaid": "FALSE",
        "$month": "'2026-06'",
        "$asked": "'T-1'",
        "$invoice_id": "(SELECT max(invoice_id) FROM fct_payments WHERE kind = 'refund')",
        "{key}": "account",
        "{vendor}": "vendor",
        "{account}": "account",
        "$other_id": "(SELECT min(invoice_id) FROM fct_payments)",
        "{product}": "coalesce(spend.sku, spend.description, '')",
        "{project}": "coalesce(spend.project, '')",
        "{resource}": "coalesce(spend.resource, '')",
        "{rank}": "abs(change_cents)",
        "{by}": "coalesce(spend.project, '–')",
    },
    _SHARED
    | {
        "again": " again",
        "$currency": "'EUR'",
        "$months": "30",
        "$vendors": "['mongodb', 'turso']",
        "$accounts": "CAST(NULL AS TEXT[])",
        "$unpaid": "TRUE",
        "$month": "CAST(NULL AS TEXT)",
        "$asked": "(SELECT upper(left(min(invoice_id), 6)) FROM fct_invoices)",
        "$invoice_id": "(SELECT min(invoice_id) FROM fct_invoices"
        " WHERE payment_failed_at IS NOT NULL AND due_at IS NOT NULL)",
        "{key}": "category",
        "{vendor}": "''",
        "{account}": "''",
        "$other_id": "(SELECT max(invoice_id) FROM fct_invoices)",
        "{product}": "''",
        "{project}": "coalesce(spend.project, '')",
        "{resource}": "''",
        "{rank}": "cents",
        "{by}": "coalesce(strftime(spend.month, '%Y-%m'), '–')",
    },
    _SHARED
    | {
        "again": " once more",
        "$currency": "'GBP'",
        "$months": "60",
        "$vendors": "CAST(NULL AS TEXT[])",
        "$accounts": "CAST(NULL AS TEXT[])",
        "$unpaid": "FALSE",
        "$month": "CAST(NULL AS TEXT)",
        "$asked": "(SELECT max(invoice_id) FROM fct_invoices)",
        "$invoice_id": "(SELECT invoice_id FROM fct_invoice_lines GROUP BY invoice_id"
        " ORDER BY count(quantity) DESC, count(DISTINCT category) DESC, invoice_id LIMIT 1)",
        "{key}": "vendor",
        "{vendor}": "vendor",
        "{account}": "''",
        "$other_id": "(SELECT max(invoice_id) FROM fct_invoices)",
        "{product}": "''",
        "{project}": "coalesce(spend.project, '')",
        "{resource}": "''",
        "{rank}": "cents",
        "{by}": "spend.vendor",
    },
)
# And of the tables of twins.sql, of which half a month later nothing published is fresh.
_AMONG_TWINS = ASKED_WITH[0] | {
    "FROM published_results": "FROM twins.published_results",
    "FROM before.fct_invoices": "FROM twins.before_invoices",
    "again": " among twins",
    "$oldest": "TIMESTAMPTZ '2026-05-01'",
    "$currency": "'EUR'",
    "$months": "3",
    "$accounts": "CAST(NULL AS TEXT[])",
    "$invoice_id": "'now'",
    "$other_id": "'earliest'",
}
ASKED_OF_TWINS = (
    _AMONG_TWINS,
    _AMONG_TWINS
    | {
        "again": " among twins later",
        "$oldest": "TIMESTAMPTZ '2026-06-20'",
        "$currency": "'GBP'",
    },
    # A month that ends now, and one that lasts, of which nothing was ever loaded.
    _AMONG_TWINS
    | {
        "again": " among twins at its end",
        "$month": "'2026-07'",
        "$now": "TIMESTAMPTZ '2026-08-01'",
    },
    _AMONG_TWINS
    | {
        "again": " among twins never loaded",
        "FROM load_results": "FROM (FROM twins.load_results LIMIT 0) AS load_results",
        "$month": "'2026-11'",
        "$now": "TIMESTAMPTZ '2026-11-20'",
    },
)


def add_twins(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables of twins.sql, beside those of the corpus."""
    connection.execute(_TWINS_TEXT)


def read_queries(folder: Path = TRANSFORMS) -> Mapping[str, str]:
    """What alerts, exports and reports ask of the tables, and the tests of macros, by file."""
    found: dict[str, str] = {}
    for path in sorted(_OF_MACROS.glob("*.sql")):
        for number, query in enumerate(path.read_text(encoding="utf-8").split(";\n"), start=1):
            found[f"macros/{path.name} {number}"] = query
    for kind in ("alerts", "exports", "reports"):
        for path in sorted((folder / kind).glob("*.sql")):
            text = path.read_text(encoding="utf-8")
            in_one_way = (ASKED_WITH[0], ASKED_OF_TWINS[0])
            for asking in (*ASKED_WITH, *ASKED_OF_TWINS) if kind == "reports" else in_one_way:
                query = _filled_in(folder, text, asking)
                if asking in ASKED_OF_TWINS:
                    query = _TWIN.sub(r"\1 twins.", query)
                if query not in found.values():
                    found[f"{kind}/{path.name}{asking['again']}"] = query
    return found


def rates_in(currency: str, folder: Path = TRANSFORMS) -> list[str]:
    """What asks how many invoices had which rate, and which corrected one, were this the reporting
    currency."""
    candidates, rates, corrections = (
        (folder / "intermediate" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("rate_candidates", "invoice_rates", "rate_corrections")
    )
    reporting = f"(SELECT '{currency}' AS currency, newest_day FROM staging.reporting)"
    candidates = f"(\n{candidates.replace('staging.reporting', reporting)}\n)"
    rates = f"(\n{rates.replace('intermediate.rate_candidates', candidates)}\n)"
    corrections = corrections.replace("intermediate.rate_candidates", candidates)
    corrections = corrections.replace("intermediate.invoice_rates", rates)
    return [
        "SELECT * EXCLUDE (invoice_id, numerator, denominator, frozen_at),"
        f" count(*) AS invoices FROM {rates} GROUP BY ALL ORDER BY ALL",
        f"SELECT * EXCLUDE (invoice_id), count(*) AS invoices FROM (\n{corrections}\n)"
        " GROUP BY ALL ORDER BY ALL",
    ]


def _filled_in(folder: Path, text: str, asking: Mapping[str, str]) -> str:
    """A report's question with what it is asked with, over what it goes on from."""
    for name, value in asking.items():
        text = text.replace(name, value) if name[0] in "${F" else text

    def behind(match: re.Match[str]) -> str:
        source = (folder / "reports" / f"{match['question']}.sql").read_text(encoding="utf-8")
        alias = match["alias"] or f" AS report_{match['question']}"
        return f"{match['word']} ({_filled_in(folder, source, asking)}){alias}"

    return _GONE_ON_FROM.sub(behind, text)
