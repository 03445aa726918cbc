"""Statements side by side: two at once where two processors are, each after what it waits for."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.job.interruption import Interrupted, interruptible
from pipelines.warehouse.side_by_side import ONE_BY_ONE, TWO, Step, carry_out, for_each

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10_000_000) AS a, range(10_000_000) AS b"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(str(tmp_path / "work.duckdb"))) as found:
        found.execute("SET threads = 2")
        yield found


class Steps:
    """Steps that note when they began, and how many ran at once."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()

    def step(self, name: str, after: frozenset[str] = frozenset()) -> Step[str]:
        def do(own: duckdb.DuckDBPyConnection) -> str:
            with self._lock:
                self.begun.append(name)
                self._running += 1
                self.most = max(self.most, self._running)
            own.execute(f'CREATE TABLE "{name}" AS FROM range(10)')
            for each in after:
                own.execute(f'FROM "{each}"')
            with self._lock:
                self._running -= 1
            return name

        return Step(name, do, after)


@given(
    graph=st.integers(1, 12).flatmap(
        lambda size: st.lists(st.frozensets(st.integers(0, size - 1)), min_size=size, max_size=size)
    ),
    at_once=st.sampled_from([ONE_BY_ONE, TWO]),
)
def test_each_comes_after_what_it_waits_for(graph: list[frozenset[int]], at_once: int) -> None:
    noted = Steps()
    steps = [
        noted.step(str(place), frozenset(str(each) for each in after if each < place))
        for place, after in enumerate(graph)
    ]
    with closing(duckdb.connect(config={"threads": 2})) as connection:
        assert carry_out(connection, steps, at_once) == [each.name for each in steps]
    assert 1 <= noted.most <= at_once
    if at_once == ONE_BY_ONE:
        assert noted.begun == [each.name for each in steps]


def test_two_run_at_once(connection: duckdb.DuckDBPyConnection) -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(own: duckdb.DuckDBPyConnection, name: str) -> object:
        both.wait()
        return own.execute("SELECT ?", [name]).fetchone()

    assert for_each(connection, ["a", "b"], meet) == [("a",), ("b",)]


def test_one_processor_takes_one_after_the_other(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET threads = 1")
    noted = Steps()
    carry_out(connection, [noted.step(str(n)) for n in range(9)])
    assert noted.most == 1


def test_a_session_knows_what_the_connection_does(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("ATTACH ':memory:' AS \"of it's own\"")
    connection.execute('USE "of it\'s own"')
    connection.execute("CREATE TABLE here AS SELECT 1 AS one")
    told = "SELECT current_setting('TimeZone'), current_setting('threads'), one FROM here"
    asked = for_each(connection, [told], lambda own, query: own.execute(query).fetchone())
    assert asked == [("UTC", 1, 1)]
    assert connection.execute("SELECT current_setting('threads')").fetchone() == (2,)


def test_an_error_ends_what_runs_beside_it(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        for_each(connection, [ENDLESS, "FROM nowhere"], lambda own, query: own.execute(query))


def test_a_signal_ends_what_runs(connection: duckdb.DuckDBPyConnection) -> None:
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGTERM]).start()
    with pytest.raises(Interrupted), interruptible():
        for_each(connection, [ENDLESS, ENDLESS], lambda own, query: own.execute(query))


def test_nothing_to_do_is_done(connection: duckdb.DuckDBPyConnection) -> None:
    assert for_each(connection, [], lambda own, item: item) == []
