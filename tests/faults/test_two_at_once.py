"""Two runs at once, and readers who never see half a publish."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import duckdb

from pipelines.warehouse.files import Warehouse
from sandbox.server import Sandbox
from tests.faults.child import run_job
from tests.faults.contents import contents
from tests.pipelines.processes import environment
from tests.pipelines.publishing import publish_tables

PUBLISHES = 100
QUESTION = "SELECT a.generation, b.generation, count(*) FROM first a, second b GROUP BY ALL"
# Opens the file again and again.
READER = f"""
import sys, duckdb
file, last, seen = sys.argv[1], {PUBLISHES}, [0]
while last not in seen:
    with duckdb.connect(file, read_only=True) as connection:
        [(one, other, rows)] = connection.execute("{QUESTION}").fetchall()
    assert one == other and one >= seen[-1] and rows == 1000, (one, other, rows, seen)
    seen.append(one)
print(len(set(seen)))
"""
# Keeps it open: a process of its own, since DuckDB shares one file among all who open it in one.
HOLDER = f"""
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    print(connection.execute("{QUESTION}").fetchall(), flush=True)
"""


def test_a_second_run_waits_for_the_first(
    warehouse: Warehouse, loaded: Warehouse, sandbox: Sandbox
) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(run_job, warehouse, sandbox.environment()) for _ in range(2)]
        assert [each.result()[0] for each in both] == [0, 0]
    assert contents(warehouse) == contents(loaded)
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        runs = connection.execute("SELECT count(DISTINCT run_id) FROM load_results").fetchall()
    assert runs == [(2,)]


def test_readers_see_only_whole_publishes_and_are_in_nobodys_way(warehouse: Warehouse) -> None:
    publish_tables(warehouse, _generation(0))
    holder, reader = (_process(program, warehouse) for program in (HOLDER, READER))
    try:
        assert _ask(holder) == "[(0, 0, 1000)]"
        for number in range(1, PUBLISHES + 1):
            publish_tables(warehouse, _generation(number), goes_on=number % 2 == 0)
        seen, told = reader.communicate(timeout=60)
        assert reader.returncode == 0, told
        assert int(seen) > 3
        assert _ask(holder) == "[(0, 0, 1000)]"
    finally:
        for process in (holder, reader):
            process.kill()
            process.communicate()


def _process(program: str, warehouse: Warehouse) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(warehouse.published)],
        env=environment(warehouse),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ask(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("?\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def _generation(number: int) -> dict[str, str]:
    return {
        name: f"SELECT {number} AS generation FROM range({rows})"
        for name, rows in (("first", 100), ("second", 10))
    }
