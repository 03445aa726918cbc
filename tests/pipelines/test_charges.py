"""Invoices of FOCUS files: each file read once, each version kept, each sum as the file has it."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pipelines.config.configuration import Configuration
from pipelines.job import run as job
from pipelines.job.result import RunResult
from pipelines.publish.export import name_issuers
from pipelines.transform.as_of import opened_as_of
from pipelines.transform.model import TRANSFORMS
from pipelines.warehouse import charges as held
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.rename import rename_account
from sources import charge_files, charges
from sources.accounts.values import GivenValues
from sources.errors import SourceError
from sources.keys import scalar
from sources.vendor import ConfiguredAccount
from tests.pipelines.processes import Billhouse
from tests.transforms.work_database import WorkDatabase

Row = dict[str, Any]
MONTH = {
    "BillingAccountId": "A",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-07-01T00:00:00Z",
    "BillingPeriodEnd": "2026-08-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ServiceName": "Compute",
    "InvoiceId": "INV-1",
}


def charge(cost: str, day: int = 1, **more: Any) -> Row:
    return {
        **MONTH,
        "BilledCost": cost,
        "ChargePeriodStart": f"2026-07-{day:02}T00:00:00Z",
        "ChargePeriodEnd": f"2026-07-{day + 1:02}T00:00:00Z",
        **more,
    }


def write(path: Path, *rows: Row) -> None:
    """As CSV or Parquet, all text, as the name says; with a time of its own."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    before = path.stat().st_mtime_ns if path.exists() else 0
    if path.suffix == ".parquet":
        table = {name: [row.get(name) for row in rows] for name in names}
        parquet.write_table(pa.table(table), path)
    else:
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, names)
            writer.writeheader()
            writer.writerows(rows)
    os.utime(path, ns=(before + 10**9, before + 10**9))


def accounts(**paths: Path) -> list[ConfiguredAccount]:
    configured = [{"name": name, "path": str(path)} for name, path in paths.items()]
    values = GivenValues({"sources": {"focus": {"accounts": configured}}})
    return Configuration(values).accounts()


class Reading:
    """A database that reads the files of one account again and again."""

    def __init__(
        self, path: Path, connection: duckdb.DuckDBPyConnection, name: str = "files"
    ) -> None:
        self.connection = connection
        self.connection.execute("SET TimeZone = 'UTC'")
        self._accounts = accounts(**{name: path})
        self._folder = path.parent / "working"

    def refused(self) -> str:
        found = self._read()
        assert isinstance(found, SourceError)
        return str(found)

    def documents_as_they_came(self) -> Sequence[bytes]:
        found = self._read()
        assert not isinstance(found, SourceError), found
        return found

    def documents(self) -> dict[str, dict[str, Any]]:
        """By the invoice's id, else by the billing account."""
        documents = [json.loads(each) for each in self.documents_as_they_came()]
        return {each["InvoiceId"] or each["BillingAccountId"]: each for each in documents}

    def kept(self) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            "SELECT left(ChargePeriodStart, 10), sum(BilledCost) FROM raw.charges GROUP BY ALL"
            " ORDER BY ALL"
        ).fetchall()

    def _read(self) -> Sequence[bytes] | SourceError:
        [found] = held.read_files(self.connection, self._folder, self._accounts).values()
        return found


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    with closing(duckdb.connect()) as connection:
        yield Reading(tmp_path / "*.csv", connection)


