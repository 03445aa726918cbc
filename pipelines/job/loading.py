"""The first half of a run: fetch the accounts into `raw`, and write down what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from pipelines.job import events, memory
from pipelines.job.context import RunContext
from pipelines.job.events import Event
from pipelines.job.load import load
from pipelines.job.moments import Moment, moment_of_load
from pipelines.publish.write import beside_published
from pipelines.warehouse import details_held, load_results, state
from pipelines.warehouse.connection import connect
from pipelines.warehouse.former_accounts import former_accounts
from pipelines.warehouse.load_results import AccountOutcome

if TYPE_CHECKING:
    import duckdb

    from pipelines.warehouse.state import Entities
    from sources.errors import SourceError
    from sources.vendor import ConfiguredAccount


FileLinks = dict[tuple[str, str], Mapping[tuple[str, str], str]]
"""(vendor, account) → (listing, document key) → where an invoice's file is."""


def fetch_and_load(
    run: RunContext,
    accounts: Sequence[ConfiguredAccount],
    *,
    full_refresh: bool = False,
    links: FileLinks | None = None,
) -> tuple[list[AccountOutcome], Moment]:
    """Fetch the accounts and load them while they come in. Returns what came of each, and when the
    load happened. `links` are filled in with those of the documents listed now.

    Raises:
        JobError: the warehouse can't be loaded into; what was loaded before is unharmed.
    """
    from sources import VENDORS

    vendors = [name for name in VENDORS if any(each.vendor == name for each in accounts)]
    entities = {name: VENDORS[name].entities for name in vendors}
    run.tell(
        Event(
            "load_started",
            f"Fetching {len(accounts)} account(s) of {len(vendors)} vendor(s)",
            fields={"run_id": run.run_id, "accounts": len(accounts)},
        )
    )
    memory.keep_no_more_than_asked()
    with closing(connect(run.warehouse)) as connection:
        load_results.create(connection)
        # A run of shards may have begun earlier than this one's attempt.
        moment = moment_of_load(
            connection, datetime.now(UTC) if run.warehouse.shard else run.started_at
        )
        if warning := moment.warning():
            run.tell(warning)
        outcomes = _loaded(run, connection, accounts, entities, moment, full_refresh, links)
    memory.give_back()
    for outcome in outcomes:
        run.tell(events.account(outcome))
    return outcomes, moment


def _loaded(
    run: RunContext,
    connection: duckdb.DuckDBPyConnection,
    accounts: Sequence[ConfiguredAccount],
    entities: Entities,
    moment: Moment,
    full_refresh: bool,
    links: FileLinks | None,
) -> list[AccountOutcome]:
    from sources import VENDORS, source
    from sources.extract.run import Fetch

    made = [name for name in entities if VENDORS[name].amount is not None]
    reading = [name for name in entities if VENDORS[name].reads_known]
    with beside_published(connection, run.warehouse):
        known = state.read_known(connection, entities, made, reading)
    known = replace(
        known,
        former_accounts=former_accounts(connection, accounts, known),
        documents=_documents_of_files(run, connection, accounts),
    )
    load_id = None
    with Fetch(
        accounts,
        known,
        now=run.started_at,
        full_refresh=full_refresh,
        on_event=lambda progress: run.tell(events.fetching(progress)),
        on_wait=lambda wait: run.tell(events.waiting(wait)),
        wants_files=links is not None,
    ) as fetch:
        if any((each.vendor, each.name) not in known.first_loaded_at for each in accounts):
            # There will be something to load: dlt may as well be imported while requests wait.
            import_module("dlt")
        if fetch.brings_tables():
            load_id = load(
                connection,
                run.warehouse.dlt_folder,
                [source(name, fetch) for name in entities],
                moment.at if moment.is_moved else None,
                shard=run.warehouse.shard,
            )
        results = fetch.results()
        if links is not None:
            links |= fetch.file_links()
        details_held.remember(connection, fetch.fetched_details(), fetch.failed_details())
    changes = (
        {} if load_id is None else state.count_changes(connection, entities, load_id, moment.at)
    )
    outcomes = [load_results.outcome_of(result, changes) for result in results]
    connection.begin()
    load_results.add(connection, run.run_id, run.started_at, outcomes)
    connection.commit()
    return outcomes


def _documents_of_files(
    run: RunContext, connection: duckdb.DuckDBPyConnection, accounts: Sequence[ConfiguredAccount]
) -> Mapping[tuple[str, str], Sequence[bytes] | SourceError]:
    """Where an account has files of charges in place of an API, they are read before the fetch."""
    if all(each.definition.charge_files is None for each in accounts):
        return {}
    from pipelines.warehouse.charges import read_files

    return read_files(connection, run.warehouse.working_folder / "charges", accounts)
