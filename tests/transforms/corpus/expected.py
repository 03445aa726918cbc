"""What the corpus should give: one file a table, alert and export, one JSON object a row.

`python -m tests.transforms.corpus.expected` writes them again after a change of the SQL or of the
corpus. What it writes is a claim, not a proof: read the difference against the documents.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from pipelines.transform import BuildResult
from pipelines.transform.model import TRANSFORMS, Query
from pipelines.transform.project import audits
from tests.transforms.corpus.askings import add_twins, rates_in, read_queries
from tests.transforms.corpus.given import STARTED_AT, load, name_most_issuers
from tests.transforms.corpus.tampering import TAMPERING
from tests.transforms.corpus.trial import Trial
from tests.transforms.work_database import build_beside

EXPECTED = Path(__file__).parent / "expected"
FIRED = EXPECTED / "audits_that_fire.jsonl"
RATES = EXPECTED / "rates_in_other_currencies.jsonl"
# What audits compare the marts with: it must be right as well.
EVIDENCE = {
    "intermediate.detail_totals",
    "intermediate.issued_invoices",
    "intermediate.rounded_lines",
    "intermediate.stated_parts",
}


def built() -> tuple[duckdb.DuckDBPyConnection, BuildResult]:
    """The corpus in a database in memory, built as every night's run builds."""
    connection = duckdb.connect()
    load(connection)
    return connection, build_beside(connection, started_at=STARTED_AT)


def given_rows(connection: duckdb.DuckDBPyConnection, report: BuildResult) -> dict[str, list[str]]:
    """The rows of every table, alert and export, and what the audits found, by file name."""
    marts = {f"marts.{path.stem}" for path in (TRANSFORMS / "marts").glob("*.sql")}
    found = {
        f"{name}.jsonl": _rows(connection, f"FROM {name}") for name in sorted(marts | EVIDENCE)
    }
    connection.execute("USE marts")
    name_most_issuers(connection)
    add_twins(connection)
    for name, query in read_queries().items():
        found[f"{name.replace('/', '.').replace('.sql', '')}.jsonl"] = _rows(
            connection, query, in_order=not name.startswith("alerts/")
        )
    # A report shows some of the rows: here are all.
    texts = {each.name: each.text for each in audits()}
    found["audits.jsonl"] = [
        json.dumps({"audit": each.name, "severity": each.severity} | json.loads(row))
        for each in report.findings
        for row in _rows(connection, texts[each.name])
    ]
    return found


def fired_rows(trial: Trial, audits: Iterable[Query]) -> list[str]:
    """What each audit finds where its rule is broken: how many rows, and the first of them."""
    return [
        json.dumps({"audit": audit.name, "change": change} | found_after(trial, audit, change))
        for audit in audits
        for change in TAMPERING.get(audit.name, ())
    ]


def found_after(trial: Trial, audit: Query, change: str) -> dict[str, Any]:
    """What an audit finds after a change that is then undone."""
    with trial.undone():
        trial.connection.execute(change)
        rows = _rows(trial.connection, audit.text)
    return {"rows": len(rows), "first": [json.loads(row) for row in rows[:2]]}


def rates_in_other_currencies(trial: Trial, folder: Path = TRANSFORMS) -> list[str]:
    """The rates of the corpus in three currencies that it doesn't report in."""
    return [
        row
        for currency in ("EUR", "USD", "BGN")
        for query in rates_in(currency, folder)
        for row in _rows(trial.connection, query)
    ]


def expected_rows() -> dict[str, list[str]]:
    """What the files say."""
    return {
        path.name: path.read_text(encoding="utf-8").splitlines()
        for path in sorted(EXPECTED.glob("*.jsonl"))
        if path not in (FIRED, RATES)
    }


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, *, in_order: bool = False
) -> list[str]:
    result = connection.execute(query)
    columns = [column[0] for column in result.description or []]
    rows = [_stated(columns, row) for row in result.fetchall()]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    return lines if in_order else sorted(lines, key=_by_what_it_is)


def _stated(columns: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    """Without nulls: what a document doesn't state isn't there."""
    pairs = zip(columns, row, strict=True)
    return {
        name: value if isinstance(value, (int, bool)) else str(value)
        for name, value in pairs
        if value is not None
    }


def _by_what_it_is(line: str) -> tuple[str, ...]:
    row = json.loads(line)
    first = (
        "vendor",
        "account",
        "invoice_number",
        "month",
        "record_type",
        "category",
        "changed_at",
    )
    return (*(str(row.get(name, "")) for name in first), line)


def main() -> None:
    connection, report = built()
    errors = [each for each in report.findings if each.severity == "error"]
    if errors:
        # Such a build is undone, so that there are no rows to write.
        raise SystemExit("\n".join(f"{each.name}: {each.rows}" for each in errors))
    found = given_rows(connection, report)
    for path in EXPECTED.glob("*.jsonl"):
        path.unlink()
    for name, lines in found.items():
        (EXPECTED / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    trial = Trial()
    for path, lines in (
        (FIRED, fired_rows(trial, audits())),
        (RATES, rates_in_other_currencies(trial)),
    ):
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
