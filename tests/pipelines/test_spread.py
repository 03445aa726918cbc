"""`billhouse run --on`: an engine runs all shards, here processes of Python's own. What Spark and
Ray do themselves, `make scale-test ENGINE=spark` and `ENGINE=ray` look at."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path

import pytest

pytest.importorskip("duckdb_extension_ducklake")

from pipelines.cli import spread_run
from pipelines.cli.one_run import RunOptions
from pipelines.cli.spread_run import print_outcomes, spread
from pipelines.errors import JobError, UsageError
from pipelines.job.events import Event
from pipelines.job.on_spark import run_on_spark
from pipelines.job.shard_outcome import ShardJob, ShardOutcome
from pipelines.publish import lake
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from pipelines.warehouse.shards import Shard, in_shard
from sandbox.server import running
from sandbox.world import World
from tests.faults import child
from tests.pipelines.processes import Billhouse
from tests.pipelines.receiver import receiving

SHARDS = 2
OPTIONS = RunOptions((), (), full_refresh=False, lock_timeout=0.1)


def configure(variables: Mapping[str, str]) -> None:
    """A worker's own environment."""
    os.environ.update(variables)


def night(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]
) -> tuple[list[ShardOutcome], int, list[Event]]:
    """All shards, both at once: how each ended, the exit code, and what was told."""
    given = {**variables, "WAREHOUSE__DIRECTORY": str(warehouse.directory)}
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    def in_processes(job: ShardJob, count: int) -> Iterator[ShardOutcome]:
        processes = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(count, processes, configure, (given,)) as pool:
            yield from pool.map(job, range(1, count + 1))

    monkeypatch.setattr(spread_run, "_engine", lambda _: in_processes)
    told: list[Event] = []
    outcomes, exit_code = spread("ray", SHARDS, OPTIONS, "night", "json", told.append)
    return sorted(outcomes), exit_code, told


@pytest.fixture(scope="module", autouse=True)
def _forkserver() -> None:
    """With all that the job imports, and before any test has set its environment."""
    assert child.STAGES
    forkserver.ensure_running()


def test_what_comes_back_makes_one_run(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(World(months=2, accounts=2)) as sandbox, receiving() as receiver:
        urls = {"ALERTS__WEBHOOK_URL": receiver.url, "ALERTS__SUCCESS_URL": receiver.url}
        variables = sandbox.environment(["turso"]) | urls
        outcomes, exit_code, told = night(warehouse, monkeypatch, variables)
        assert [each[:2] for each in outcomes] == [(1, 0), (2, 0)], told
        assert exit_code == 0
        assert sum(each.accounts for each in outcomes) == 2
        assert [each.name for each in told].count("shard_ended") == SHARDS
        assert receiver.pings == 1
        print_outcomes(outcomes)
        assert "2 of 2 shard(s) are built: 2 account(s)" in capsys.readouterr().out
        with lake.opened(warehouse.own_lake) as connection:
            [found] = connection.execute(
                "SELECT count(DISTINCT (run_id, started_at)), count(*) FROM load_results"
            ).fetchall()
        assert found == (1, 2)

        # One shard is held by somebody else: that is told once, as of one run.
        receiver.texts.clear()
        with holding(in_shard(warehouse, Shard(1, SHARDS)), lock_timeout=0):
            outcomes, exit_code, told = night(warehouse, monkeypatch, variables)
        assert ([each.exit_code for each in outcomes], exit_code) == ([1, 0], 3), told
        assert receiver.pings == 1
        [text] = receiver.texts
        assert "1 of 2 shards failed and keep what they had. Shard 1: Another run" in text
        print_outcomes(outcomes)
        assert "Another run" in capsys.readouterr().out


def test_workers_that_find_no_configuration_end_it_with_2(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"No shard was built.*Shard 1 ended with 2"):
        night(warehouse, monkeypatch, {})


def test_where_no_shard_was_built_nothing_is_gathered(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE__DIRECTORY", str(warehouse.directory))
    lost = [ShardOutcome(1, 1, message="Its worker died"), ShardOutcome(2, 2)]
    monkeypatch.setattr(spread_run, "_engine", lambda _: lambda job, count: iter(lost))
    with pytest.raises(JobError, match="Its worker died") as failed:
        spread("spark", 2, OPTIONS, "night", "json", lambda _: None)
    assert failed.value.exit_code == 1


def test_the_number_of_shards_is_known_before_an_engine_starts(
    warehouse: Warehouse, billhouse: Billhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE__DIRECTORY", str(warehouse.directory))

    def asked(shards: int | None, options: RunOptions = OPTIONS) -> str:
        with pytest.raises(UsageError) as refused:
            spread("ray", shards, options, "night", "json", lambda _: None)
        return str(refused.value)

    finished = billhouse("run", "--shards", "4")
    assert (finished.returncode, "needs --on spark or" in finished.stderr) == (2, True), finished
    assert "give one of the two" in asked(4, replace(OPTIONS, shard="1/4"))
    assert "say how many it shall have" in asked(None)
    warehouse.shards_folder.mkdir(parents=True)
    warehouse.shards_file.write_text('{"shards": 4, "accounts": {}}')
    assert "set up with 4 shards" in asked(8)


def test_an_engine_that_is_not_there(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WAREHOUSE__DIRECTORY", str(warehouse.directory))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"with the extra ray: billhouse\[ray\]"):
        spread("ray", 2, OPTIONS, "night", "json", lambda _: None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UsageError, match=r"JAVA_HOME .* has no bin/java.*default-jre-headless"):
        next(run_on_spark(lambda number: ShardOutcome(number, 0), 1))