def test_files_become_invoices(reading: Reading, tmp_path: Path) -> None:
    """By id, over several files; else by billing account and period, however that is spelled."""
    without: dict[str, Any] = {"InvoiceId": None, "BillingAccountId": "B"}
    write(tmp_path / "a.csv", charge("0.1"), charge("0.2", 2), charge("1", **without))
    write(
        tmp_path / "b.csv",
        charge("0.004", 2),
        charge("2", **without, BillingPeriodStart="2026-07-01", BillingPeriodEnd="2026-08-01"),
        charge("8", **without, BillingPeriodStart="2026-07-01T00:00Z"),
        charge("4", InvoiceId=None),
    )
    documents = reading.documents()
    invoice = documents.pop("INV-1")
    assert (invoice["BilledCost"], invoice["x_Charges"]) == ("0.304", 3)
    assert len(invoice["x_Chunks"]) == 3
    assert (invoice["BillingPeriodStart"], invoice["BillingPeriodEnd"]) == (
        "2026-07-01T00:00:00Z",
        "2026-08-01T00:00:00Z",
    )
    # Of the billing account A others are invoiced in the period, of B none.
    assert {key: (each["BilledCost"], each["x_IsInvoiced"]) for key, each in documents.items()} == {
        "A": ("4", True),
        "B": ("11", False),
    }


