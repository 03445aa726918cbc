"""One program, measured: what the operating system and the server say about each of its runs."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import duckdb

from benchmarks.programs import Program, environment

MEASURE = Path(__file__).with_name("measure.py")
RUNS = 3
# What takes longer is run once: the noise is small beside it.
LONG = 20.0


PHASES = {
    "load": ("load_started", "transform_started"),
    "transform": ("transform_started", "published"),
}
# Billhouse says so of each account, plain httpx once.
FETCHED = ("account_loaded", "fetched")
Log = list[tuple[float, str]]


class Server(Protocol):
    """What the programs read from."""

    @property
    def url(self) -> str: ...
    @property
    def latency(self) -> float: ...

    def forget_traffic(self) -> None: ...
    def traffic(self) -> tuple[int, int | None]:
        """Requests and bytes since then; the sandbox counts no bytes."""
        ...


@dataclass(frozen=True)
class Measurement:
    """Seconds, bytes and requests of one run. `phases` are by the program's log."""

    wall: float
    cpu: float
    peak_memory: int
    requests: int
    bytes: int | None
    phases: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """All runs of one program in one case."""

    case: str
    program: str
    runs: tuple[Measurement, ...]

    def median(self, quantity: str) -> float:
        values: list[float] = [getattr(run, quantity) for run in self.runs]
        return statistics.median(values)

    def phase(self, name: str) -> float | None:
        seconds = [run.phases[name] for run in self.runs if name in run.phases]
        return statistics.median(seconds) if seconds else None


class WrongResult(Exception):
    """A program ended with an error, or with other numbers than the server's."""


Expected = Callable[[], tuple[int, int]]


class Trial:
    """Runs one program against one server, each time in the folder that it is given."""

    def __init__(self, program: Program, server: Server, expected: Expected) -> None:
        self.program = program
        self._server = server
        self._expected = expected

    def first_loads(self, case: str) -> Row:
        """Each run into a folder of its own."""
        return Row(case, self.program.name, tuple(_repeated(self.once)))

    def once(self) -> Measurement:
        """A first load."""
        with _folder() as folder:
            return self.run(folder)

    def repeats(self, case: str, before: Callable[[], None] = lambda: None) -> Row:
        """Runs over what a first load, not measured, left; `before` comes before each."""
        with _folder() as folder:
            self.run(folder)

            def again() -> Measurement:
                before()
                return self.run(folder)

            return Row(case, self.program.name, tuple(_repeated(again)))

    def run(self, folder: Path) -> Measurement:
        """Raises WrongResult."""
        command, variables = self.program.started(self._server.url, folder, self._server.latency)
        self._server.forget_traffic()
        usage, log = _measured(command, folder, variables)
        requests, fetched = self._server.traffic()
        _check_ending(self.program.name, usage, log)
        self._check(folder)
        return Measurement(requests=requests, bytes=fetched, phases=_phases(log), **usage)

    def _check(self, folder: Path) -> None:
        with duckdb.connect(folder / self.program.database, read_only=True) as connection:
            found = connection.execute(self.program.result).fetchone()
        if found != self._expected():
            raise WrongResult(f"{self.program.name}: {found} instead of {self._expected()}")


def _repeated(run: Callable[[], Measurement]) -> Iterator[Measurement]:
    first = run()
    yield first
    if first.wall <= LONG:
        for _ in range(RUNS - 1):
            yield run()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="billhouse-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def alone(case: str, name: str, command: list[str]) -> Row:
    """A command that asks no server, and leaves nothing to check but how it ends."""

    return Row(case, name, tuple(_repeated(lambda: started_alone(name, command)[0])))


def started_alone(
    name: str, command: list[str], variables: Mapping[str, str] = MappingProxyType({})
) -> tuple[Measurement, dict[str, Any]]:
    """One run of it, and what it told last in JSON, if anything. Raises WrongResult."""
    with _folder() as folder:
        usage, log = _measured(command, folder, environment(folder) | dict(variables))
    _check_ending(name, usage, log)
    told = [json.loads(line) for _, line in log if line.startswith("{")]
    return Measurement(requests=0, bytes=None, **usage), told[-1] if told else {}


def _check_ending(name: str, usage: dict[str, Any], log: Log) -> None:
    if usage.pop("exit_code") != 0:
        said = "".join(line for _, line in log)
        raise WrongResult(f"{name} failed:\n{said[-3000:]}")


def _measured(
    command: list[str], folder: Path, variables: dict[str, str]
) -> tuple[dict[str, Any], Log]:
    """What `measure.py` prints, and what the program said, by the time at which it said it."""
    with subprocess.Popen(
        [sys.executable, str(MEASURE), *command],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        log = [(time.monotonic(), line) for line in process.stderr]
        return json.loads(process.stdout.read()), log


def _phases(log: Log) -> dict[str, float]:
    """Seconds of fetching, of loading, and of building, auditing and publishing, where a log tells
    in JSON. Accounts are fetched side by side, so that the slowest one tells the fetching's."""
    times: dict[str, float] = {}
    fetches: list[float] = []
    for at, line in log:
        if line.startswith("{"):
            told = json.loads(line)
            times.setdefault(told["event"], at)
            if told["event"] in FETCHED:
                fetches.append(told["seconds"])
    phases = {
        name: times[end] - times[start]
        for name, (start, end) in PHASES.items()
        if start in times and end in times
    }
    return {**phases, "fetch": max(fetches)} if fetches else phases
