"""All faults in one run, each at an account of its own, and what the next clean run makes of it.

Two warehouses hold the same first month. In the second month one meets the faults, then a clean
run; the other only a clean run. What they hold afterwards must be the same.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import dlt_settings
from pipelines.job.building import build_and_publish
from pipelines.job.context import RunContext
from pipelines.job.load import load
from pipelines.publish.write import beside_published
from pipelines.transform import BuildResult
from pipelines.warehouse import details_held, state
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from tests.faults.cases import ATTEMPT_SECONDS, ATTEMPTS, CASES, PAGE_BOUND, Case
from tests.faults.contents import contents

dlt_settings.apply()

from sandbox.model import Account  # noqa: E402
from sandbox.registry import VENDORS as STAND_INS  # noqa: E402
from sandbox.server import Sandbox, running  # noqa: E402
from sandbox.world import World  # noqa: E402
from sources import (  # noqa: E402
    VENDORS,
    AccountResult,
    ConfiguredAccount,
    Fetch,
    RetryPolicy,
    configured_accounts,
    source,
)
from tests.support.faults import Fault, Faults  # noqa: E402

QUICK = RetryPolicy(attempts=ATTEMPTS, initial_wait=0.05, longest_wait=0.2, jitter=0.0)
ENTITIES = {name: VENDORS[name].entities for name in STAND_INS}


@dataclass(frozen=True)
class Survival:
    """What came of a case: how its account went, and whether all is as if nothing had happened."""

    case: Case
    met: int
    result: AccountResult
    differences: list[str]


@dataclass(frozen=True)
class Campaign:
    survivals: list[Survival]
    untouched: list[AccountResult]
    """Accounts that met no fault, in the run in which the others did."""
    reports: list[BuildResult]


def carry_out(directory: Path) -> Campaign:
    """Runs all cases, in two warehouses below `directory`."""
    faults = Faults()
    with (
        running(
            World(seed=11, now="2026-03-17T12:00:00Z", months=3, accounts=50), between=faults
        ) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("sources.client.paging.PAGE_BOUND", PAGE_BOUND)
        for name, value in sandbox.environment().items():
            patch.setenv(name, value)
        met = list(_met(sandbox))
        accounts = _chosen(sandbox, {account.name for _, account in met})
        plain, hit = (Warehouse(directory / name) for name in ("plain", "hit"))
        reports = [_run(plain, accounts, sandbox)[1]]
        shutil.copytree(plain.directory, hit.directory)
        sandbox.advance()
        reports.append(_run(plain, accounts, sandbox)[1])
        injected = faults.inject(*(_fault(case, account) for case, account in met))
        # A short time to answer is for these alone: on a busy machine others would meet it too.
        slow = {account.name for case, account in met if case.runs_into_time}
        with pytest.MonkeyPatch.context() as hasty:
            hasty.setattr("sources.client.client.ATTEMPT_SECONDS", ATTEMPT_SECONDS)
            results, report = _run(hit, [each for each in accounts if each.name in slow], sandbox)
        reports.append(report)
        others = [each for each in accounts if each.name not in slow]
        more_results, report = _run(hit, others, sandbox)
        faults.clear()
        reports += [report, _run(hit, accounts, sandbox)[1]]
        differences = _differences(plain, hit)
    by_account = {each.account: each for each in (*results, *more_results)}
    survivals = [
        Survival(case, fault.met, by_account.pop(account.name), differences.get(account.name, []))
        for (case, account), fault in zip(met, injected, strict=True)
    ]
    return Campaign(survivals, list(by_account.values()), reports)


def _met(sandbox: Sandbox) -> Iterator[tuple[Case, Account]]:
    """Each case with an account that has invoices, and that no other case has; those that need one
    of a certain profile choose first."""
    free = {name: list(sandbox.world.accounts(name)) for name in ENTITIES}
    for case in sorted(CASES, key=lambda case: not case.profiles):
        account = next(
            each
            for each in free[case.vendor]
            if each.profile not in ("empty", "absent")
            and (not case.profiles or each.profile in case.profiles)
        )
        free[case.vendor].remove(account)
        yield case, account


def _chosen(sandbox: Sandbox, names: set[str]) -> list[ConfiguredAccount]:
    """The accounts of the cases, and of each vendor the last, which meets no fault."""
    untouched = {sandbox.world.accounts(name)[-1].name for name in ENTITIES}
    assert not untouched & names
    return [each for each in configured_accounts() if each.name in names | untouched]


def _fault(case: Case, account: Account) -> Fault:
    secrets = (account.settings.get(key) for key in ("api_token", "secret_key"))
    return Fault(**case.fault, whose=account.identity or next(filter(None, secrets)))


def _run(
    warehouse: Warehouse, accounts: Sequence[ConfiguredAccount], sandbox: Sandbox
) -> tuple[list[AccountResult], BuildResult]:
    """As `billhouse run` does it, by the clock of the sandbox."""
    now = sandbox.world.now
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)) as connection:
        with beside_published(connection, warehouse):
            known = state.read_known(connection, ENTITIES)
        with Fetch(accounts, known, now=now, retry=QUICK) as fetch:
            load(connection, warehouse.dlt_folder, [source(name, fetch) for name in ENTITIES])
            results = fetch.results()
            details_held.remember(connection, fetch.fetched_details(), fetch.failed_details())
    with holding(warehouse, lock_timeout=0):
        built = build_and_publish(RunContext(warehouse, "a-run", now, lambda _: None))
    return results, built.result


def _differences(plain: Warehouse, hit: Warehouse) -> dict[str, list[str]]:
    """Rows that only one of the two holds, by account."""
    found: dict[str, list[str]] = {}
    expected, actual = contents(plain), contents(hit)
    for table, rows in expected.items():
        for sign, lines in (("-", rows - actual[table]), ("+", actual[table] - rows)):
            _note(found, f"{sign} {table}", lines)
    return found


def _note(found: dict[str, list[str]], what: str, rows: Counter[tuple[Any, ...]]) -> None:
    for row in rows:
        found.setdefault(str(row[0]), []).append(f"{what} {row}")
