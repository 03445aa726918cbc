"""How a command ends when it can't do what was asked: a sentence and an exit code."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from pipelines.errors import JobError, UsageError
from pipelines.job.events import Event, Listener
from pipelines.job.interruption import Interrupted, interruptible
from sources.errors import ConfigurationError


def on_stderr(event: Event) -> None:
    """The listener of commands that have nothing else to tell."""
    typer.echo(
        f"{event.level.upper()}: {event.message}" if event.level != "info" else event.message,
        err=True,
    )


@contextmanager
def ending_in_a_sentence(tell: Listener = on_stderr, *, verbose: bool = False) -> Iterator[None]:
    """Turn what goes wrong inside into an event and `typer.Exit` with the right code.

    `verbose` adds the traceback, without the values of variables: those may be secrets.
    """
    try:
        with interruptible():
            yield
    except (JobError, Interrupted) as error:
        message, exit_code = str(error), error.exit_code
    except ConfigurationError as error:
        message, exit_code = f"The configuration can't be used. {error}.", UsageError.exit_code
    except typer.Exit:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or ["no reason given"])[0].rstrip(".")
        message, exit_code = (
            f"Unexpected {type(error).__name__}: {reason}. What is published is as it was, and"
            " running again is safe. --verbose shows where it happened; please report that.",
            1,
        )
    else:
        return
    fields = {"exit_code": exit_code}
    if verbose:
        tell(Event("failed", f"{message}\n{traceback.format_exc()}", "error", fields))
    else:
        tell(Event("failed", message, "error", fields))
    raise typer.Exit(exit_code)
