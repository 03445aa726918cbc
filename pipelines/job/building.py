"""The second half of a run: build from `raw` what changed, audit it, and publish it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import JobError, one_sentence
from pipelines.job import events
from pipelines.job.context import RunContext
from pipelines.job.events import Event
from pipelines.job.interruption import stop_if_asked
from pipelines.job.result import InvoiceChange, RejectedDocument
from pipelines.publish.write import begin, beside, publish
from pipelines.transform import BuildResult, build, can_go_on
from pipelines.transform.audit import AUDIT_RESULTS
from pipelines.transform.model import ModelError
from pipelines.warehouse import exchange_rates, invoice_files, load_results, rule_files
from pipelines.warehouse.connection import connect
from pipelines.warehouse.disk import refusals
from pipelines.warehouse.migrations import drop_what_builds_once_kept
from pipelines.warehouse.session import at_most
from pipelines.warehouse.sql_text import literal

if TYPE_CHECKING:
    import duckdb


# What DuckDB holds of a build; more waits in files beside it. A build of a few thousand invoices
# needs a tenth, and one of millions would fill the machine otherwise.
MEMORY = "700MB"


@dataclass(frozen=True)
class _Way:
    """How a build goes about it: with everything, or only what changed; in how much memory, where
    None is what DuckDB takes of itself."""

    everything: bool
    memory: str | None


class _AnotherWayError(Exception):
    """A build failed that may well come out in this way; its cause says how."""

    def __init__(self, way: _Way) -> None:
        self.way = way
        super().__init__(way)


@dataclass(frozen=True)
class Built:
    """What came of a build. It is published, if its audits found no error."""

    result: BuildResult
    rejected: Sequence[RejectedDocument] = ()
    changes: Sequence[InvoiceChange] = ()


def build_and_publish(
    run: RunContext,
    *,
    everything: bool = False,
    loaded_at: datetime | None = None,
    rates: Mapping[str, str] | None = None,
) -> Built:
    """Build what changed, or with `everything` all, and publish it if the audits allow. A load
    happened at `loaded_at`, with these exchange rates; changes of invoices are told from then on.
    A rebuild has none.

    Raises:
        JobError: the tables can't be built or published; what is published is as it was.
    """
    stop_if_asked()
    run.tell(Event("transform_started", "Building and auditing the tables"))
    way = _Way(everything, MEMORY)
    while True:
        try:
            return _built_and_published(run, way, loaded_at, rates)
        except _AnotherWayError as error:
            stop_if_asked()
            way = error.way


def _built_and_published(
    run: RunContext,
    way: _Way,
    loaded_at: datetime | None,
    rates: Mapping[str, str] | None,
) -> Built:
    with beside(run.warehouse) as folder, closing(connect(run.warehouse)) as connection:
        connection.execute(f"SET temp_directory = {literal(folder / 'spilled')}")
        load_results.create(connection)
        exchange_rates.configure(connection, run.reporting)
        if rates and loaded_at:
            exchange_rates.keep(connection, rates, loaded_at, run.run_id)
        result = _built(run, connection, folder, way)
        for finding in result.findings:
            run.tell(events.audit(finding))
        if result.has_errors:
            return Built(result)
        stop_if_asked()
        built = Built(result, _rejected(connection), _changes(connection, loaded_at))
        _publish(run, connection, folder, result)
    return built


def _built(
    run: RunContext, connection: duckdb.DuckDBPyConnection, folder: Path, way: _Way
) -> BuildResult:
    import duckdb

    is_copy = False
    try:
        drop_what_builds_once_kept(connection)
        rule_files.remember(connection, run.rules, run.started_at)
        is_copy = begin(
            connection, run.warehouse, folder, (lambda _: False) if way.everything else can_go_on
        )
        with at_most(connection, way.memory):
            return build(connection, started_at=run.started_at, run_id=run.run_id)
    except (duckdb.Error, ModelError) as error:
        if way.memory and isinstance(error, duckdb.OutOfMemoryException):
            # Not every step can wait in files.
            raise _AnotherWayError(replace(way, memory=None)) from error
        if is_copy and isinstance(error, duckdb.Error):
            # What is published may be damaged where nobody looked: it isn't needed.
            raise _AnotherWayError(replace(way, everything=True)) from error
        if isinstance(error, refusals()):
            raise
        raise JobError(
            f"The tables could not be built: {one_sentence(error)} Nothing was published, and the"
            " documents are loaded and safe. If you changed transforms/, fix it and run"
            " `billhouse rebuild`; else report this."
        ) from error


def _publish(
    run: RunContext, connection: duckdb.DuckDBPyConnection, folder: Path, result: BuildResult
) -> None:
    import duckdb

    marts = [each.table for each in result.kept if each.is_mart]
    tables = [*marts, AUDIT_RESULTS.table, load_results.TABLE, invoice_files.TABLE]
    unchanged = set(result.unchanged)
    try:
        load_results.copy(connection, "work")
        if not invoice_files.copy(connection, "work"):
            unchanged.add(invoice_files.TABLE)
        # A shard's tables are read as parts of the lake.
        written = () if run.warehouse.shard else tables
        publish(connection, run.warehouse, folder, written, unchanged=unchanged)
    except (duckdb.Error, OSError) as error:
        raise JobError(
            f"The tables are built, but could not be published: {one_sentence(error)} Fix the"
            " cause (a full disk is the most frequent one) and run `billhouse rebuild`."
        ) from error
    run.tell(
        Event(
            "published",
            f"Published {run.warehouse.published}",
            fields={"path": str(run.warehouse.published), "tables": len(tables)},
        )
    )


def _rejected(connection: duckdb.DuckDBPyConnection) -> list[RejectedDocument]:
    rows = connection.execute(
        "SELECT vendor, account, entity, document_key, reason FROM next.main.rejected_documents"
        " ORDER BY ALL"
    ).fetchall()
    return [RejectedDocument(*row) for row in rows]


def _changes(connection: duckdb.DuckDBPyConnection, since: datetime | None) -> list[InvoiceChange]:
    if since is None:
        return []
    rows = connection.execute(
        "SELECT vendor, account, coalesce(invoice_number, invoice_id), kind, before, after"
        " FROM next.main.invoice_changes LEFT JOIN next.main.fct_invoices USING (invoice_id)"
        " WHERE changed_at >= ? ORDER BY ALL",
        [since],
    ).fetchall()
    return [InvoiceChange(*row) for row in rows]
