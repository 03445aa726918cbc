"""Files for other tools, and answers as of an earlier day."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from focus_data_toolkit.official_report import parse_report

from pipelines.config.configuration import Configuration
from pipelines.errors import JobError, UsageError
from pipelines.job import run as job
from pipelines.publish import export, read, workbook
from pipelines.publish.export import FileFormat, FocusVersion
from pipelines.transform.as_of import moment_of, opened_as_of
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sandbox.server import running
from sandbox.world import World
from tests.pipelines.processes import Billhouse
from tests.pipelines.publishing import publish_tables

Rows = list[dict[str, Any]]
DATASETS = ("invoice-detail", "billing-period")


class Runs:
    """A warehouse after two runs, a month apart: what each published, and when it began."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.answers: list[dict[str, Rows]] = []
        self.ended_at: list[datetime] = []

    def run(self) -> None:
        job.run(self.warehouse, Configuration().accounts(), listener=lambda _: None)
        self.ended_at.append(datetime.now(UTC))
        with read.opened(self.warehouse) as connection:
            tables = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
            self.answers.append(
                {
                    table: read.ask(connection, f"FROM {table} ORDER BY ALL").to_pylist()
                    for table in tables
                }
            )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    made = Runs(Warehouse(tmp_path_factory.mktemp("it's") / "warehouse"))
    with running(World(months=6)) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment().items():
            patch.setenv(name, value)
        made.run()
        sandbox.advance()
        made.run()
    return made


