"""Against a real PostgreSQL, started for these tests on a socket of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg
import pytest

from pipelines.errors import JobError, UsageError
from pipelines.publish.export_postgres import _parameters, export_postgres
from pipelines.publish.postgres_tables import _KEYS
from pipelines.transform.project import mart_names
from pipelines.warehouse.files import Warehouse
from tests.pipelines.processes import Billhouse
from tests.pipelines.publishing import publish_tables
from tests.support.postgresql import PASSWORD, needs_postgresql, running_postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an empty database."""
    with running_postgresql() as url:
        yield url


@pytest.fixture
def published(warehouse: Warehouse) -> Warehouse:
    """A warehouse with one table of all types that marts have, and awkward values in it."""
    publish_as(
        warehouse,
        "SELECT range AS number, 'tab\tline\n\\N''\"é' AS words, 123456789012345678901.5::"
        "DECIMAL(38, 12) AS quantity, TIMESTAMPTZ '2026-03-29 00:30:00+00' AS moment, DATE"
        " '2026-02-28' AS day, NULL::BIGINT AS nothing, 0.1::DOUBLE AS seconds, '' AS empty,"
        " 170141183460469231731687303715884105727::HUGEINT // 10 AS huge, true AS yes"
        " FROM range(25000)",
    )
    return warehouse


def publish_as(warehouse: Warehouse, query: str) -> None:
    publish_tables(warehouse, {"facts": query})


@needs_postgresql
def test_the_copy_is_exact_and_repeatable(published: Warehouse, server: str) -> None:
    with psycopg.connect(server, autocommit=True) as reader:
        assert export_postgres(published, server, "odd \" 'name") == [("facts", 25000)]
        reader.execute('CREATE VIEW a_view AS SELECT number FROM "odd "" \'name".facts')
        assert export_postgres(published, server, "odd \" 'name") == [("facts", 25000)]
        assert reader.execute("SELECT count(*), sum(number) FROM a_view").fetchone() == (
            25000,
            312487500,
        )
        reader.execute("SET TimeZone = 'UTC'")
        there = reader.execute(
            'SELECT * FROM "odd "" \'name".facts ORDER BY number LIMIT 1'
        ).fetchone()
        with closing(duckdb.connect(published.published, read_only=True)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            assert there == connection.execute("FROM facts ORDER BY number LIMIT 1").fetchone()
        reader.execute("DROP VIEW a_view")


@needs_postgresql
def test_keys_and_comments_go_with_the_tables(warehouse: Warehouse, server: str) -> None:
    """Also to tables that an earlier version copied; and again nothing changes."""
    publish_tables(
        warehouse,
        {
            "fct_invoices": "SELECT 'a' AS invoice_id, 1 AS total_cents",
            "spend": "SELECT NULL::DATE AS month",
        },
    )
    with closing(duckdb.connect(warehouse.published)) as published:
        published.execute("COMMENT ON TABLE fct_invoices IS 'One row per invoice: it''s'")
        published.execute("COMMENT ON COLUMN fct_invoices.total_cents IS 'what is billed'")
        published.execute("CREATE OR REPLACE VIEW seen AS FROM fct_invoices")
        published.execute("COMMENT ON VIEW seen IS 'a view'")
    with psycopg.connect(server, autocommit=True) as reader:
        reader.execute("CREATE SCHEMA described")
        reader.execute("CREATE TABLE described.fct_invoices (invoice_id text, total_cents integer)")
        for _ in range(2):
            export_postgres(warehouse, server, "described")
            found = reader.execute(
                "SELECT obj_description('described.fct_invoices'::regclass),"
                " col_description('described.fct_invoices'::regclass, 2),"
                " obj_description('described.seen'::regclass),"
                " (SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                "  WHERE conrelid = 'described.fct_invoices'::regclass AND contype = 'p')"
            ).fetchone()
            assert found == (
                "One row per invoice: it's",
                "what is billed",
                "a view",
                "PRIMARY KEY (invoice_id)",
            )


def test_every_table_has_a_key_but_those_that_have_none() -> None:
    """A month may be unknown, and a document may lack what its key is made of."""
    tables = {*mart_names(), "audit_results", "load_results", "fct_invoice_files"}
    assert tables - _KEYS.keys() == {
        "fct_allocated_spend",
        "fct_monthly_spend",
        "fct_reporting_spend",
        "rejected_documents",
        "spend",
    }
    assert _KEYS.keys() <= tables


@needs_postgresql
def test_what_is_refused_leaves_the_tables_as_they_were(published: Warehouse, server: str) -> None:
    with psycopg.connect(server, autocommit=True) as reader:
        export_postgres(published, server, "kept")
        reader.execute("CREATE VIEW kept.a_view AS SELECT number FROM kept.facts")
        publish_as(published, "SELECT 'other columns' AS word")
        with pytest.raises(JobError, match="drop the view"):
            export_postgres(published, server, "kept")
        assert reader.execute("SELECT count(*) FROM kept.a_view").fetchone() == (25000,)
        reader.execute("DROP VIEW kept.a_view")
        assert export_postgres(published, server, "kept") == [("facts", 1)]


@needs_postgresql
def test_the_command_line_shows_no_password(
    billhouse: Billhouse, warehouse: Warehouse, server: str
) -> None:
    publish_as(warehouse, "SELECT 1 AS one")
    variable = {"BILLHOUSE_POSTGRES_URL": server}
    finished = billhouse("export", "postgres", variables=variable)
    assert finished.returncode == 0, finished.stderr
    assert "billhouse.facts" in finished.stdout
    wrong = server.replace("tester:", "stranger:")
    refused = billhouse("export", "postgres", "--url", wrong)
    assert refused.returncode == 1
    assert "stranger" in refused.stderr
    assert PASSWORD not in finished.stdout + finished.stderr + refused.stdout + refused.stderr


