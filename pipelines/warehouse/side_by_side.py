"""Statements that don't wait for each other, two of them at once.

DuckDB plans a statement in one thread, and shares its rows among several only by row groups of
122,880. So of fewer rows one processor would be idle, and what it does for several threads
nevertheless is a tenth of a build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Generic, TypeVar

import duckdb

from pipelines.warehouse import session
from pipelines.warehouse.sql_text import identifier
from pipelines.warehouse.workers import at_work

ONE_BY_ONE = 1
TWO = 2

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Step(Generic[_Result]):
    """What is done in a session, after the steps of these names."""

    name: str
    do: Callable[[duckdb.DuckDBPyConnection], _Result]
    after: Set[str] = frozenset()


def for_each(
    connection: duckdb.DuckDBPyConnection,
    items: Iterable[_Item],
    do: Callable[[duckdb.DuckDBPyConnection, _Item], _Result],
) -> list[_Result]:
    """What `do` makes of each, in their order."""

    def step(item: _Item) -> Callable[[duckdb.DuckDBPyConnection], _Result]:
        return lambda own: do(own, item)

    steps = [Step(str(place), step(each)) for place, each in enumerate(items)]
    return carry_out(connection, steps)


def carry_out(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[Step[_Result]], at_once: int = TWO
) -> list[_Result]:
    """What each step makes, in their order. Of several that could be next, the first is. Each gets
    a session of its own, which uses the same database.

    Raises:
        Exception: the first that a step raises; those that run meanwhile are ended.
    """
    by_name = {each.name: each for each in steps}
    places = {name: place for place, name in enumerate(by_name)}
    sorter = TopologicalSorter({each.name: each.after for each in steps})
    sorter.prepare()
    waiting: list[str] = []
    found: dict[str, _Result] = {}

    def do(own: duckdb.DuckDBPyConnection, name: str) -> _Result:
        return by_name[name].do(own)

    with (
        _sessions(connection, at_once) as sessions,
        at_work(sessions, do, duckdb.DuckDBPyConnection.interrupt) as workers,
    ):
        free = len(sessions)
        while sorter.is_active():
            waiting = sorted([*waiting, *sorter.get_ready()], key=places.__getitem__)
            while waiting and free:
                workers.give(waiting.pop(0))
                free -= 1
            name, found[name] = workers.next_ended()
            free += 1
            sorter.done(name)
    return [found[name] for name in by_name]


@contextmanager
def _sessions(
    connection: duckdb.DuckDBPyConnection, at_once: int
) -> Iterator[list[duckdb.DuckDBPyConnection]]:
    """So many, if there are processors for them."""
    [(database, threads)] = connection.execute(
        "SELECT current_database(), current_setting('threads')"
    ).fetchall()
    at_once = min(at_once, threads)
    with ExitStack() as stack:
        found = [stack.enter_context(closing(connection.cursor())) for _ in range(at_once)]
        for each in found:
            session.begin_building(each)
            each.execute(f"USE {identifier(database)}")
        # DuckDB counts one thread of ours among its own.
        connection.execute(f"SET threads = {threads - at_once + 1}")
        yield found
        # After an error the connection is closed.
        connection.execute(f"SET threads = {threads}")
