"""Spark as the engine of shards: a table of them, a partition each, and `mapInArrow` over it. Which
cluster it is says PySpark's own configuration (`MASTER`, PYSPARK_SUBMIT_ARGS, spark-defaults.conf);
without any, it is this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import JobError, UsageError, one_sentence
from pipelines.job.interruption import kept_handlers
from pipelines.job.shard_outcome import ShardJob, ShardOutcome

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = "shard INT, exit_code INT, accounts INT, rows BIGINT, message STRING"
# All cores of this machine; a task is tried so often.
_THIS_MACHINE = "local[*,4]"
_LOCAL = re.compile(r"local(?:\[[^,\]]*(?:,\s*(?P<tries>[0-9]+))?\])?")
_SETTINGS = {
    # A second copy of a slow shard would only wait for the first one's lock.
    "spark.speculation": "false",
    # Each shard in a process of its own, whose memory ends with it.
    "spark.python.worker.reuse": "false",
    "spark.ui.showConsoleProgress": "false",
}


def run_on_spark(job: ShardJob, count: int) -> Iterator[ShardOutcome]:
    """The outcomes of all shards, once the last one ended.

    Raises:
        ModuleNotFoundError: PySpark isn't installed.
        UsageError: there is no Java.
        JobError: the cluster can't be reached, or gave up.
    """
    _see_java()
    import pandas  # noqa: F401  `mapInArrow` asks for it, and would say so late
    from pyspark.sql import SparkSession

    os.environ.setdefault("MASTER", _THIS_MACHINE)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = None
    try:
        with kept_handlers():
            session = SparkSession.builder.appName("billhouse").config(map=_SETTINGS).getOrCreate()
        shards = session.range(1, count + 1, 1, count)
        mapped = shards.mapInArrow(_batches(job, _tries(session.sparkContext)), _COLUMNS)
        outcomes = [ShardOutcome(*row) for row in mapped.collect()]
    except Exception as error:  # of Python's side, of Java's, or of the way between them
        raise JobError(
            f"Spark could not run the shards: {_reason(error)} Those that ended are built, and"
            " `billhouse gather` publishes them. See Spark's own log: can the cluster be reached,"
            " and is Billhouse installed on each worker, for the Python that PYSPARK_PYTHON names?"
        ) from error
    finally:
        if session is not None:
            session.stop()
    yield from outcomes


def _batches(
    job: ShardJob, tries: int
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What each task does with its part of the table: with one number."""

    def batches(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow
        from pyspark import TaskContext

        attempt = TaskContext.get().attemptNumber() + 1
        types = {"shard": "int32", "exit_code": "int32", "accounts": "int32", "rows": "int64"}
        schema = pyarrow.schema([*types.items(), ("message", "string")])
        for number in (each for batch in numbers for each in batch.column(0).to_pylist()):
            outcome = _last_try(number, tries) if 1 < attempt == tries else job(number)
            yield pyarrow.RecordBatch.from_pylist([outcome._asdict()], schema=schema)

    return batches


def _last_try(number: int, tries: int) -> ShardOutcome:
    """A task that fails as often as it may ends all others with it, so it isn't tried once more."""
    return ShardOutcome(
        number,
        1,
        message=f"Its worker died {tries - 1} times (spark.task.maxFailures = {tries}). Out of"
        " memory is the most frequent cause; Spark's own logs say more.",
    )


def _tries(context: Any) -> int:
    """How often Spark runs a task before it gives everything up."""
    local = _LOCAL.fullmatch(context.master)
    if local:
        return int(local["tries"] or 1)
    return int(context.getConf().get("spark.task.maxFailures", "4"))


def _reason(error: BaseException) -> str:
    """The last line that is no Java's: what Python's traceback ends with."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if re.match(r"[A-Za-z.]*(Error|Exception)\b", line)]
    return one_sentence(RuntimeError((told or lines or [type(error).__name__])[0]))


def _see_java() -> None:
    home = os.environ.get("JAVA_HOME")
    program = Path(home, "bin", "java") if home else shutil.which("java")
    if program is None or not Path(program).exists():
        raise UsageError(
            "Spark needs Java 17 or newer, and"
            + (f" JAVA_HOME ({home}) has no bin/java." if home else " there is none on the PATH.")
            + " Install one (apt-get install default-jre-headless), or set JAVA_HOME."
        )