def toolkit(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "focus_data_toolkit", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_focus_toolkit_accepts_the_export(
    runs: Runs, file_format: FileFormat, tmp_path: Path
) -> None:
    exported = export.export_focus(runs.warehouse, tmp_path, file_format)
    assert [each.path.name for each in exported.files] == [f"{n}.{file_format}" for n in DATASETS]
    assert exported.invoices_left_out == sum(
        row["billing_period_start"] is None for row in runs.answers[-1]["fct_invoices"]
    )
    assert exported.lines_left_out == sum(
        row["amount_cents"] is None for row in runs.answers[-1]["fct_invoice_lines"]
    )
    for name in DATASETS:
        checked = toolkit("validate", "--dataset", name, str(tmp_path / f"{name}.{file_format}"))
        assert checked.returncode == 0, checked.stdout
    checked = toolkit("validate-bundle", "--directory", str(tmp_path))
    assert checked.returncode == 0, checked.stdout


def invoices_of_money(runs: Runs) -> list[dict[str, Any]]:
    """What FOCUS can say: credits have no place in it, and each charge has a period."""
    return [
        row
        for row in runs.answers[-1]["fct_invoices"]
        if row["billing_period_start"] is not None and row["currency"] in {"USD", "EUR", "GBP"}
    ]


def test_focus_asks_for_exactly_what_the_invoices_do(runs: Runs, tmp_path: Path) -> None:
    export.export_focus(runs.warehouse, tmp_path, "parquet")
    table = parquet.read_table(tmp_path / "invoice-detail.parquet")
    assert pa.types.is_decimal(table.schema.field("BilledCost").type)
    billed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    states = set()
    for row in table.to_pylist():
        billed[row["BillingAccountId"], row["InvoiceId"]] += row["BilledCost"]
        states.add((row["InvoiceIssueStatus"], row["x_PaymentStatus"]))
        assert row["ReferenceInvoiceId"] == row["InvoiceId"]
    assert billed == {
        (row["account"], row["invoice_number"] or row["invoice_id"]): Decimal(row["total_cents"])
        / 100
        for row in invoices_of_money(runs)
    }
    assert {("Open", "upcoming"), ("Issued", "paid"), ("Voided", "void")} <= states
    assert all((issue == "Open") == (status == "upcoming") for issue, status in states)


@pytest.fixture(scope="module")
def charges(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cost and Usage in each version and format, in folders of the version's name."""
    folder = tmp_path_factory.mktemp("charges")
    versions: tuple[FocusVersion, ...] = ("1.2", "1.4")
    formats: tuple[FileFormat, ...] = ("csv", "parquet")
    for version in versions:
        for file_format in formats:
            export.export_cost_and_usage(runs.warehouse, folder / version, file_format, version)
    return folder


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_focus_toolkit_accepts_charges(charges: Path, file_format: str) -> None:
    file = charges / "1.4" / f"cost-and-usage.{file_format}"
    checked = toolkit("validate", "--dataset", "cost-and-usage", str(file))
    assert checked.returncode == 0, checked.stdout


# The half of an OR that can't be true where the other one is: what it is a part of passes.
EITHER_OR = {"InvoiceId-C-004-C": "InvoiceId-C-003-C"}
VALIDATOR = Path(__file__).parents[1] / "focus" / "validator.py"
FOCUS = Path(__file__).parents[2] / ".focus"


def broken_rules(file: Path) -> set[str]:
    """What the FinOps Foundation's validator finds wrong. It ends with 0 whatever it finds."""
    done = subprocess.run(
        [
            *(FOCUS / "bin" / "python", VALIDATOR, "--data-file", file),
            *("--validate-version", "1.2.0.1", "--block-download"),
        ],
        cwd=FOCUS / "validator",
        env={**os.environ, "PYTHONPATH": str(FOCUS / "validator")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = parse_report(done.stdout)
    rules = report["rules"]
    assert report["total"] > 500
    assert report["passed"] > 100
    assert all(rules[parent]["status"] == "PASS" for parent in EITHER_OR.values())
    return {rule for rule, found in rules.items() if found["status"] == "FAIL"}


@pytest.mark.slow
@pytest.mark.skipif(not FOCUS.is_dir(), reason="focus-validator is not installed: make focus")
def test_the_foundations_validator_accepts_charges(charges: Path, tmp_path: Path) -> None:
    assert broken_rules(charges / "1.2" / "cost-and-usage.parquet") == EITHER_OR.keys()
    table = parquet.read_table(charges / "1.2" / "cost-and-usage.parquet")
    wrong = table.set_column(
        table.schema.get_field_index("ChargeCategory"),
        "ChargeCategory",
        pa.array(["Fee"] * table.num_rows),
    )
    parquet.write_table(wrong.drop_columns(["BilledCost"]), tmp_path / "wrong.parquet")
    found = broken_rules(tmp_path / "wrong.parquet")
    assert {"BilledCost-C-000-M", "ChargeCategory-C-000-M"} <= found


def test_charges_add_up_to_spend(runs: Runs, charges: Path) -> None:
    answers = runs.answers[-1]
    known = {row["invoice_id"] for row in invoices_of_money(runs)}
    spent: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in answers["spend"]:
        if row["invoice_id"] in known:
            spent[row["account"], row["currency"], row["line_id"]] += row["amount"] or Decimal(0)
    for version in ("1.2", "1.4"):
        table = parquet.read_table(charges / version / "cost-and-usage.parquet")
        assert pa.types.is_decimal(table.schema.field("BilledCost").type)
        rows = table.to_pylist()
        assert {"HostProviderName", "ServiceProviderName", "InvoiceDetailId"} <= set(
            table.column_names
        ) or version == "1.2"
        assert {"ProviderName", "PublisherName"} <= set(table.column_names) or version == "1.4"
        billed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in rows:
            billed[row["BillingAccountId"], row["BillingCurrency"]] += row["BilledCost"]
            assert row["BilledCost"] == row["EffectiveCost"] == row["ListCost"]
            assert row["ChargePeriodStart"] < row["ChargePeriodEnd"]
            assert row["x_PaymentStatus"] != "void"
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for (account, currency, _), amount in spent.items():
            sums[account, currency] += amount
        assert billed == sums
    lines = {row["InvoiceDetailId"]: row["BilledCost"] for row in rows}
    assert len(lines) == len(rows)
    assert lines == {line: amount for (_, _, line), amount in spent.items() if line in lines}
    assert {row["ChargeCategory"] for row in rows} >= {"Usage", "Tax", "Credit", "Adjustment"}
    assert {row["x_PricingQuantityBasis"] for row in rows} == {"stated", "derived", None}


def test_invoice_detail_says_what_is_paid(runs: Runs, tmp_path: Path) -> None:
    export.export_focus(runs.warehouse, tmp_path, "parquet")
    rows = parquet.read_table(tmp_path / "invoice-detail.parquet").to_pylist()
    found = {
        (row["BillingAccountId"], row["InvoiceId"]): (
            row["x_InvoicePaidAmount"],
            row["x_InvoicePaidDate"],
        )
        for row in rows
    }
    assert found == {
        (row["account"], row["invoice_number"] or row["invoice_id"]): (
            None if row["paid_cents"] is None else Decimal(row["paid_cents"]) / 100,
            row["paid_at"],
        )
        for row in invoices_of_money(runs)
    }
    assert any(amount and moment for amount, moment in found.values())


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_every_table_is_exported_as_it_is(
    runs: Runs, file_format: FileFormat, tmp_path: Path
) -> None:
    (tmp_path / f"fct_invoices.{file_format}").write_text("an older export")
    files = export.export_tables(runs.warehouse, tmp_path, file_format)
    answers = runs.answers[-1]
    assert {each.path.stem: each.rows for each in files} == {
        table: len(rows) for table, rows in answers.items()
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        each.path.name for each in files
    )
    invoices = tmp_path / f"fct_invoices.{file_format}"
    if file_format == "parquet":
        rows = parquet.read_table(invoices).to_pylist()
        assert sorted(rows, key=str) == sorted(answers["fct_invoices"], key=str)
    else:
        with invoices.open(newline="") as file:
            texts = {(row["invoice_id"], row["total_cents"]) for row in csv.DictReader(file)}
        assert texts == {
            (row["invoice_id"], str(row["total_cents"])) for row in answers["fct_invoices"]
        }


def test_an_export_that_cannot_be_written(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="--output"):
        export.export_tables(runs.warehouse, tmp_path / "file", "csv")
    with pytest.raises(JobError, match="billhouse run"):
        export.export_focus(Warehouse(tmp_path / "none"), tmp_path, "csv")


def test_as_of_gives_the_earlier_answers(runs: Runs) -> None:
    before = {file: file.stat().st_mtime_ns for file in runs.warehouse.directory.glob("*.duckdb")}
    for answers, moment in zip(runs.answers, runs.ended_at, strict=True):
        with opened_as_of(runs.warehouse, moment) as connection:
            assert {name for (name,) in connection.execute("SHOW TABLES").fetchall()} == set(
                answers
            )
            for table, rows in answers.items():
                then = read.ask(connection, f"FROM {table} ORDER BY ALL").to_pylist()
                assert then == rows, table
            with pytest.raises(JobError, match="disabled"):
                read.ask(connection, "FROM read_text('/etc/hostname')")
    with opened_as_of(runs.warehouse, runs.ended_at[0] - timedelta(days=1)) as connection:
        assert read.ask(connection, "FROM fct_invoices").num_rows == 0
    assert before == {file: file.stat().st_mtime_ns for file in before}
    assert len(runs.answers[1]["fct_invoices"]) > len(runs.answers[0]["fct_invoices"])


def test_as_of_during_a_run(runs: Runs) -> None:
    with (
        holding(runs.warehouse, lock_timeout=0),
        pytest.raises(JobError, match="A run is at work"),
        opened_as_of(runs.warehouse, runs.ended_at[0]),
    ):
        pass


def test_as_of_holds_no_run_up(runs: Runs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """While the answer is built, and while it is asked, a run may begin; and no copy is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    begun = []

    def build(*arguments: Any, **options: Any) -> Any:
        with holding(runs.warehouse, lock_timeout=0), closing(connect(runs.warehouse)) as work:
            begun.append(work.execute("SELECT count(*) FROM marts.load_results").fetchone())
        assert not list(tmp_path.rglob("*.duckdb*"))
        return built(*arguments, **options)

    module = import_module("pipelines.transform.build")
    built = module.build
    monkeypatch.setattr(module, "build", build)
    with opened_as_of(runs.warehouse, runs.ended_at[0]) as connection:
        then = read.ask(connection, "FROM fct_invoices ORDER BY ALL").to_pylist()
        with holding(runs.warehouse, lock_timeout=0):
            pass
    assert begun
    assert then == runs.answers[0]["fct_invoices"]


NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01", datetime(2026, 5, 1, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("2026-05-03", NOW),
        ("2026-05-01T09:30:00Z", datetime(2026, 5, 1, 9, 30, tzinfo=UTC)),
        ("2026-05-01T09:30:00+02:00", datetime(2026, 5, 1, 7, 30, tzinfo=UTC)),
        ("2026-05-01 09:30", datetime(2026, 5, 1, 9, 30, tzinfo=UTC)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert moment_of(text, now=NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-05-04", "2026-05-03T12:01Z"])
def test_moments_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="--as-of"):
        moment_of(text, now=NOW)


def test_from_the_command_line(runs: Runs, billhouse: Billhouse, tmp_path: Path) -> None:
    variables = {"WAREHOUSE__DIRECTORY": str(runs.warehouse.directory)}
    exported = billhouse("export", "focus", "--output", "focus", variables=variables)
    assert exported.returncode == 0, exported.stderr
    assert "Left out" in exported.stdout
    assert (tmp_path / "focus" / "invoice-detail.parquet").exists()
    arguments = ["--output", "charges", "--dataset", "cost-and-usage", "--version", "1.4"]
    exported = billhouse("export", "focus", *arguments, variables=variables)
    assert exported.returncode == 0, exported.stderr
    columns = parquet.read_schema(tmp_path / "charges" / "cost-and-usage.parquet").names
    assert "HostProviderName" in columns
    moment = runs.ended_at[0].isoformat()
    sql = "SELECT count(*) AS n FROM fct_invoices"
    asked = billhouse("query", "--as-of", moment, "--format", "csv", sql, variables=variables)
    assert asked.stdout == f"n\n{len(runs.answers[0]['fct_invoices'])}\n", asked.stderr
    assert billhouse("query", "--as-of", "soon", sql, variables=variables).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["parquet", "--output", "x", "--format", "csv"], "--format"),
        (["csv", "--output", "x", "--format", "parquet"], "--format"),
        (["csv", "--output", "x", "--schema", "a"], "--schema"),
        (["parquet", "--output", "x", "--raw"], "--raw"),
        (["focus", "--output", "x", "--raw"], "--raw"),
        (["focus", "--output", "x", "--version", "1.2"], "--version"),
        (["csv", "--output", "x", "--dataset", "cost-and-usage"], "--dataset"),
        (["focus", "--output", "x", "--url", "postgresql:///x"], "--url"),
        (["postgres", "--output", "x", "--url", "postgresql:///x"], "--output"),
        (["postgres", "--format", "csv", "--url", "postgresql:///x"], "--format"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(
    arguments: list[str], option: str, runs: Runs, billhouse: Billhouse, tmp_path: Path
) -> None:
    variables = {"WAREHOUSE__DIRECTORY": str(runs.warehouse.directory)}
    refused = billhouse("export", *arguments, variables=variables)
    assert refused.returncode == 2
    assert option in refused.stderr
    assert not (tmp_path / "x").exists()


def test_a_variable_for_another_export_is_no_option(
    runs: Runs, billhouse: Billhouse, tmp_path: Path
) -> None:
    variables = {
        "WAREHOUSE__DIRECTORY": str(runs.warehouse.directory),
        "BILLHOUSE_POSTGRES_URL": "postgresql:///x",
    }
    exported = billhouse("export", "parquet", "--output", "x", variables=variables)
    assert exported.returncode == 0, exported.stderr


def test_exports_follow_the_umask_and_keep_a_mode_that_was_set(runs: Runs, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        [file, *_] = export.export_tables(runs.warehouse, tmp_path / "x", "parquet")
        assert file.path.stat().st_mode & 0o777 == 0o640
        assert file.path.parent.stat().st_mode & 0o777 == 0o750
        file.path.chmod(0o604)
        export.export_tables(runs.warehouse, tmp_path / "x", "parquet")
        assert file.path.stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(before)


def test_a_workbook_has_real_dates_and_numbers(
    warehouse: Warehouse, billhouse: Billhouse, tmp_path: Path
) -> None:
    publish_tables(
        warehouse,
        {
            "payables": "SELECT '=1+1' AS words, DATE '2026-02-28' AS due_on, 9.95::DECIMAL(38, 4)"
            " AS to_pay, TIMESTAMPTZ '2026-03-01 01:30:00+02' AS moment, -12345::BIGINT AS cents,"
            " 1234567890123.4567::DECIMAL(38, 4) AS long, true AS yes, NULL::DATE AS nothing"
            " FROM range(3)",
            "spend": "SELECT repeat('x', 40000) AS long",
            "other": "SELECT 1 AS a",
        },
    )
    finished = billhouse("export", "xlsx", "--output", "books")
    assert finished.returncode == 0, finished.stderr
    book = openpyxl.load_workbook(tmp_path / "books" / "billhouse.xlsx")
    assert book.sheetnames == ["spend", "payables", "other"]
    head, first, *rest = book["payables"].iter_rows()
    assert len(rest) == 2
    assert dict(
        zip([cell.value for cell in head], [cell.value for cell in first], strict=True)
    ) == {
        "words": "=1+1",
        "due_on": datetime(2026, 2, 28),
        "to_pay": 9.95,
        "moment": datetime(2026, 2, 28, 23, 30),
        "cents": -12345,
        "long": "1234567890123.4567",
        "yes": True,
        "nothing": None,
    }
    assert [cell.data_type for cell in first] == ["s", "d", "n", "d", "n", "s", "b", "n"]
    assert first[1].number_format == "yyyy-mm-dd"
    assert book["spend"]["A2"].value.endswith("x…")


def test_a_table_that_is_longer_than_a_sheet(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workbook, "_ROWS_OF_A_SHEET", 3)
    publish_tables(warehouse, {"lines": "FROM range(2)"})
    assert workbook.export_workbook(warehouse, tmp_path).rows == 2
    before = (tmp_path / "billhouse.xlsx").read_bytes()
    publish_tables(warehouse, {"lines": "FROM range(3)"})
    with pytest.raises(JobError, match="lines has more rows than a sheet holds"):
        workbook.export_workbook(warehouse, tmp_path)
    assert (tmp_path / "billhouse.xlsx").read_bytes() == before
