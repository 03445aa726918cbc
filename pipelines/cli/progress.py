"""What a person or a log collector sees while a job runs, all of it on stderr.

On a terminal a live table; elsewhere a line for each thing that matters; or one JSON object a line.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from pipelines.cli.streams import speaks_utf_8
from pipelines.job.events import (
    DOCUMENT_REJECTED,
    FETCHING,
    INVOICE_CHANGED,
    WAITING,
    Event,
    Listener,
    unfailing,
)

LogFormat = Literal["text", "json"]


@contextmanager
def watching(
    log_format: LogFormat, run_id: str = "", *, verbose: bool = False
) -> Iterator[Listener]:
    """The listener that fits where stderr goes. It never fails. With `verbose` people see waits,
    too; programs always do, and each line of theirs has the `run_id`."""
    if log_format == "json":
        listener = unfailing(partial(_json_line, run_id))
        with _told_of_libraries(listener):
            yield listener
    elif sys.stderr.isatty():
        with _live() as listen:
            yield unfailing(partial(_for_people, listen, verbose))
    else:
        yield unfailing(partial(_for_people, _plain_line, verbose))


def _for_people(listener: Listener, verbose: bool, event: Event) -> None:
    """Without waits, unless they are asked for, and without what the summary shows them."""
    is_wait = event.name == WAITING
    if event.name not in (DOCUMENT_REJECTED, INVOICE_CHANGED) and (verbose or not is_wait):
        listener(event)


@contextmanager
def _told_of_libraries(tell: Listener) -> Iterator[None]:
    """What they warn of is told as all else, so that nothing but JSON is on stderr."""

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tell(Event("library", f"{record.name}: {record.getMessage()}", "warning"))

    handler, before = Told(logging.WARNING), logging.getLogger().handlers[:]
    logging.getLogger().handlers = [handler]
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        logging.getLogger().handlers = before


def _json_line(run_id: str, event: Event) -> None:
    if event.name == FETCHING:
        return
    record = {
        "time": _now(),
        "run_id": run_id,
        "level": event.level,
        "event": event.name,
        "message": event.message,
        **event.fields,
    }
    # One write, so that lines from two threads never mix.
    text = json.dumps(record, ensure_ascii=not speaks_utf_8(sys.stderr), default=str)
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _plain_line(event: Event) -> None:
    if event.name == FETCHING:
        return
    level = "" if event.level == "info" else f"{event.level.upper()}: "
    sys.stderr.write(f"{_now()} {level}{event.message}\n")
    sys.stderr.flush()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@contextmanager
def _live() -> Iterator[Listener]:
    """A row an account being fetched, with a clock; what is done is printed above and stays."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.text import Text

    console = Console(stderr=True)
    rows: dict[tuple[object, object], TaskID] = {}
    lock = threading.Lock()
    with Progress(
        SpinnerColumn("dots" if speaks_utf_8(sys.stderr) else "line"),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:

        def listen(event: Event) -> None:
            account = (event.fields.get("vendor"), event.fields.get("account"))
            with lock:
                if event.name == FETCHING:
                    if account not in rows:
                        rows[account] = progress.add_task(event.message)
                    progress.update(rows[account], description=event.message)
                    return
                if account in rows and event.name != WAITING:
                    progress.remove_task(rows.pop(account))
                    progress.refresh()
            style = {"info": "", "warning": "yellow", "error": "red"}[event.level]
            progress.console.print(Text(event.message, style=style))

        yield listen
