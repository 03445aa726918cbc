"""The batches of a build, on two workbenches side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Lock

from pipelines.building import BuiltModel
from pipelines.changes import Changes
from pipelines.kept import Kept
from pipelines.scope import Scope
from pipelines.workbench import Workbench

# DuckDB builds most of a small batch on one core, and each bench takes as much memory as another.
BENCHES = 2


class Batches:
    """Batch after batch is built on whichever bench is free, and its rows are then kept."""

    def __init__(
        self,
        changes: Changes,
        scope: Scope,
        kept: Kept,
        numbers: Sequence[int],
    ) -> None:
        self._changes = changes
        self._scope = scope
        self._kept = kept
        self._waiting = deque(numbers)
        self._built: list[BuiltModel] = []
        # The connection, which `scope` and `kept` use too, serves one thread at a time.
        self._turn = Lock()

    def build(self, benches: Sequence[Workbench]) -> list[BuiltModel]:
        """What was built, the rows and seconds of all batches added up.

        Raises:
            duckdb.Error: a batch can't be built; the other bench is interrupted.
        """
        if not benches:
            return []
        with ThreadPoolExecutor(len(benches), thread_name_prefix="bench") as pool:
            working = [pool.submit(self._work, bench) for bench in benches]
            try:
                for each in as_completed(working):
                    each.result()
            except BaseException:
                self._waiting.clear()
                for bench in benches:
                    bench.interrupt()
                raise
        return _added_up(self._built)

    def _work(self, bench: Workbench) -> None:
        while True:
            with self._turn:
                if not self._waiting:
                    return
                batch = self._waiting.popleft()
                positions = self._scope.positions(batch)
            built = bench.build(positions)
            with self._turn, self._changes.step():
                self._kept.replace(batch, bench)
                self._scope.remember(batch)
            self._built += built


def _added_up(built: Sequence[BuiltModel]) -> list[BuiltModel]:
    sums: dict[str, BuiltModel] = {}
    for each in built:
        before = sums.get(each.name, BuiltModel(each.name, 0, 0.0))
        sums[each.name] = BuiltModel(
            each.name, before.rows + each.rows, before.seconds + each.seconds
        )
    return list(sums.values())
