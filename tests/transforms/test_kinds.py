"""How a model is kept is said by its head, and what can't be kept so is refused with a reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.transform import project
from pipelines.transform.model import SCHEMAS, TRANSFORMS, ModelError

INVOICES = "FROM marts.fct_invoices AS invoice"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project, since each one that is new is parsed in full."""
    for kind in (*SCHEMAS, "audits"):
        (tmp_path / kind).mkdir()
    shutil.copy(TRANSFORMS / "source.sql", tmp_path)
    raw = "SELECT *, document_key AS identity FROM staging.source_turso__invoices"
    add(tmp_path, "view", raw, "staging/stg_turso__invoice_readings")
    versions = "SELECT *, 1 AS total_cents FROM staging.stg_turso__invoice_readings"
    add(tmp_path, "scratch", versions, "staging/versions")
    invoices = "SELECT document_key AS invoice_id, * FROM staging.versions"
    add(tmp_path, "by invoice", invoices, "marts/fct_invoices")
    months = "SELECT account, count(*) AS invoices FROM marts.fct_invoices GROUP BY account"
    add(tmp_path, "whole", months, "marts/months")
    add(tmp_path, "view", "SELECT account FROM staging.versions", "staging/accounts")
    return tmp_path


def add(folder: Path, kind: str, query: str, name: str = "marts/added") -> None:
    (folder / f"{name}.sql").write_text(f"-- One row per thing.\n-- kept: {kind}\n{query}\n")


def reason(folder: Path) -> str:
    with pytest.raises(ModelError) as refused:
        project.models(folder)
    return str(refused.value)


@pytest.mark.parametrize(
    ("query", "line", "part"),
    [
        (f"SELECT account, total_cents\n{INVOICES}", 3, "no column invoice_id"),
        (
            "SELECT\n    invoice_id,\n    lag(total_cents) OVER (\n"
            f"        PARTITION BY account ORDER BY due_at\n    ) AS b\n{INVOICES}",
            5,
            "isn't partitioned by invoice_id",
        ),
        (
            f"SELECT invoice_id, sum(total_cents) OVER w AS b\n{INVOICES}\n"
            "WINDOW w AS (PARTITION BY vendor)",
            5,
            "PARTITION BY vendor",
        ),
        (
            f"SELECT invoice_id, rank() OVER (ORDER BY due_at) AS b\n{INVOICES}",
            3,
            "isn't partitioned by invoice_id",
        ),
        (
            f"SELECT invoice_id\n{INVOICES}\n"
            "QUALIFY row_number() OVER (PARTITION BY account ORDER BY due_at) = 1",
            5,
            "PARTITION BY account",
        ),
        (
            f"SELECT min(invoice_id) AS invoice_id, account\n{INVOICES}\nGROUP BY account",
            5,
            "GROUP BY account lacks invoice_id",
        ),
        (
            f"SELECT min(invoice_id) AS invoice_id, account\n{INVOICES}\nGROUP BY ALL",
            3,
            "lacks invoice_id",
        ),
        (
            f"SELECT count(*) AS n, invoice_id\n{INVOICES}\nGROUP BY ROLLUP (invoice_id)",
            5,
            "several invoices",
        ),
        (
            f"SELECT invoice_id, (SELECT max(total_cents)\n{INVOICES}) AS b\n{INVOICES}",
            3,
            "there is no GROUP BY",
        ),
        (
            f"SELECT invoice_id, (SELECT histogram(total_cents)\n{INVOICES}) AS b\n{INVOICES}",
            3,
            "there is no GROUP BY",
        ),
        (f"SELECT invoice_id\n{INVOICES}\nORDER BY due_at\nLIMIT 10", 6, "takes some rows"),
        (
            f"WITH a AS (SELECT DISTINCT account\n{INVOICES})\n"
            f"SELECT invoice_id, a.account\n{INVOICES}, a",
            3,
            "SELECT DISTINCT lacks invoice_id",
        ),
        (
            f"WITH a AS (\nSELECT account {INVOICES}\nEXCEPT\nSELECT vendor {INVOICES})\n"
            f"SELECT invoice_id, a.account\n{INVOICES}, a",
            4,
            "EXCEPT",
        ),
    ],
)
def test_what_looks_beyond_an_invoice_is_not_kept_by_invoice(
    folder: Path, query: str, line: int, part: str
) -> None:
    add(folder, "by invoice", query)
    told = reason(folder)
    assert told.startswith(f"transforms/marts/added.sql, line {line}: ")
    assert part in told
    assert "-- kept: whole" in told
    add(folder, "whole", query)
    assert project.models(folder)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT *, count(*) OVER (PARTITION BY account) AS invoices FROM {source}",
        "SELECT account, min(document_key) AS document_key FROM {source} GROUP BY account",
        "SELECT account, listing, count(*) AS b FROM {source} GROUP BY account, listing",
        "SELECT *, document_key IN (SELECT max(document_key) FROM {source}) AS b FROM {source}",
    ],
)
def test_a_reading_that_has_to_know_of_other_documents_asks_all_of_them(
    folder: Path, query: str
) -> None:
    used = "SELECT * FROM staging.stg_turso__added"
    add(folder, "scratch", used, "intermediate/used")
    name = "staging/stg_turso__added"
    add(folder, "view", query.format(source="staging.source_turso__invoices"), name)
    assert "look up what it has to know of others in staging.whole_" in reason(folder)
    add(folder, "view", query.format(source="staging.whole_turso__invoices"), name)
    [whole] = [each for each in project.models(folder) if each.is_whole_source]
    assert whole.name == "staging.whole_turso__invoices"


