"""One run of the job: load → transform → audit → publish, and what came of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config import dlt_settings
from pipelines.errors import JobError, one_sentence
from pipelines.job import events, memory
from pipelines.job.events import Event, Listener
from pipelines.job.interruption import stop_if_asked
from pipelines.job.load import load
from pipelines.job.moments import Moment, moment_of_load
from pipelines.job.result import InvoiceChange, RejectedDocument, RunReport
from pipelines.publish.write import begin, beside, beside_published, publish
from pipelines.transform import TransformReport, build, can_go_on
from pipelines.transform.audit import AUDIT_RESULTS
from pipelines.transform.model import ModelError
from pipelines.transform.project import mart_names
from pipelines.warehouse import details_held, load_results, state, stray_log
from pipelines.warehouse.connection import connect
from pipelines.warehouse.disk import refusals, writable
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.former_accounts import former_accounts
from pipelines.warehouse.load_results import AccountOutcome
from pipelines.warehouse.lock import holding
from pipelines.warehouse.migrations import drop_what_builds_once_kept
from pipelines.warehouse.ownership import refuse_files_of_others
from pipelines.warehouse.sql_text import literal

if TYPE_CHECKING:
    import duckdb

    from pipelines.warehouse.state import Entities
    from sources.vendor import ConfiguredAccount


_AUDIT_PROBLEM = (
    "An audit found an error, so nothing was published: billhouse.duckdb is as it was. The"
    " documents are loaded and safe. An error audit means that Billhouse reads them wrongly; the"
    " rows above show where. If you changed transforms/, mend it and run `billhouse rebuild`; else"
    " report this with those rows."
)
_NO_LISTING_CAME = (
    "Every account failed, and none of their lists came whole, so nothing was published:"
    " billhouse.duckdb is as it was. The errors above say what to do; the next run fetches what is"
    " missing."
)


class _CannotGoOnError(Exception):
    """A build failed that went on from a copy of what is published; its cause says how."""


class Run:
    """One run inside a warehouse that is held; its steps are methods, in the order of events."""

    def __init__(self, warehouse: Warehouse, listener: Listener) -> None:
        self.warehouse = warehouse
        self.tell = events.unfailing(listener)
        self.started_at = datetime.now(UTC)
        self.started = time.monotonic()
        self.loaded_at: datetime | None = None
        self.notes: list[str] = []
        self.run_id = f"{self.started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"

    def prepare(self) -> None:
        """See that this run meets no file of others, and no log that isn't its database's."""
        names = [*mart_names(), "audit_results", load_results.TABLE]
        refuse_files_of_others(self.warehouse, names)
        for log in stray_log.set_aside(self.warehouse.work):
            self.tell(events.log_set_aside(log))

    def fetch_and_load(
        self, accounts: Sequence[ConfiguredAccount], *, full_refresh: bool
    ) -> list[AccountOutcome]:
        """Fetch the accounts into `raw` while they come in, and write down what came of each."""
        from sources import VENDORS

        vendors = [name for name in VENDORS if any(each.vendor == name for each in accounts)]
        entities = {name: VENDORS[name].entities for name in vendors}
        self.tell(
            Event(
                "load_started",
                f"Fetching {len(accounts)} account(s) of {len(vendors)} vendor(s)",
                fields={"run_id": self.run_id, "accounts": len(accounts)},
            )
        )
        with closing(connect(self.warehouse)) as connection:
            outcomes = self._load(connection, accounts, entities, full_refresh)
        memory.give_back()
        for outcome in outcomes:
            self.tell(events.account(outcome))
        return outcomes

    def _load(
        self,
        connection: duckdb.DuckDBPyConnection,
        accounts: Sequence[ConfiguredAccount],
        entities: Entities,
        full_refresh: bool,
    ) -> list[AccountOutcome]:
        from sources import VENDORS, source
        from sources.extract.run import Fetch

        load_results.create(connection)
        moment = self._moment(connection)
        made = [name for name in entities if VENDORS[name].amount is not None]
        with beside_published(connection, self.warehouse):
            known = state.read_known(connection, entities, made)
        known = replace(known, former_accounts=former_accounts(connection, accounts, known))
        with Fetch(
            accounts,
            known,
            now=self.started_at,
            full_refresh=full_refresh,
            on_event=lambda progress: self.tell(events.fetching(progress)),
        ) as fetch:
            load_id = (
                load(
                    connection,
                    self.warehouse.dlt_folder,
                    [source(name, fetch) for name in entities],
                    moment.at if moment.is_moved else None,
                )
                if fetch.brings_tables()
                else None
            )
            results = fetch.results()
            details_held.remember(connection, fetch.fetched_details(), fetch.failed_details())
        changes = (
            state.count_changes(connection, entities, load_id, moment.at)
            if load_id is not None
            else {}
        )
        outcomes = [load_results.outcome_of(result, changes) for result in results]
        connection.begin()
        load_results.add(connection, self.run_id, self.started_at, outcomes)
        connection.commit()
        return outcomes

    def _moment(self, connection: duckdb.DuckDBPyConnection) -> Moment:
        """When this load happens; tells of a clock that went back."""
        moment = moment_of_load(connection, self.started_at)
        self.loaded_at = moment.at
        if warning := moment.warning():
            self.notes.append(warning.message)
            self.tell(warning)
        return moment

    def transform_and_publish(
        self, outcomes: Sequence[AccountOutcome] = (), *, anew: bool = False
    ) -> RunReport:
        """Build from `raw` what changed, or with `anew` everything; audit it, and publish it if the
        audits allow."""
        stop_if_asked()
        self.tell(Event("transform_started", "Building and auditing the tables"))
        try:
            return self._transform_and_publish(outcomes, anew=anew)
        except _CannotGoOnError:
            # What is published may be damaged where nobody looked: it isn't needed.
            stop_if_asked()
            return self._transform_and_publish(outcomes, anew=True)

    def _transform_and_publish(
        self, outcomes: Sequence[AccountOutcome], *, anew: bool
    ) -> RunReport:
        with beside(self.warehouse) as folder, closing(connect(self.warehouse)) as connection:
            connection.execute(f"SET temp_directory = {literal(folder / 'spilled')}")
            load_results.create(connection)
            transform = self._build(connection, folder, anew=anew)
            for finding in transform.findings:
                self.tell(events.audit(finding))
            if transform.has_errors:
                return self.report(outcomes, transform, problem=_AUDIT_PROBLEM)
            stop_if_asked()
            rejected, changes = _rejected(connection), _changes(connection, self.loaded_at)
            self._publish(connection, folder, transform)
        return self.report(outcomes, transform, rejected=rejected, changes=changes)

    def _build(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, *, anew: bool
    ) -> TransformReport:
        import duckdb

        is_copy = False
        try:
            drop_what_builds_once_kept(connection)
            is_copy = begin(
                connection, self.warehouse, folder, (lambda _: False) if anew else can_go_on
            )
            return build(connection, started_at=self.started_at, run_id=self.run_id)
        except (duckdb.Error, ModelError) as error:
            if is_copy and isinstance(error, duckdb.Error):
                raise _CannotGoOnError from error
            if isinstance(error, refusals()):
                raise
            raise JobError(
                f"The tables could not be built: {one_sentence(error)} Nothing was published, and"
                " the documents are loaded and safe. If you changed transforms/, mend it and run"
                " `billhouse rebuild`; else report this."
            ) from error

    def _publish(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, transform: TransformReport
    ) -> None:
        import duckdb

        marts = [each for each in transform.kept if each.is_mart]
        tables = [*(each.table for each in marts), AUDIT_RESULTS.table, load_results.TABLE]
        try:
            load_results.copy(connection, "work")
            publish(
                connection,
                self.warehouse,
                folder,
                tables,
                unchanged=transform.unchanged,
            )
        except (duckdb.Error, OSError) as error:
            raise JobError(
                f"The tables are built, but could not be published: {one_sentence(error)} Mend the"
                " cause (a full disk is the most frequent one) and run `billhouse rebuild`."
            ) from error
        self.tell(
            Event(
                "published",
                f"Published {self.warehouse.published}",
                fields={"path": str(self.warehouse.published), "tables": len(tables)},
            )
        )

    def report(
        self,
        outcomes: Sequence[AccountOutcome] = (),
        transform: TransformReport | None = None,
        *,
        rejected: Sequence[RejectedDocument] = (),
        changes: Sequence[InvoiceChange] = (),
        problem: str | None = None,
    ) -> RunReport:
        seconds = time.monotonic() - self.started
        report = RunReport(
            self.run_id, seconds, outcomes, transform, rejected, problem, changes, self.notes
        )
        self.tell(
            Event(
                "run_finished",
                problem or f"Done in {seconds:.1f} s",
                "error" if problem else "info",
                {
                    "run_id": self.run_id,
                    "exit_code": report.exit_code,
                    "seconds": round(seconds, 3),
                    "rejected_documents": len(rejected),
                    "invoice_changes": len(changes),
                },
            )
        )
        return report


def run(
    warehouse: Warehouse,
    accounts: Sequence[ConfiguredAccount],
    *,
    listener: Listener,
    full_refresh: bool = False,
    lock_timeout: float = 60.0,
) -> RunReport:
    """Fetch, load, transform, audit and publish, alone in the warehouse.

    Raises:
        JobError: the run couldn't go on; what is published is as it was.
    """
    dlt_settings.refuse_others()
    with holding(warehouse, lock_timeout=lock_timeout), writable(warehouse):
        this = Run(warehouse, listener)
        this.prepare()
        outcomes = this.fetch_and_load(accounts, full_refresh=full_refresh)
        if not any(outcome.whole_listings for outcome in outcomes):
            return this.report(outcomes, problem=_NO_LISTING_CAME)
        return this.transform_and_publish(outcomes)


def rebuild(warehouse: Warehouse, *, listener: Listener, lock_timeout: float = 60.0) -> RunReport:
    """Build, audit and publish what `raw` holds, without fetching anything.

    Raises:
        JobError: nothing was loaded yet, or the build couldn't go on.
    """
    if not warehouse.work.exists():
        raise JobError(
            f"There is nothing to rebuild: {warehouse.work} doesn't exist. Load the invoices first,"
            " with `billhouse run`, or set warehouse.directory to where they are."
        )
    with holding(warehouse, lock_timeout=lock_timeout), writable(warehouse):
        this = Run(warehouse, listener)
        this.prepare()
        return this.transform_and_publish(anew=True)


def _rejected(connection: duckdb.DuckDBPyConnection) -> list[RejectedDocument]:
    rows = connection.execute(
        "SELECT vendor, account, entity, document_key, reason FROM next.main.rejected_documents"
        " ORDER BY ALL"
    ).fetchall()
    return [RejectedDocument(*row) for row in rows]


def _changes(connection: duckdb.DuckDBPyConnection, since: datetime | None) -> list[InvoiceChange]:
    """What this run's load brought to light; a rebuild brings nothing."""
    if since is None:
        return []
    rows = connection.execute(
        "SELECT vendor, account, coalesce(invoice_number, invoice_id), kind, before, after"
        " FROM next.main.invoice_changes LEFT JOIN next.main.fct_invoices USING (invoice_id)"
        " WHERE changed_at >= ? ORDER BY ALL",
        [since],
    ).fetchall()
    return [InvoiceChange(*row) for row in rows]
