"""A closed month is remembered as it was published, and what it would now be is told."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.errors import JobError, UsageError
from pipelines.job.building import build_and_publish
from pipelines.job.context import RunContext
from pipelines.publish.closing import close, reopen
from pipelines.transform.as_of import opened_as_of
from pipelines.warehouse import load_results
from pipelines.warehouse.backup import back_up, restore
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.load_results import AccountOutcome
from pipelines.warehouse.lock import holding
from pipelines.warehouse.rename import rename_account
from tests.transforms.test_alerts import bill
from tests.transforms.work_database import NIGHT, WorkDatabase

LATER = NIGHT + timedelta(days=4)
NO_PROBLEM: dict[str, Any] = {"now": LATER, "anyway": False, "lock_timeout": 0}


def load(warehouse: Warehouse, at: datetime = NIGHT, *, outcome: str = "ok") -> None:
    """What a run notes of its load."""
    with closing(connect(warehouse)) as connection:
        load_results.create(connection)
        result = AccountOutcome("planetscale", "acme", outcome, 1, 1, 1, 0, 1.0, None, 1)
        load_results.add(connection, f"{at}", at, [result])


def night(warehouse: Warehouse, at: datetime) -> None:
    with holding(warehouse, lock_timeout=0):
        run = RunContext(warehouse, f"{at}", at, lambda _: None)
        assert not build_and_publish(run).result.has_errors


def correct(warehouse: Warehouse, month: int, total: str, at: datetime) -> None:
    """The vendor lists another total from then on."""
    work = WorkDatabase(warehouse.work)
    with closing(work.connection):
        work.close("planetscale", key=f"inv-{month:02}", valid_to=at)
        bill(work, month, total)
        work.connection.execute(
            "UPDATE raw.planetscale__invoices SET valid_from = ? WHERE valid_to IS NULL"
            " AND document_key = ?",
            [at, f"inv-{month:02}"],
        )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Invoices of August to October, published at the beginning of November."""
    warehouse = Warehouse(tmp_path_factory.mktemp("closing") / "warehouse")
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)):
        pass
    work = WorkDatabase(warehouse.work)
    with closing(work.connection):
        for month in (8, 9, 10):
            bill(work, month, "10.00")
    load(warehouse)
    night(warehouse, NIGHT)
    return warehouse


@pytest.fixture
def loaded(published: Warehouse, warehouse: Warehouse) -> Warehouse:
    """The same, of a test's own."""
    shutil.copytree(published.directory, warehouse.directory)
    return warehouse