def test_a_url_that_is_none(published: Warehouse) -> None:
    with pytest.raises(UsageError) as refused:
        export_postgres(published, f"postgresql://tester:{PASSWORD}@[host/x", "billhouse")
    assert PASSWORD not in str(refused.value)


def test_a_bare_at_sign_in_a_password_is_not_shown(published: Warehouse) -> None:
    with pytest.raises(UsageError) as refused:
        export_postgres(published, "postgresql://tester:very@secret@127.0.0.1/x", "billhouse")
    assert "%40" in str(refused.value)
    assert "secret" not in str(refused.value)


@needs_postgresql
def test_characters_that_postgresql_cannot_hold_stop_nothing(
    warehouse: Warehouse, server: str
) -> None:
    publish_as(warehouse, "SELECT 'a' || chr(0) || 'é雪😀' AS words, 1234 AS cents")
    assert export_postgres(warehouse, server, "odd") == [("facts", 1)]
    with psycopg.connect(server, autocommit=True) as reader:
        assert reader.execute("TABLE odd.facts").fetchall() == [("a\ufffdé雪😀", 1234)]
        reader.execute(
            "CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0"
            " LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    narrow = server.replace("/postgres", "/narrow")
    assert export_postgres(warehouse, narrow, "odd") == [("facts", 1)]
    with psycopg.connect(narrow) as reader:
        assert reader.execute("TABLE odd.facts").fetchall() == [("a?é??", 1234)]


HERE: dict[str, str] = {}
ELSEWHERE = {"PGHOST": "db.example.com"}


@pytest.mark.parametrize(
    ("url", "variables", "is_verified"),
    [
        ("postgresql://u:p@db.example.com/db", HERE, True),
        ("postgresql://u:p@localhost/db", HERE, False),
        ("postgresql://u:p@127.0.0.1,[::1]/db", HERE, False),
        ("postgresql:///db", HERE, False),
        ("postgresql:///db?host=/run/postgresql", HERE, False),
        ("postgresql:///db?hostaddr=203.0.113.5", HERE, True),
        ("postgresql://u:p@localhost/db?hostaddr=203.0.113.5", HERE, True),
        ("postgresql://u:p@db.example.com/db?hostaddr=127.0.0.1", HERE, True),
        ("postgresql://u:p@localhost,db.example.com/db", HERE, True),
        ("host=localhost,localhost hostaddr=127.0.0.1,203.0.113.5", HERE, True),
        ("postgresql://u:p@/db", ELSEWHERE, True),
        ("postgresql:///db?host=", ELSEWHERE, True),
        ("postgresql://u:p@localhost/db", ELSEWHERE, False),
        ("postgresql://u:p@localhost/db", {"PGHOSTADDR": "203.0.113.5"}, True),
        ("postgresql://u:p@db.example.com/db", {"PGSSLMODE": "disable"}, True),
        ("service=elsewhere", HERE, True),
        ("service=here", HERE, False),
        ("service=unknown", HERE, True),
        ("postgresql://u:p@/db", {"PGSERVICE": "elsewhere"}, True),
        ("postgresql://u:p@localhost/db", {"PGSERVICE": "address"}, True),
        ("postgresql://u:p@localhost/db", {"PGSERVICE": "elsewhere"}, False),
        ("postgresql://u:p@db.example.com/db?sslmode=", HERE, True),
    ],
)
def test_the_certificate_is_verified_unless_every_server_is_this_machine(
    url: str,
    variables: dict[str, str],
    is_verified: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = tmp_path / "services"
    services.write_text(
        "[elsewhere]\nhost=db.example.com\n[here]\nhost=127.0.0.1\n"
        "[address]\nhostaddr=203.0.113.5\n"
    )
    for name, value in {"PGSERVICEFILE": str(services), **variables}.items():
        monkeypatch.setenv(name, value)
    asked = _parameters(url)
    assert (asked.get("sslmode") == "verify-full") is is_verified
    assert (asked.get("sslrootcert") == "system") is is_verified
    assert os.environ.get("PGSERVICE") == variables.get("PGSERVICE")


def test_what_the_url_says_of_certificates_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    weaker = _parameters("postgresql://u:p@db.example.com/db?sslmode=require")
    assert weaker["sslmode"] == "require"
    own = _parameters("postgresql://u:p@db.example.com/db?sslrootcert=/etc/own.crt")
    assert (own["sslmode"], own["sslrootcert"]) == ("verify-full", "/etc/own.crt")
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/own.crt")
    of_a_variable = _parameters("postgresql://u:p@db.example.com/db")
    assert "sslrootcert" not in of_a_variable


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:{}/rest@127.0.0.1/db",
        "postgresql://u:12/{}@127.0.0.1/db",
        "postgresql://u:{}@rest@127.0.0.1/db",
        "postgresql://user@server:{}@127.0.0.1/db",
        "postgresql://u:x@127.0.0.1:{}/db",
        "host=127.0.0.1 port={}",
        "host=127.0.0.1 {}",
    ],
)
def test_no_part_of_a_url_that_is_none_is_shown(url: str, published: Warehouse) -> None:
    with pytest.raises(UsageError) as refused:
        export_postgres(published, url.format(PASSWORD), "billhouse")
    assert PASSWORD not in str(refused.value)


@needs_postgresql
def test_a_variable_for_another_encoding_changes_nothing(
    published: Warehouse, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    publish_as(published, "SELECT '雪' AS words")
    assert export_postgres(published, server, "snow") == [("facts", 1)]
