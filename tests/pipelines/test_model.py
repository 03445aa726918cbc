"""What is read from the SQL files by pattern is what a parser reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from pipelines import model
from pipelines.model import TRANSFORMS

FILES = sorted(path for kind in ("staging", "marts") for path in (TRANSFORMS / kind).glob("*.sql"))


def parsed(path: Path) -> exp.Expr:
    # A template's name is no identifier until it is filled in.
    query = path.read_text(encoding="utf-8").replace("{vendor}", "turso")
    return sqlglot.parse_one(query, read="duckdb")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_references_are_the_tables_that_a_parser_finds(path: Path) -> None:
    name = f"{path.parent.name}.{path.stem}".replace("{vendor}", "turso")
    [one] = [each for each in model.models() if each.name == name]
    tables = {f"{each.db}.{each.name}" for each in parsed(path).find_all(exp.Table) if each.db}
    assert one.references == tables - {"staging.run"}


def test_comments_are_the_columns_that_a_parser_finds() -> None:
    for description in model.descriptions():
        query = parsed(TRANSFORMS / f"{description.table.replace('.', '/')}.sql")
        assert isinstance(query, exp.Query)
        columns = {
            each.alias_or_name: " ".join(comment.strip() for comment in each.comments or [])
            for each in query.selects
        }
        assert description.columns == columns
        assert all(columns.values())


def test_marts_and_what_audits_read_are_kept() -> None:
    kept = {each.name for each in model.models() if each.is_kept}
    assert {f"marts.{path.stem}" for path in (TRANSFORMS / "marts").glob("*.sql")} < kept
    assert {"staging.stg_turso__invoices", "staging.invoices", "staging.currencies"} < kept
    assert not {"staging.line_amounts", "staging.stg_mongodb__detail_parts"} & kept


def test_a_file_that_reads_what_no_file_builds_is_named(tmp_path: Path) -> None:
    for kind in ("staging", "marts"):
        (tmp_path / kind).mkdir()
    (tmp_path / "source.sql").write_text("SELECT 1")
    (tmp_path / "marts" / "a.sql").write_text("-- One row.\nSELECT 1 AS one FROM staging.b")
    with pytest.raises(model.ModelError, match=r"marts\.a reads staging\.b, which no file builds"):
        model.models(tmp_path)


def test_files_that_read_each_other_are_named(tmp_path: Path) -> None:
    for kind in ("staging", "marts"):
        (tmp_path / kind).mkdir()
    (tmp_path / "source.sql").write_text("SELECT 1")
    (tmp_path / "marts" / "a.sql").write_text("-- One row.\nSELECT 1 AS one FROM marts.b")
    (tmp_path / "marts" / "b.sql").write_text("-- One row.\nSELECT 1 AS one FROM marts.a")
    with pytest.raises(model.ModelError, match="read each other"):
        model.models(tmp_path)
