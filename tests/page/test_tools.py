"""docs/tools.md as people follow it: dlt's own command, dbt, a notebook."""

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
