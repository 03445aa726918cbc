"""Builds everything in transforms/ over what changed in `raw`, and audits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import model, publication
from pipelines.batches import BENCHES, Batches
from pipelines.building import BuiltModel, Clock, prepare, set_clock
from pipelines.changes import Changes
from pipelines.kept import Kept
from pipelines.model import TRANSFORMS, Audit, Model, Severity
from pipelines.raw_tables import RawTable, raw_tables, read_renamed_accounts
from pipelines.scope import Scope
from pipelines.workbench import Workbench

ROWS_SHOWN = 20


@dataclass(frozen=True)
class AuditFinding:
    """An audit that found rows. `rows` are the first of them, `count` is how many there are."""

    name: str
    severity: Severity
    message: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    count: int


@dataclass(frozen=True)
class TransformReport:
    """What a build did. With errors among the findings, nothing of it may be published."""

    models: list[BuiltModel]
    findings: list[AuditFinding]

    @property
    def has_errors(self) -> bool:
        """Whether a rule is broken that publishing depends on."""
        return any(finding.severity == "error" for finding in self.findings)


def build(
    connection: duckdb.DuckDBPyConnection,
    *,
    started_at: datetime,
    as_of: datetime | None = None,
    raw: str = "raw",
    folder: Path = TRANSFORMS,
    anew: bool = False,
) -> TransformReport:
    """Builds and audits all models on an open database. Where an error audit finds rows, what one
    batch built is undone; what was built in several stays, and is not to be published.

    Of the invoices, only those are built that may differ from what the last build left; all of them
    where other SQL files built it, and with `anew`. `started_at` is the clock of every rule that
    needs one (what is past due, which period is over). With `as_of`, only what was known at that
    moment counts. `raw` is the schema of the raw tables, with its database where that is another
    one than the connection's; a raw table that was never loaded counts as an empty one.

    Raises:
        pipelines.model.ModelError: The files refer to something that none of them builds.
        duckdb.Error: A query fails; of several batches, those before it stay.
    """
    connection.execute("SET TimeZone = 'UTC'")
    # Tables keep no order, so that the branches of a union are read side by side.
    connection.execute("SET preserve_insertion_order = false")
    models = model.models(folder)
    tables = raw_tables(connection, models, raw)
    renamed = read_renamed_accounts(connection, raw)
    clock = Clock(started_at, as_of, _rules(folder, tables, renamed), renamed)
    is_anew = anew or as_of is not None or not _were_built_by(connection, clock.rules)
    scope = Scope(connection, tables)
    with Changes(connection) as changes:
        if is_anew:
            prepare(connection, folder, replace(clock, rules=""))
            numbers = scope.read_all()
        else:
            numbers = scope.read_changed(started_at)
        if numbers:
            publication.outdate(connection)
        if len(numbers) > 1:
            changes.keep_step_by_step()
        relations = {table.name: f"{raw}.{table.name}" for table in tables}
        kept = Kept(connection, models, relations, clock, is_anew=is_anew)
        with _benches(connection, len(numbers), models, tables) as benches:
            for bench in benches:
                bench.open(folder, clock)
            built = Batches(changes, scope, kept, numbers).build(benches)
        with changes.step():
            set_clock(connection, clock)
            built += kept.finish()
        findings = [found for each in model.audits(folder) if (found := _audit(connection, each))]
        report = TransformReport(built, findings)
        if report.has_errors:
            changes.undo()
    return report


@contextmanager
def _benches(
    connection: duckdb.DuckDBPyConnection,
    batches: int,
    models: Sequence[Model],
    tables: Sequence[RawTable],
) -> Iterator[list[Workbench]]:
    benches = [
        Workbench(connection, f"bench_{number}", models, tables)
        for number in range(min(BENCHES, batches))
    ]
    if len(benches) > 1:
        # Each bench then builds on its own thread; DuckDB's would wait for each other's work.
        connection.execute("SET threads = 1")
    try:
        yield benches
    finally:
        for bench in benches:
            bench.close()
    if len(benches) > 1:
        connection.execute("RESET threads")


def _rules(
    folder: Path, tables: Sequence[RawTable], renamed: Sequence[tuple[str, str, str]]
) -> str:
    """Everything that what was built depends on, but for the documents and the clock."""
    present = ", ".join(sorted(table.name for table in tables))
    rules = f"{model.fingerprint(folder)} on DuckDB {duckdb.__version__} from {present}"
    return f"{rules}, renamed {renamed}" if renamed else rules


def _were_built_by(connection: duckdb.DuckDBPyConnection, rules: str) -> bool:
    try:
        row = connection.execute(
            "SELECT rules FROM staging.run WHERE as_of = 'infinity'"
        ).fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return row is not None and row[0] == rules


def _audit(connection: duckdb.DuckDBPyConnection, audit: Audit) -> AuditFinding | None:
    result = connection.execute(audit.query)
    columns = [column[0] for column in result.description or []]
    rows = result.fetchmany(ROWS_SHOWN)
    if not rows:
        return None
    count = len(rows) + sum(len(batch) for batch in iter(lambda: result.fetchmany(10_000), []))
    return AuditFinding(audit.name, audit.severity, audit.message, columns, rows, count)