def rows(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        return connection.execute(sql).fetchall()


DIFFERENCES = (
    "SELECT strftime(month, '%Y-%m'), amount_at_close, amount_now, difference"
    " FROM close_differences ORDER BY ALL"
)


def changes(warehouse: Warehouse, *arguments: str) -> str:
    where = ["--warehouse", str(warehouse.directory)]
    ended = CliRunner().invoke(app, [*where, "changes", *arguments])
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_what_a_closed_month_would_now_be(loaded: Warehouse) -> None:
    closed = close(loaded, "2026-10", **NO_PROBLEM)
    assert (closed.name, closed.believed_at, closed.lines) == ("2026-10", NIGHT, 1)
    assert "No month is closed in what is published" in changes(loaded, "--since-close")
    # September isn't closed: nobody is told of its correction here.
    correct(loaded, 9, "30.00", LATER)
    correct(loaded, 10, "12.50", LATER)
    night(loaded, LATER + timedelta(days=1))
    assert rows(loaded, DIFFERENCES) == [("2026-10", 10, Decimal("12.5"), Decimal("2.5"))]
    told = changes(loaded, "--since-close", "--format", "json")
    assert sum(Decimal(str(each["difference"])) for each in json.loads(told)) == Decimal("2.5")
    assert "amount corrected" in changes(loaded)
    with opened_as_of(loaded, LATER - timedelta(hours=1)) as connection:
        assert connection.execute("FROM month_closes").fetchall() == []


def test_a_month_is_opened_again_and_closed_anew(loaded: Warehouse) -> None:
    close(loaded, "2026-10", **NO_PROBLEM)
    with pytest.raises(UsageError, match=r"closed on 2026-11-05 already.*--reopen"):
        close(loaded, "2026-10", **NO_PROBLEM)
    correct(loaded, 10, "12.50", LATER)
    reopen(loaded, "2026-10", now=LATER + timedelta(hours=1), lock_timeout=0)
    with pytest.raises(UsageError, match="2026-10 isn't closed"):
        reopen(loaded, "2026-10", now=LATER, lock_timeout=0)
    night(loaded, LATER + timedelta(days=1))
    assert rows(loaded, "FROM month_closes") == rows(loaded, DIFFERENCES) == []
    again = close(loaded, "2026-10", **NO_PROBLEM | {"now": LATER + timedelta(days=2)})
    assert again.name == "2026-10/2"
    with opened_as_of(loaded, LATER + timedelta(minutes=1)) as connection:
        assert connection.execute("SELECT name FROM month_closes").fetchall() == [("2026-10",)]


def test_a_backup_has_what_was_closed(loaded: Warehouse) -> None:
    close(loaded, "2026-10", **NO_PROBLEM)
    folder = loaded.directory.parent / "backup"
    back_up(loaded, folder, lock_timeout=0)
    other = Warehouse(loaded.directory.parent / "other")
    restore(other, folder, lock_timeout=0)
    night(other, LATER)
    assert rows(other, "SELECT name FROM month_closes") == [("2026-10",)]
    assert rows(other, DIFFERENCES) == []
    assert "2026-10 (closed 2026-11-05)" in changes(other, "--since-close")


def test_an_account_that_is_renamed_has_its_closed_lines(loaded: Warehouse) -> None:
    close(loaded, "2026-10", **NO_PROBLEM)
    with closing(connect(loaded)) as connection:
        connection.execute("ALTER TABLE raw.planetscale__invoices ADD COLUMN listing_key TEXT")
    rename_account(loaded, "planetscale", "acme", "acme & sons", lock_timeout=0)
    night(loaded, LATER)
    assert rows(loaded, DIFFERENCES) == []
    with closing(connect(loaded)) as connection:
        held = connection.execute("SELECT DISTINCT account FROM raw.closed_spend").fetchall()
    assert held == [("acme & sons",)]


def test_what_stands_in_the_way(loaded: Warehouse) -> None:
    def refused(month: str, now: datetime = LATER) -> str:
        with pytest.raises(JobError) as error:
            close(loaded, month, **NO_PROBLEM | {"now": now})
        assert error.value.exit_code == 1
        return str(error.value)

    assert "it isn't over yet" in refused("2026-11")
    ahead = refused("2026-11", datetime(2026, 12, 1, tzinfo=UTC))
    assert "isn't over" not in ahead
    assert "was loaded 2026-11-01 02:00, before its end; fetch" in ahead
    load(loaded, LATER, outcome="failed")
    work = WorkDatabase(loaded.work)
    with closing(work.connection):
        bill(work, 5, "1.00")
    night(loaded, LATER)
    assert "planetscale acme failed in its newest load" in refused("2026-10")
    gap = refused("2026-07")
    assert "planetscale acme has no invoice for 31 day(s) of it" in gap
    assert "no invoice" not in refused("2026-10")
    assert gap.endswith("--anyway closes it as it is.")
    assert close(loaded, "2026-07", **NO_PROBLEM | {"anyway": True}).lines == 0


def test_on_the_command_line(loaded: Warehouse, warehouse: Warehouse) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        where = ["--warehouse", str(warehouse.directory)]
        ended = CliRunner().invoke(app, [*where, "close", *arguments])
        return ended.exit_code, ended.output

    code, text = run("2026-10")
    assert code == 0
    assert "2026-10 is closed, with 1 line(s) as they were published 2026-11-01 02:00" in text
    assert run("2026-10", "--reopen") == (0, "2026-10 is open again.\n")
    for arguments, sentence in (
        (["2026-1"], "There is no month '2026-1'"),
        (["2026-10", "--reopen"], "2026-10 isn't closed"),
        (["2026-10", "--reopen", "--anyway"], "Leave it or --reopen out"),
    ):
        code, text = run(*arguments)
        assert code == 2
        assert sentence in text


def test_nothing_is_published_yet(warehouse: Warehouse) -> None:
    with pytest.raises(JobError, match="Nothing is published yet"):
        close(warehouse, "2026-10", **NO_PROBLEM)
