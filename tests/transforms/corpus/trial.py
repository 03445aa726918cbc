"""The corpus in a database in memory, built by all SQL files, and again by other versions of them.

A trial builds only what a changed file reaches, and undoes it: changing one file after another
costs a fraction of a build each. It is for tests of the SQL; `pipelines.transform` has its own.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines.publish.export import name_issuers
from pipelines.transform import inputs, names, project, raw
from pipelines.transform.model import TRANSFORMS, Model, Query
from pipelines.transform.names import Clock
from tests.transforms.corpus.given import STARTED_AT, load

_MACRO = re.compile(r"CREATE OR REPLACE MACRO (\w+)\(")
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
Rows = Counter[tuple[Any, ...]]


class Trial:
    """All models over the corpus, each as a table, so that nothing is read twice."""

    def __init__(self) -> None:
        # A changed join may make more rows than fit into memory, and a recursion may never end.
        spill = Path(tempfile.gettempdir(), f"billhouse-corpus-{os.getpid()}")
        self.connection = duckdb.connect(
            config={
                "threads": 1,
                "memory_limit": "2GB",
                "temp_directory": str(spill),
                "max_temp_directory_size": "2GB",
            }
        )
        self.connection.execute("SET TimeZone = 'UTC'")
        load(self.connection)
        names.make(
            self.connection,
            TRANSFORMS,
            raw.renamed_accounts(self.connection, "raw"),
            inputs.statements(self.connection, "raw"),
        )
        Clock(STARTED_AT).write(self.connection, "staging.run")
        # Exports name the tables as they are published, without a schema.
        self.connection.execute("USE marts")
        name_issuers(self.connection)
        self._models = project.models()
        for each in self._models:
            self._create(each)
        self._rows = {each.name: self.rows(f"FROM {each.name}") for each in self._models}
        self.queries = {name: self.rows(query) for name, query in read_queries().items()}

    def rows(self, query: str) -> Rows:
        """The rows of a query, in no order."""
        return Counter(map(repr, self.connection.execute(query).fetchall()))  # type: ignore[arg-type]

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside is undone at the end."""
        self.connection.begin()
        try:
            yield
        finally:
            self.connection.rollback()

    def build(
        self, folder: Path, changed: Sequence[str], *, until: Container[str] = ()
    ) -> set[str]:
        """Build what these files of another folder reach. Returns the tables that differ, and
        the macros; with `until`, no more of them once one of those differs.

        Raises:
            duckdb.Error: a query fails.
            pipelines.transform.ModelError: the files no longer fit together.
        """
        models = project.models(folder)
        differing = self._redefined(folder, changed)
        before = {each.name: each.query for each in self._models}
        for each in models:
            if (
                before.get(each.name) != each.query
                or each.references & differing
                or (_names(each.query) & differing)
            ):
                self._create(each)
                if self.rows(f"FROM {each.name}") != self._rows.get(each.name):
                    differing.add(each.name)
                    if each.name in until:
                        break
        return differing

    def audit(self, audits: Sequence[Query]) -> dict[str, list[tuple[Any, ...]]]:
        """The rows that these audits find."""
        return {each.name: self.connection.execute(each.text).fetchall() for each in audits}

    def _redefined(self, folder: Path, changed: Sequence[str]) -> set[str]:
        """The macros that these files define, and those that use them; they are replaced."""
        texts = [_without_comments(text) for text in project.macros(folder)]
        macros = {name: one for text in texts for name, one in _macros_in(text).items()}
        differing: set[str] = set()
        for file in changed:
            if file.startswith("macros/"):
                text = (folder / file).read_text(encoding="utf-8")
                self.connection.execute(text)
                differing |= set(_MACRO.findall(text))
        for _ in macros:
            differing |= {name for name, text in macros.items() if _names(text) & differing}
        return differing

    def _create(self, one: Model) -> None:
        query = one.query.replace("{relation}", f"raw.{one.raw_table}")
        if one.raw_table and not self._has_raw(one.raw_table):
            query = one.query.replace("{relation}", raw.whole([], [one.raw_table])[one.raw_table])
        self.connection.execute(f"CREATE OR REPLACE TABLE {one.name} AS {query}")

    def _has_raw(self, table: str) -> bool:
        found = self.connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", [table]
        )
        return found.fetchone() is not None


def read_queries(folder: Path = TRANSFORMS) -> Mapping[str, str]:
    """What alerts, exports and reports ask of the tables, by file."""
    found: dict[str, str] = {}
    for kind in ("alerts", "exports", "reports"):
        for path in sorted((folder / kind).glob("*.sql")):
            text = path.read_text(encoding="utf-8")
            askings = ASKED_WITH if kind == "reports" else ASKED_WITH[:1]
            for asking in askings:
                query = _filled_in(folder, text, asking)
                if query not in found.values():
                    found[f"{kind}/{path.name}{asking['again']}"] = query
    return found


def _filled_in(folder: Path, text: str, asking: Mapping[str, str]) -> str:
    """A report's question with what it is asked with, over what it goes on from."""
    for name, value in asking.items():
        text = text.replace(name, value) if name[0] in "${F" else text

    def behind(match: re.Match[str]) -> str:
        source = (folder / "reports" / f"{match['question']}.sql").read_text(encoding="utf-8")
        alias = match["alias"] or f" AS report_{match['question']}"
        return f"{match['word']} ({_filled_in(folder, source, asking)}){alias}"

    return _GONE_ON_FROM.sub(behind, text)


def _macros_in(text: str) -> dict[str, str]:
    found = list(_MACRO.finditer(text))
    ends = [*(each.start() for each in found), len(text)][1:]
    return {each[1]: text[each.end() : end] for each, end in zip(found, ends, strict=True)}


def _without_comments(text: str) -> str:
    return re.sub(r"--[^\n]*", "", text)


def _names(text: str) -> set[str]:
    return set(re.findall(r"\w+(?=\()", text))
