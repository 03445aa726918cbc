"""Against a real PostgreSQL, started for these tests on a socket of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg
import pytest

from pipelines.export_postgres import export_postgres
from pipelines.failures import JobError, UsageError
from pipelines.publish import PublishedTable, publish
from pipelines.warehouse import Warehouse, connect, holding
from tests.pipelines.processes import Billhouse
from tests.transforms.work_database import WorkDatabase

_FOLDERS = [*os.get_exec_path(), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
INITDB = shutil.which("initdb", path=os.pathsep.join(_FOLDERS))
PASSWORD = "very-secret"

needs_postgresql = pytest.mark.skipif(INITDB is None, reason="PostgreSQL is not installed")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an empty database. PostgreSQL refuses to be root, so root lends it `nobody`."""
    assert INITDB is not None
    # Not pytest's folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="billhouse-postgresql-"))
    user = "nobody" if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    control = [str(Path(INITDB).with_name("pg_ctl")), "-D", str(data), "-w"]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    password = ["-A", "scram-sha-256", "--pwfile", str(folder / "password"), "-U", "tester"]
    run(INITDB, "-D", str(data), "--no-sync", "-E", "UTF8", *password)
    run(*control, "-l", str(folder / "log"), "-o", options, "start")
    yield f"postgresql://tester:{PASSWORD}@127.0.0.1:{port}/postgres"
    run(*control, "-m", "immediate", "stop")
    shutil.rmtree(folder)


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
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
        connection.execute(f"CREATE OR REPLACE TABLE marts.facts AS {query}")
        publish(connection, warehouse, [PublishedTable("marts", "facts")])


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
    with holding(warehouse, lock_timeout=0):
        work = WorkDatabase(warehouse.work)
    work.build()
    publish(work.connection, warehouse, [PublishedTable("marts", "fct_invoices")])
    work.connection.close()
    variable = {"BILLHOUSE_POSTGRES_URL": server}
    finished = billhouse("export", "postgres", variables=variable)
    assert finished.returncode == 0, finished.stderr
    assert "billhouse.fct_invoices" in finished.stdout
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