def test_what_looks_at_one_invoice_is_kept_by_invoice(folder: Path) -> None:
    add(
        folder,
        "by invoice",
        """
        WITH numbered AS (
            SELECT
                invoice_id, account,
                row_number() OVER (PARTITION BY invoice_id ORDER BY valid_from) AS place,
                lag(total_cents) OVER w AS before,
                count(*) OVER (PARTITION BY vendor, account, identity) AS versions
            FROM staging.versions
            WINDOW w AS (PARTITION BY invoice_id ORDER BY valid_from)
        )
        SELECT invoice_id, account, max(before) AS before, sum(max(place)) OVER (
            PARTITION BY invoice_id) AS s, count(*) FILTER (place > 1) AS later
        FROM numbered GROUP BY ALL
        UNION
        SELECT DISTINCT invoice_id, account, 1, 1, 1 FROM numbered
        """,
    )
    assert "marts.added" in {each.name for each in project.models(folder)}


def test_what_is_built_in_between_must_not_look_beyond_an_account(folder: Path) -> None:
    query = "SELECT invoice_id, lag(total_cents) OVER (PARTITION BY {} ORDER BY valid_from) AS b"
    query += " FROM staging.versions"
    add(folder, "scratch", query.format("account, total_cents"), "staging/added")
    assert project.models(folder)
    add(folder, "scratch", query.format("vendor"), "staging/added")
    told = reason(folder)
    assert "staging/added.sql, line 3: " in told
    assert "isn't partitioned by account" in told


def test_a_head_says_how_a_model_is_kept(folder: Path) -> None:
    for head in ("", "-- One row.\n", "-- One row.\n-- kept: for ever\n", "-- kept: whole\n"):
        (folder / "marts" / "added.sql").write_text(f"{head}SELECT 1 AS one\n")
        assert "'-- kept: by invoice', '-- kept: whole'" in reason(folder)


def test_what_is_kept_reads_only_what_is_kept(folder: Path) -> None:
    add(folder, "whole", "SELECT count(*) AS lines FROM staging.accounts")
    assert "marts/added.sql reads staging.accounts, which a build needs in between" in reason(
        folder
    )
    add(folder, "whole", "SELECT count(*) AS invoices FROM marts.fct_invoices")
    (folder / "audits" / "added.sql").write_text(
        "-- error: x\nSELECT account FROM staging.versions"
    )
    assert "audits/added.sql reads staging.versions, which" in reason(folder)


def test_what_is_built_by_invoice_reads_nothing_made_of_all(folder: Path) -> None:
    add(
        folder,
        "by invoice",
        "SELECT invoice_id FROM marts.fct_invoices JOIN marts.months USING (account)",
    )
    assert "reads marts.months, which is kept whole" in reason(folder)


def test_a_file_that_is_no_query_is_named(folder: Path) -> None:
    add(folder, "whole", "SELECT (1 AS one")
    assert "transforms/marts/added.sql can't be read as SQL" in reason(folder)
    add(folder, "whole", "DROP TABLE marts.fct_invoices")
    assert "transforms/marts/added.sql must hold one SELECT" in reason(folder)
