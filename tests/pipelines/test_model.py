"""What is read from the SQL files, and which files are refused as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.transform import project
from pipelines.transform.model import SCHEMAS, TRANSFORMS, ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in SCHEMAS:
        (tmp_path / kind).mkdir()
    (tmp_path / "source.sql").write_text("SELECT 1")
    return tmp_path


def write(folder: Path, name: str, query: str) -> None:
    (folder / "marts" / f"{name}.sql").write_text(f"-- One row.\n-- kept: whole\n{query}")


def test_marts_are_described_column_by_column() -> None:
    marts = [each for each in project.models() if each.is_mart]
    assert {each.name for each in marts} == {
        f"marts.{path.stem}" for path in (TRANSFORMS / "marts").glob("*.sql")
    }
    for each in marts:
        assert each.comment.startswith("One row per ")
        assert "kept:" not in each.comment
        assert list(each.columns)
        assert all(each.columns.values())
    [invoices] = [each for each in marts if each.name == "marts.fct_invoices"]
    assert invoices.columns["paid_at"] == "when it was paid"


def test_what_is_read_is_what_a_parser_finds() -> None:
    references = {each.name: each.references for each in project.models()}
    assert references["marts.fct_invoices"] == {
        "intermediate.invoice_rates",
        "staging.stg_all__invoices",
    }
    assert references["staging.source_all__line_items"] == {
        "staging.source_digitalocean__line_items",
        "staging.source_planetscale__line_items",
    }
    assert references["staging.source_planetscale__line_items"] == set()


def test_a_comment_is_no_reference(folder: Path) -> None:
    write(folder, "a", "SELECT 1 AS one, 'FROM staging.d' AS two -- FROM staging.c\n")
    assert [each.references for each in project.models(folder)] == [frozenset()]


def test_a_file_that_reads_what_no_file_builds_is_named(folder: Path) -> None:
    write(folder, "a", "SELECT 1 AS one FROM staging.b")
    with pytest.raises(ModelError, match=r"marts/a\.sql reads staging\.b, which no file"):
        project.models(folder)


def test_files_that_read_each_other_are_named(folder: Path) -> None:
    write(folder, "a", "SELECT 1 AS one FROM marts.b")
    write(folder, "b", "SELECT 1 AS one FROM marts.a")
    with pytest.raises(ModelError, match="read each other"):
        project.models(folder)


def test_layers_read_downwards() -> None:
    """What a vendor states knows nothing of the rules for all, and those nothing of the marts."""
    upwards = {
        (each.name, read)
        for each in project.models()
        for read in each.references
        if SCHEMAS.index(read.partition(".")[0]) > SCHEMAS.index(each.name.partition(".")[0])
    }
    vendors = {each.name.split("_")[1] for each in project.models() if "__invoices" in each.name}
    # The columns that all vendors have in common come last, the lines of some hang on the listed
    # document, of which the version that counts is read, which totals of a document are invoices
    # depends on what is a currency, and months and tags are those of finished lines.
    allowed = {
        (f"staging.stg_{vendor}__invoices", f"intermediate.{read}")
        for vendor in vendors
        for read in ("invoices", "details", "refunds")
    } | {
        (f"staging.stg_{vendor}__counted_documents", "intermediate.invoices")
        for vendor in ("versori", "focus", "fastly", "ovhcloud", "cockroachdb")
    }
    allowed |= {("staging.stg_cockroachdb__invoice_readings", "intermediate.currencies")}
    allowed |= {
        (f"intermediate.{read}", "marts.fct_invoice_lines")
        for read in ("line_periods", "line_tags")
    }
    assert upwards <= allowed
