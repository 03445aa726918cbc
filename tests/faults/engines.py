"""A run of all shards by Spark or Ray, whose workers are killed (-9) meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from pipelines.warehouse.files import Warehouse

# Spark runs a shard three times at most, Ray four times.
_MOST_KILLS_OF_A_SHARD = 2
_LOGS = "logs"


@dataclass
class EngineRun:
    """`billhouse run --on …` as a process. `killed` counts the workers that died, by shard."""

    engine: str
    shards: int
    workers: int
    warehouse: Warehouse
    variables: Mapping[str, str]
    kills: int
    random: Random
    killed: Counter[str] = field(default_factory=Counter)

    @property
    def logs(self) -> Path:
        """Where the engine writes what it tells of itself."""
        return self.warehouse.directory.parent / _LOGS

    def ended(self) -> tuple[int, str]:
        """Its exit code, and what it wrote to stderr."""
        self.logs.mkdir(exist_ok=True)
        command = ["run", "--on", self.engine, "--shards", str(self.shards)]
        with subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", *command, "--log-format", "json"],
            env={**os.environ, **self.variables, **self._settings()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            done = threading.Event()
            killing = threading.Thread(target=self._kill, args=(process.pid, done))
            killing.start()
            assert process.stderr is not None
            told = process.stderr.read()
            done.set()
            killing.join()
        return process.returncode, told

    def _settings(self) -> dict[str, str]:
        if self.engine == "ray":
            return {"RAY_TMPDIR": str(self.logs)}
        events = f"spark.eventLog.enabled=true --conf spark.eventLog.dir={self.logs}"
        master = f"local-cluster[{self.workers},1,1024]"
        return {
            "PYSPARK_SUBMIT_ARGS": f"--master {master} --conf {events} pyspark-shell",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_WORKER_DIR": str(self.logs),
        }

    def _kill(self, driver: int, done: threading.Event) -> None:
        while self.killed.total() < self.kills and not done.wait(self.random.uniform(0.1, 1.0)):
            at_work = [
                (lock.parent.name, number)
                for lock, number in _holders(self.warehouse)
                if self.killed[lock.parent.name] < _MOST_KILLS_OF_A_SHARD
                and driver in _ancestors(number)
            ]
            if at_work:
                shard, number = self.random.choice(at_work)
                os.kill(number, signal.SIGKILL)
                self.killed[shard] += 1


def _holders(warehouse: Warehouse) -> Iterator[tuple[Path, int]]:
    """The locks of shards, and the process that wrote its number there, perhaps long ago."""
    for lock in warehouse.shards_folder.glob("*/run.lock"):
        text = lock.read_text()
        if text.isdecimal():
            yield lock, int(text)


def _ancestors(number: int) -> Iterator[int]:
    """The processes that started this one, the nearest first; none where it has ended."""
    while number > 1:
        try:
            # Behind the name, which may hold anything: its state, then its parent.
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return
        number = int(fields[1])
        yield number