def test_what_is_as_it_was_is_not_read_again(
    reading: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "a.csv", tmp_path / "b.csv"
    write(file, charge("1"), charge("2", 2))
    write(other, charge("4", 3))
    before = reading.documents()

    def fail(*_: object) -> None:
        raise AssertionError("a file was read again")

    with monkeypatch.context() as patch:
        patch.setattr(charges, "write_as_text", fail)
        os.utime(other, (7, 7))  # touched, with the same content
        assert reading.documents() == before
        patch.setattr(charge_files, "content_hash", fail)
        assert reading.documents() == before

    # What is new is kept beside what was there; what moved to another file is known.
    write(file, charge("4", 3), charge("1"), charge("2.5", 2))
    other.unlink()
    assert reading.documents()["INV-1"]["BilledCost"] == "7.5"
    assert reading.kept() == [
        ("2026-07-01", Decimal(1)),
        ("2026-07-02", Decimal("4.5")),
        ("2026-07-03", Decimal(4)),
    ]


def test_an_account_is_read_whole_or_not_at_all(reading: Reading, tmp_path: Path) -> None:
    write(tmp_path / "a.csv", charge("1"))
    before = reading.documents()
    write(tmp_path / "b.csv", charge("1", 2), charge("x", 3))
    assert f"{tmp_path / 'b.csv'}: row 2: BilledCost is no amount: x" in reading.refused()
    write(tmp_path / "b.csv", charge("1", 2), charge("1", 3, BillingCurrency="EUR"))
    assert "row 2: the invoice INV-1 is in EUR and in USD" in reading.refused()
    write(tmp_path / "b.csv", charge("1", BillingPeriodStart="soon"))
    assert "row 1: its billing period is no time: soon" in reading.refused()
    (tmp_path / "b.csv").unlink()
    assert reading.documents() == before


amounts = st.decimals("-99999", "99999", places=9)


@dataclass(frozen=True)
class Dialect:
    """How an exporter writes: its version's columns, its format, its times."""

    columns: Mapping[str, str | None]
    ending: str
    start: str
    end: str


DIALECTS = (
    Dialect({"ProviderName": "AWS", "x_Discounts": "{}"}, "csv", "{}T00:00:00Z", "{}T00:00:00Z"),
    Dialect({"ProviderName": "Azure", "InvoiceId": ""}, "csv", "{} 00:00:00", "{} 00:00:00"),
    Dialect({"ServiceProviderName": "Google", "InvoiceId": ""}, "parquet", "{}", "{}"),
)
drawn_charges = st.lists(
    st.tuples(
        amounts,
        st.sampled_from(["I-1", "I-2", None]),
        st.sampled_from(["A", "B"]),
        st.sampled_from([6, 7]),
        st.integers(1, 28),
        st.sampled_from(["Usage", "Tax", "Credit", "Purchase"]),
    ),
    min_size=1,
    max_size=30,
)
cases = st.tuples(*(st.tuples(drawn_charges, st.sampled_from(["USD", "JPY"])) for _ in DIALECTS))


def rows_of(dialect: Dialect, drawn: Sequence[tuple[Any, ...]], currency: str) -> list[Row]:
    rows = []
    for cost, invoice, account, month, day, category in drawn:
        own = dict(dialect.columns)
        if "InvoiceId" in own:
            own["InvoiceId"] = invoice
        first, last = f"2026-{month:02}-01", f"2026-{month + 1:02}-01"
        rows.append(
            {
                "BilledCost": f"{cost:f}",
                "BillingAccountId": account,
                "BillingCurrency": currency,
                "BillingPeriodStart": dialect.start.format(first),
                "BillingPeriodEnd": dialect.end.format(last),
                "ChargeCategory": category,
                "ChargePeriodStart": dialect.start.format(f"2026-{month:02}-{day:02}"),
                "ChargePeriodEnd": dialect.end.format(f"2026-{month:02}-{day + 1:02}"),
                "ChargeDescription": f"{category} of {account}",
                **own,
            }
        )
    return rows


def expected(rows: Sequence[Row]) -> dict[str, int]:
    """Each invoice's total in minor units, rounded once, by its id or its account and period."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        made = f"{row['BillingAccountId']}/{row['BillingPeriodStart'][:10]}"
        sums[row.get("InvoiceId") or made] += Decimal(row["BilledCost"])
    factor = 1 if rows[0]["BillingCurrency"] == "JPY" else 100
    return {key: int((total * factor).quantize(0, ROUND_HALF_UP)) for key, total in sums.items()}


Totals = dict[tuple[str, str], int]
"""By the account, and the invoice's id or billing account and period."""


def built(work: WorkDatabase, files: Mapping[str, Path]) -> Totals:
    for account, file in files.items():
        for document in Reading(file, work.connection, account).documents_as_they_came():
            start = scalar(document, "BillingPeriodStart") or ""
            made = f"{scalar(document, 'BillingAccountId')}/{start[:10]}"
            key = scalar(document, "InvoiceId") or made
            work.add("focus", document.decode(), key=key, account=account)
    report = work.build()
    assert not report.has_errors, report.findings
    assert work.reasons() == []
    query = "SELECT account, document_key, total_cents FROM intermediate.invoices"
    return {(row[0], row[1]): row[2] for row in work.connection.execute(query).fetchall()}


def exported(work: WorkDatabase, folder: Path) -> dict[str, Path]:
    """Cost and Usage as `billhouse export focus` writes it, a file an account."""
    query = (TRANSFORMS / "exports" / "focus_cost_and_usage.sql").read_text(encoding="utf-8")
    work.connection.execute("USE marts")
    name_issuers(work.connection)
    files = {}
    for (account,) in work.connection.execute("SELECT DISTINCT account FROM spend").fetchall():
        files[account] = folder / f"again {account}.csv"
        work.connection.execute(
            f"COPY (FROM ({query}) WHERE \"BillingAccountId\" = '{account}')"
            f" TO '{files[account]}' (HEADER)"
        )
    return files


@settings(max_examples=2)
@given(cases)
def test_an_export_of_what_was_read_has_the_same_sums(case: tuple[Any, ...]) -> None:
    """To the cent: files → invoices and lines → files → invoices and lines."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files: dict[str, Path] = {}
        totals: Totals = {}
        for dialect, (drawn, currency) in zip(DIALECTS, case, strict=True):
            account = next(iter(dialect.columns.values())) or ""
            files[account] = folder / f"{account}.{dialect.ending}"
            rows = rows_of(dialect, drawn, currency)
            write(files[account], *rows)
            totals |= {(account, key): total for key, total in expected(rows).items()}
        first, second = (WorkDatabase(folder / f"{each}.duckdb") for each in ("one", "two"))
        with closing(first.connection), closing(second.connection):
            assert built(first, files) == totals
            exported_as = first.connection.execute(
                "SELECT account, document_key, coalesce(invoice_number, invoice_id)"
                " FROM intermediate.invoices"
            ).fetchall()
            assert built(second, exported(first, folder)) == {
                (account, number): totals[account, key] for account, key, number in exported_as
            }


@pytest.fixture
def two(tmp_path: Path) -> dict[str, Path]:
    paths = {"cloud": tmp_path / "cloud.csv", "other": tmp_path / "other.parquet"}
    tax = charge("0.21", 3, ChargeCategory="Tax", ServiceName=None)
    write(paths["cloud"], charge("0.005"), charge("0.005", 2), charge("1", 2), tax)
    write(paths["other"], charge("7.50"))
    return paths


FACTS = (
    "SELECT account, invoice_number, total_cents, payment_status, delisted_at FROM fct_invoices"
    " ORDER BY ALL"
)


def loaded(warehouse: Warehouse, paths: Mapping[str, Path]) -> RunResult:
    return job.run(warehouse, accounts(**paths), listener=lambda _: None)


def published(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        return connection.execute(query).fetchall()


def test_from_night_to_night(warehouse: Warehouse, two: dict[str, Path]) -> None:
    first = loaded(warehouse, two)
    assert (first.exit_code, [each.documents for each in first.outcomes]) == (0, [1, 1])
    facts = [
        ("cloud", "INV-1", 122, "unknown", None),
        ("other", "INV-1", 750, "unknown", None),
    ]
    assert published(warehouse, FACTS) == facts
    lines = "SELECT category, sku, amount_cents FROM fct_invoice_lines WHERE account = 'cloud'"
    assert sorted(published(warehouse, lines), key=str) == [
        ("tax", None, 21),
        ("usage", "Compute", 101),
    ]
    evening = datetime.now(UTC)

    # A file that can't be read takes nothing away, and nothing from the other account.
    write(two["cloud"], charge("2"), charge("?", 2))
    write(two["other"], charge("8"))
    failed = loaded(warehouse, two)
    assert failed.exit_code == 3
    [outcome, fine] = failed.outcomes
    assert outcome.outcome == "failed"
    assert f"{two['cloud']}: row 2: BilledCost is no amount: ?. Export it again" in str(
        outcome.error
    )
    assert fine.outcome == "ok"
    assert published(warehouse, FACTS) == [facts[0], ("other", "INV-1", 800, "unknown", None)]

    write(two["cloud"], charge("2"))
    assert loaded(warehouse, two).exit_code == 0
    assert published(warehouse, f"{lines} AND record_type = 'line'") == [("usage", "Compute", 200)]
    with opened_as_of(warehouse, evening) as connection:
        assert connection.execute(FACTS).fetchall() == facts
        assert sorted(connection.execute(lines).fetchall(), key=str) == [
            ("tax", None, 21),
            ("usage", "Compute", 101),
        ]

    assert rename_account(warehouse, "focus", "cloud", "renamed", lock_timeout=0) == 2
    renamed = loaded(warehouse, {"renamed": two["cloud"], "other": two["other"]})
    assert (renamed.exit_code, [each.new_versions for each in renamed.outcomes]) == (0, [0, 0])
    with closing(connect(warehouse)) as connection:
        [(rows,)] = connection.execute("SELECT count(*) FROM raw.charges").fetchall()
    assert rows == 4 + 1 + 1 + 1


def test_check_names_the_file_and_what_to_do(billhouse: Billhouse, two: dict[str, Path]) -> None:
    two["other"].write_bytes(b"PAR1")
    configured = json.dumps([{"name": name, "path": str(path)} for name, path in two.items()])
    done = billhouse("check", variables={"SOURCES__FOCUS__ACCOUNTS": configured, "COLUMNS": "500"})
    assert done.returncode == 1, done.stderr
    cloud, other = (line for line in done.stdout.splitlines() if line.startswith("focus"))
    assert cloud.split() == ["focus", "cloud", "ok"]
    assert "other.parquet: it can't be read: " in other
