"""One pass over what changed in `raw`, into the next published file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb

from pipelines.transform import (
    absent,
    audit,
    changed,
    graph,
    inputs,
    making,
    names,
    project,
    rates,
    raw,
    state,
)
from pipelines.transform.audit import AuditFinding
from pipelines.transform.making import BuiltModel, Making
from pipelines.transform.model import BY_INVOICE, TRANSFORMS, VIEW, Model
from pipelines.transform.names import Clock
from pipelines.transform.raw import Size
from pipelines.warehouse import session
from pipelines.warehouse.side_by_side import ONE_BY_ONE, TWO, carry_out, for_each
from pipelines.warehouse.sql_text import identifier


@dataclass(frozen=True)
class BuildResult:
    """What a build did. With errors among the findings, nothing of it may be published.

    `unchanged` are the published tables that are as they were, by name.
    """

    models: list[BuiltModel]
    findings: list[AuditFinding]
    kept: list[Model]
    unchanged: frozenset[str]

    @property
    def has_errors(self) -> bool:
        """Whether a rule is broken that publishing depends on."""
        return any(finding.severity == "error" for finding in self.findings)


def build(
    connection: duckdb.DuckDBPyConnection,
    *,
    started_at: datetime,
    run_id: str = "",
    as_of: datetime | None = None,
    raw_schema: str = "raw",
    folder: Path = TRANSFORMS,
    scratch_stays: bool = False,
) -> BuildResult:
    """Builds and audits all models in the attached database `next`.

    Where the same rules built what `next` holds, only those invoices are built that may differ;
    else it must be empty. What fails or doesn't pass its audits leaves it half done, so that it is
    a copy, to be thrown away then. `started_at` is the clock of every rule that needs one (what is
    past due, which period is over). With `as_of`, only what was known at that moment counts.
    `raw_schema` holds the raw tables, with its database where that isn't the connection's; a raw
    table that was never loaded counts as an empty one. The database `scratch`, in which a build
    lays out what it needs in between, is gone afterwards, unless it is to stay: then it is whole.

    Raises:
        pipelines.transform.ModelError: The files can't be built as they are.
        duckdb.Error: A query fails.
    """
    session.begin_building(connection)
    # Tables keep no order, so that the branches of a union are read side by side.
    connection.execute("SET preserve_insertion_order = false")
    [(home,)] = connection.execute("SELECT current_database()").fetchall()
    this = _Build(connection, Clock(started_at, as_of), folder, raw_schema)
    renamed = raw.renamed_accounts(connection, raw_schema)
    given = inputs.statements(connection, raw_schema, as_of)
    names.attach(connection, "scratch", folder, renamed, given)
    built = this.build_changed(scratch_stays=scratch_stays)
    if scratch_stays:
        names.attach(connection, "everything", folder, renamed, given)
    else:
        names.clear(connection, renamed, given)
    built += this.build_whole()
    findings = audit.audit(connection, folder)
    # After an error the caller closes the connection, and all that it has attached with it.
    connection.execute(f"USE {identifier(home)}")
    connection.execute(f"DETACH {'everything' if scratch_stays else 'scratch'}")
    this.clock.write(connection, "next.build.run")
    audit.store(connection, run_id, findings)
    return BuildResult(built, findings, this.kept(), this.unchanged())


class _Build:
    """The steps of a build, and what they have to know of each other."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, clock: Clock, folder: Path, raw_schema: str
    ) -> None:
        self._connection = connection
        self.clock = clock
        self._tables = raw.raw_tables(connection, raw_schema)
        self._rates = rates.found(connection, raw_schema)
        self._folder = folder
        rules = state.rules(connection, folder, raw_schema)
        models = state.models_in(connection, "next", rules)
        self._is_new = models is None
        self._has_changed = self._is_new
        if models is None:
            vendors = {each.name.partition("__")[0] for each in self._tables}
            models = absent.without(project.models(folder), vendors)
            state.create(connection, rules, models)
        self._models = models
        named = (each.raw_table for each in self._models if each.raw_table)
        self._raw_names = list(dict.fromkeys(named))
        raw.refuse_unread(self._tables, self._raw_names)

    def kept(self) -> list[Model]:
        """The models that readers and the next build find."""
        return names.kept(self._models)

    def unchanged(self) -> frozenset[str]:
        """The marts that are as the last build left them."""
        if self._has_changed:
            return frozenset()
        return frozenset(each.table for each in graph.told_by_invoices(self._models))

    def build_changed(self, *, scratch_stays: bool = False) -> list[BuiltModel]:
        """What is made of the invoices that changed, in the database `scratch`."""
        if self._is_new:
            found = changed.find_all(self._connection, self._tables, self._rates)
        else:
            now = self.clock.started_at
            found = changed.find_changed(self._connection, self._tables, now, self._rates)
            self._has_changed = found > 0
        if not self._has_changed:
            return []
        needed = graph.needed_in_parts(self._models)
        read = raw.sizes(self._connection, self._tables, everything=self._is_new)
        are_laid_down = scratch_stays or raw.is_little(found, read.values())
        steps = making.steps(needed, self._making(read, are_laid_down).of_changed)
        if not scratch_stays:
            # In front, so that nothing stays for longer than it is read.
            steps = making.drops(graph.readers_of_scratch(needed)) + steps
        built = carry_out(
            self._connection, steps, ONE_BY_ONE if raw.is_much(read.values()) else TWO
        )
        if not self._is_new:
            kept = (each for each in self._models if each.kind == BY_INVOICE)
            for_each(self._connection, kept, making.replace)
            changed.remember(self._connection, self._rates)
        return [each for each in built if each]

    def build_whole(self) -> list[BuiltModel]:
        """What is made of all that is kept, and the names that audits use."""
        self.clock.write(self._connection, "staging.run")
        gone = graph.built_from_scratch(self._models)
        asked = [
            each
            for each in self._models
            if each.name not in gone and (each.kind != VIEW or each.is_asked)
        ]
        there = {each.name for each in graph.needed_in_parts(self._models)}
        made = Making(self._is_new, raw.whole(self._tables, self._raw_names))
        built = carry_out(self._connection, making.steps(asked, partial(made.of_all, there)))
        return [each for each in built if each]

    def _making(self, read: Mapping[str, Size], are_laid_down: bool) -> Making:
        """What documents of these sizes are made into tables of."""
        self.clock.write(self._connection, "staging.run")
        rates.write(self._connection, self._rates, self._folder)
        relations = raw.relations(
            self._connection, self._tables, self._raw_names, read, everything=self._is_new
        )
        everything = raw.whole(self._tables, self._raw_names)
        return Making(self._is_new, everything, relations, are_laid_down)


def can_go_on(
    connection: duckdb.DuckDBPyConnection, raw_schema: str = "raw", folder: Path = TRANSFORMS
) -> bool:
    """Whether what `next` holds was built by the same rules."""
    rules = state.rules(connection, folder, raw_schema)
    return state.models_in(connection, "next", rules) is not None
