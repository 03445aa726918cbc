"""docs/tools.md as people follow it: dlt's own command, dbt, a notebook; docs/finops.md's SQL."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.warehouse.files import Warehouse
from tests.page.conftest import Command
from tests.support.commands import said

ROOT = Path(__file__).parents[2]
UV = ROOT / ".uv" / "bin" / "uv"
PAGE = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
# Newer dbt-core needs packages that no registry has.
DBT = ("dbt-duckdb==1.11.1", "dbt-core<1.12", f"duckdb=={duckdb.__version__}")


@pytest.fixture
def copied(example: Warehouse, tmp_path: Path) -> Path:
    """A copy of the example's warehouse."""
    return Path(shutil.copytree(example.directory, tmp_path / "warehouse"))


def block(language: str, warehouse: Path) -> str:
    """What the page has in this language, about this warehouse."""
    [text] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(text).replace("/srv/billhouse/warehouse", str(warehouse))


def says(command: Sequence[str | Path], folder: Path, **variables: str) -> str:
    return said(command, folder, os.environ | variables)


def without_project(*requirements: str) -> list[str | Path]:
    """A command in an environment that holds these alone."""
    wanted = [part for each in requirements for part in ("--with", each)]
    return [UV, "run", "--no-project", "--quiet", "--python", sys.executable, *wanted]


def test_dlt_restores_what_it_knows(copied: Path, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = ["bash", "-e", "-c", block("bash", copied)]
    said = says(shell, tmp_path, PATH=path, HOME=str(tmp_path))
    assert "pipeline_name: billhouse" in said
    assert "turso__invoices with 1 table(s)" in said
    assert "valid_from" in said


@pytest.mark.skipif(not UV.exists(), reason="uv is not installed in .uv")
def test_dbt_builds_on_the_sources(copied: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(ROOT / "docs" / "dbt" / "sources.yml", models)
    (models / "monthly.sql").write_text(block("sql", copied))
    (tmp_path / "profiles.yml").write_text(block("yaml", copied))
    project = {"name": "finance", "profile": "billhouse", "version": "1.0"}
    (tmp_path / "dbt_project.yml").write_text(yaml.safe_dump(project))
    dbt = [*without_project(*DBT), "dbt", "--no-send-anonymous-usage-stats"]
    says([*dbt, "build"], tmp_path)
    with duckdb.connect(tmp_path / "models.duckdb", read_only=True) as connection:
        found = connection.execute("SELECT sum(amount) FROM monthly").fetchone()
    with duckdb.connect(copied / "billhouse.duckdb", read_only=True) as connection:
        assert found == connection.execute("SELECT sum(amount) FROM spend").fetchone()


@pytest.mark.skipif(not UV.exists(), reason="uv is not installed in .uv")
def test_a_notebook_reads_exact_amounts(copied: Path, tmp_path: Path) -> None:
    [requirements] = re.findall(r"`pip install (.+?)`", PAGE)
    program = block("python", copied) + "print(repr(spend['amount'].sum()), spend['month'].max())"
    command = [*without_project(*requirements.split()), "python", "-c", program]
    said = says(command, tmp_path).splitlines()[-1]
    with duckdb.connect(copied / "billhouse.duckdb", read_only=True) as connection:
        row = connection.execute("SELECT sum(amount), max(month) FROM spend").fetchone()
    assert row is not None
    amount, month = row
    found = re.fullmatch(r"Decimal\('(.+)'\) (.+)", said)
    assert found is not None, said
    assert (Decimal(found[1]), found[2]) == (amount, str(month))


def test_what_finops_tools_are_given_is_the_whole_export(
    example: Warehouse, billhouse: Command, tmp_path: Path
) -> None:
    file = tmp_path / "cost-and-usage.parquet"
    options = ("--dataset", "cost-and-usage", "--output", str(file))
    finished = billhouse(example, "export", "focus", *options)
    assert finished.returncode == 0, finished.stderr
    finops = (ROOT / "docs" / "finops.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", finops, re.DOTALL)
    assert len(queries) == 3
    exported = f"FROM '{file}'"
    with duckdb.connect() as connection:
        for query in queries:
            for name in (file.name, "vantage.csv", "cloudzero.csv.gz", "months"):
                query = query.replace(f"'{name}'", f"'{tmp_path / name}'")
            connection.execute(query)
        for given, expected in (
            ("sum(BilledCost) FROM '{}/vantage.csv'", f"{exported} WHERE NOT x_IsEstimate"),
            (
                "sum(\"cost/cost\") FROM '{}/cloudzero.csv.gz'",
                f"{exported} WHERE BillingCurrency = 'USD'",
            ),
            ("sum(BilledCost) FROM '{}/months/*/*/*.parquet'", exported),
        ):
            [found] = connection.execute(f"SELECT count(*), {given.format(tmp_path)}").fetchall()
            [stated] = connection.execute(f"SELECT count(*), sum(BilledCost) {expected}").fetchall()
            assert found[0] == stated[0] > 0
            assert abs(Decimal(str(found[1])) - Decimal(str(stated[1]))) < Decimal("0.0001")
