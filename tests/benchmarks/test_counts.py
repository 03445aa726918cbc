"""What a run costs in things that don't vary from machine to machine: requests, bytes, statements,
rows written and rows scanned. Seconds are for `make bench`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from benchmarks.documents import Ledger
from benchmarks.page_server import PAGE_SIZE, PageServer, serving
from benchmarks.programs import atlas_account
from pipelines.config.configuration import Configuration
from pipelines.job import building, loading
from pipelines.job import run as job
from pipelines.job.result import RunResult
from pipelines.warehouse import session
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from tests.configuration import hide_configuration

INVOICES = 1_000
MORE = 3 * INVOICES

# Measured, and a tenth more. Who needs more has a reason to tell; who needs less lowers them. Most
# rows are scanned by the audits, which look at all of them each night.
STATEMENTS = 946
SCANNED_ROWS_AN_INVOICE = 180
UNCHANGED_STATEMENTS = 385
UNCHANGED_ROWS_AN_INVOICE = 126
CHANGED_ROWS_AN_INVOICE = 155


@dataclass(frozen=True)
class Costs:
    """`statements` are all that the work database was sent, dlt's too; `scanned` are the rows that
    the job's own connection read: building, auditing, publishing."""

    report: RunResult
    requests: int
    bytes: int
    statements: int
    scanned: int
    versions: int

    @property
    def new_versions(self) -> int:
        return sum(each.new_versions for each in self.report.outcomes)


@dataclass(frozen=True)
class Runs:
    """First, again with nothing changed, a hundredth changed; and a first run over more."""

    first: Costs
    unchanged: Costs
    changed: Costs
    larger: Costs


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("costs")
    with pytest.MonkeyPatch.context() as monkeypatch:
        hide_configuration(monkeypatch, folder)
        with serving(Ledger(INVOICES, changed_every=100)) as server:
            first = costs(server, folder / "warehouse", monkeypatch)
            unchanged = costs(server, folder / "warehouse", monkeypatch)
            server.serve(replace(server.ledger, revision=1))
            changed = costs(server, folder / "warehouse", monkeypatch)
        with serving(Ledger(MORE)) as server:
            larger = costs(server, folder / "larger", monkeypatch)
        yield Runs(first, unchanged, changed, larger)


def costs(server: PageServer, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Costs:
    for name, value in atlas_account(details=False).items():
        monkeypatch.setenv(name, value.replace("{url}", server.url))
    log: list[tuple[str, str]] = []
    told = session.begin

    def begin(connection: duckdb.DuckDBPyConnection) -> None:
        told(connection)
        profile(connection)

    @contextmanager
    def watched(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
        profile(connection)
        connection.execute("CALL enable_logging(['Metrics', 'QueryLog'], storage = 'memory')")
        with closing(connection):
            yield connection
            log.extend(connection.execute("SELECT type, message FROM duckdb_logs").fetchall())

    with monkeypatch.context() as patched:
        # Each session counts for itself.
        patched.setattr(session, "begin", begin)
        for step in (loading, building):
            patched.setattr(step, "closing", watched)
        server.forget_traffic()
        warehouse = Warehouse(directory)
        report = job.run(warehouse, Configuration().accounts(), listener=lambda event: None)
    assert report.exit_code == 0
    with closing(connect(warehouse)) as connection:
        [(versions,)] = connection.execute("SELECT count(*) FROM raw.mongodb__invoices").fetchall()
    return Costs(
        report,
        *server.traffic(),
        statements=sum(kind == "QueryLog" for kind, _ in log),
        scanned=sum(scanned(message) for kind, message in log if kind == "Metrics"),
        versions=versions,
    )


def profile(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET enable_profiling = 'no_output'")
    connection.execute('SET custom_profiling_settings = \'{"CUMULATIVE_ROWS_SCANNED": "true"}\'')


def scanned(message: str) -> int:
    found = re.search(r"'metric': CUMULATIVE_ROWS_SCANNED, 'value': (\d+)", message)
    return int(found[1]) if found else 0


def test_each_page_is_fetched_once(runs: Runs) -> None:
    """And the first once more, since the list may have changed meanwhile."""
    token, pages, again = 1, INVOICES // PAGE_SIZE, 1
    for each in (runs.first, runs.unchanged, runs.changed):
        assert each.requests == token + pages + again
    assert runs.larger.requests == token + MORE // PAGE_SIZE + again


def test_no_byte_is_fetched_twice(runs: Runs) -> None:
    assert runs.unchanged.bytes == runs.first.bytes
    assert runs.larger.bytes < 3.1 * runs.first.bytes


def test_only_new_versions_are_written(runs: Runs) -> None:
    assert (runs.first.new_versions, runs.first.versions) == (INVOICES, INVOICES)
    assert (runs.unchanged.new_versions, runs.unchanged.versions) == (0, INVOICES)
    changed = INVOICES // 100
    assert (runs.changed.new_versions, runs.changed.versions) == (changed, INVOICES + changed)


def test_statements_do_not_grow_with_the_invoices(runs: Runs) -> None:
    # dlt asks once more or less for what it awaits.
    assert runs.larger.statements <= 1.05 * runs.first.statements
    assert 0 < runs.first.statements <= STATEMENTS


def test_scanned_rows_grow_no_faster_than_the_invoices(runs: Runs) -> None:
    assert 0 < runs.first.scanned <= SCANNED_ROWS_AN_INVOICE * INVOICES
    assert runs.larger.scanned <= 3.1 * runs.first.scanned


def test_an_unchanged_run_neither_loads_nor_builds_nor_publishes_an_invoice(runs: Runs) -> None:
    assert 0 < runs.unchanged.statements <= UNCHANGED_STATEMENTS
    assert 0 < runs.unchanged.scanned <= UNCHANGED_ROWS_AN_INVOICE * INVOICES


def test_a_run_with_few_changes_builds_few_invoices(runs: Runs) -> None:
    assert 0 < runs.changed.scanned <= CHANGED_ROWS_AN_INVOICE * INVOICES
    assert runs.changed.report.transform is not None
    built = {each.name: each.rows for each in runs.changed.report.transform.models}
    assert built["marts.fct_invoices"] == INVOICES // 100
