"""The first half of a run: fetch the accounts into `raw`, and write down what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.job import events, memory
from pipelines.job.events import Event, Listener
from pipelines.job.load import load
from pipelines.job.moments import Moment, moment_of_load
from pipelines.publish.write import beside_published
from pipelines.warehouse import details_held, load_results, state
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.former_accounts import former_accounts
from pipelines.warehouse.load_results import AccountOutcome

if TYPE_CHECKING:
    import duckdb

    from pipelines.warehouse.state import Entities
    from sources.vendor import ConfiguredAccount


@dataclass(frozen=True)
class Load:
    """What a load is asked for, and by which run."""

    warehouse: Warehouse
    run_id: str
    started_at: datetime
    tell: Listener
    full_refresh: bool = False


def fetch_and_load(
    asked: Load, accounts: Sequence[ConfiguredAccount]
) -> tuple[list[AccountOutcome], Moment]:
    """Fetch the accounts and load them while they come in. Returns what came of each, and when the
    load happened.

    Raises:
        JobError: the warehouse can't be loaded into; what was loaded before is unharmed.
    """
    from sources import VENDORS

    vendors = [name for name in VENDORS if any(each.vendor == name for each in accounts)]
    entities = {name: VENDORS[name].entities for name in vendors}
    asked.tell(
        Event(
            "load_started",
            f"Fetching {len(accounts)} account(s) of {len(vendors)} vendor(s)",
            fields={"run_id": asked.run_id, "accounts": len(accounts)},
        )
    )
    with closing(connect(asked.warehouse)) as connection:
        load_results.create(connection)
        moment = moment_of_load(connection, asked.started_at)
        if warning := moment.warning():
            asked.tell(warning)
        outcomes = _loaded(asked, connection, accounts, entities, moment)
    memory.give_back()
    for outcome in outcomes:
        asked.tell(events.account(outcome))
    return outcomes, moment


def _loaded(
    asked: Load,
    connection: duckdb.DuckDBPyConnection,
    accounts: Sequence[ConfiguredAccount],
    entities: Entities,
    moment: Moment,
) -> list[AccountOutcome]:
    from sources import VENDORS, source
    from sources.extract.run import Fetch

    made = [name for name in entities if VENDORS[name].amount is not None]
    with beside_published(connection, asked.warehouse):
        known = state.read_known(connection, entities, made)
    known = replace(known, former_accounts=former_accounts(connection, accounts, known))
    load_id = None
    with Fetch(
        accounts,
        known,
        now=asked.started_at,
        full_refresh=asked.full_refresh,
        on_event=lambda progress: asked.tell(events.fetching(progress)),
    ) as fetch:
        if fetch.brings_tables():
            load_id = load(
                connection,
                asked.warehouse.dlt_folder,
                [source(name, fetch) for name in entities],
                moment.at if moment.is_moved else None,
            )
        results = fetch.results()
        details_held.remember(connection, fetch.fetched_details(), fetch.failed_details())
    changes = (
        {} if load_id is None else state.count_changes(connection, entities, load_id, moment.at)
    )
    outcomes = [load_results.outcome_of(result, changes) for result in results]
    connection.begin()
    load_results.add(connection, asked.run_id, asked.started_at, outcomes)
    connection.commit()
    return outcomes
