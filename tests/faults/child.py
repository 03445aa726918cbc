"""A run of the job in a process that ends as its test wants: killed, stopped, or out of disk.

The processes are forked from one that has imported everything, which spares each the two seconds
that importing takes. Nothing in that one has opened a database or started a thread.
"""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import reduction
from pathlib import Path
from typing import Any

from pipelines.config import dlt_settings

dlt_settings.apply()

import dlt  # noqa: E402
import typer  # noqa: E402

from pipelines.cli.app import app  # noqa: E402
from pipelines.cli.exits import ending_in_a_sentence  # noqa: E402
from pipelines.config.configuration import Configuration  # noqa: E402
from pipelines.job import building  # noqa: E402
from pipelines.job import run as job  # noqa: E402
from pipelines.publish import gathering, lake, part_files, parts  # noqa: E402
from pipelines.warehouse import details_held  # noqa: E402
from pipelines.warehouse.files import Warehouse  # noqa: E402
from sources.extract import run  # noqa: E402

# Where each stage begins: the owner of a function, and its name there.
STAGES: dict[str, tuple[Any, str]] = {
    "fetch": (run.Fetch, "__enter__"),
    "extract": (dlt.Pipeline, "extract"),
    "normalise": (dlt.Pipeline, "normalize"),
    "load": (dlt.Pipeline, "load"),
    "note details": (details_held, "remember"),
    "transform": (building, "build"),
    "publish": (building, "publish"),
}
STAGES_OF_SHARDS: dict[str, tuple[Any, str]] = {
    "leave": (part_files, "_copied"),
    "finish": (parts, "finish"),
    "gather": (gathering, "replace_parts"),
    "swap": (lake, "put_in_place"),
}
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])
# Who starts a process asks after all others, too, and an answer is there for one asker only: of two
# at once, one takes the process for lost.
_one_asker = threading.Lock()


@dataclass(frozen=True)
class Mishap:
    """What happens `delay` seconds after a stage has begun: a signal, or the end of the disk.

    The disk ends for any file that would become larger than `disk_bytes`.
    """

    stage: str
    delay: float = 0.0
    signal_number: int | None = None
    disk_bytes: int | None = None


def run_job(
    warehouse: Warehouse, variables: Mapping[str, str], mishap: Mishap | None = None
) -> tuple[int, str]:
    """The exit code (negative: the signal that killed it), and what was written to stderr."""
    return _ended(_run, warehouse.directory, variables, mishap)


def run_command(
    arguments: Sequence[str], variables: Mapping[str, str], mishap: Mishap | None = None
) -> tuple[int, str]:
    """The same of a command as users type it, without `billhouse`."""
    return _ended(_run_command, tuple(arguments), variables, mishap)


def _ended(
    target: Callable[..., None], what: object, variables: Mapping[str, str], mishap: Mishap | None
) -> tuple[int, str]:
    reader, writer = os.pipe()
    with open(reader, "rb") as told:
        process = _processes.Process(
            target=target, args=(what, dict(variables), mishap, reduction.DupFd(writer))
        )
        with _one_asker:
            process.start()
        os.close(writer)
        text = told.read().decode(errors="replace")
        with _one_asker:
            process.join()
    assert process.exitcode is not None
    return process.exitcode, text


def stage_seconds(warehouse: Warehouse, variables: Mapping[str, str]) -> dict[str, float]:
    """How long each stage of a run takes, from its begin to the begin of the next."""
    code, told = run_job(warehouse, {**variables, "BILLHOUSE_TEST_STAGES": "1"})
    assert code == 0, told
    moments = [json.loads(line) for line in told.splitlines() if line.startswith("[")]
    following = [*(moment for _, moment in moments[1:]), moments[-1][1] + 0.2]
    return {
        stage: after - moment for (stage, moment), after in zip(moments, following, strict=True)
    }


def _run(directory: Path, variables: Mapping[str, str], mishap: Mishap | None, told: Any) -> None:
    os.dup2(told.detach(), 2)
    faulthandler.enable(2)
    os.environ.update(variables)
    if "BILLHOUSE_TEST_STAGES" in os.environ:
        for stage in STAGES:
            _at(stage, partial(_note, stage))
    if mishap is not None:
        _at(mishap.stage, lambda: _arm(mishap))
    try:
        with ending_in_a_sentence():
            report = job.run(
                Warehouse(directory),
                Configuration().accounts(),
                listener=lambda _: None,
                lock_timeout=120,
            )
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    if report.problem:
        sys.stderr.write(report.problem)
    for each in report.outcomes:
        if each.error is not None:
            sys.stderr.write(f"{each.vendor} {each.account}: {each.error}\n")
    sys.exit(report.exit_code)


def _run_command(
    arguments: Sequence[str], variables: Mapping[str, str], mishap: Mishap | None, told: Any
) -> None:
    writer = told.detach()
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(writer, number)
        # The one before may have been a file, which can be rewound.
        setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
    faulthandler.enable(2)
    os.environ.update(variables)
    if mishap is not None:
        _at(mishap.stage, lambda: _arm(mishap))
    app(arguments, prog_name="billhouse")


def _note(stage: str) -> None:
    os.write(2, f"{json.dumps([stage, time.monotonic()])}\n".encode())


def _at(stage: str, act: Callable[[], None]) -> None:
    owner, name = (STAGES | STAGES_OF_SHARDS)[stage]
    original = getattr(owner, name)

    def begin(*arguments: Any, **named: Any) -> Any:
        act()
        return original(*arguments, **named)

    setattr(owner, name, begin)


def _arm(mishap: Mishap) -> None:
    timer = threading.Timer(mishap.delay, _strike, [mishap])
    timer.daemon = True
    timer.start()
    if mishap.delay == 0:
        timer.join()


def _strike(mishap: Mishap) -> None:
    if mishap.signal_number is not None:
        os.kill(os.getpid(), mishap.signal_number)
    if mishap.disk_bytes is not None:
        # Python ignores the signal that comes with it, so that a write fails as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (mishap.disk_bytes, resource.RLIM_INFINITY))
