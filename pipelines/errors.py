"""What can go wrong in a way that a person can fix: a sentence and an exit code, no traceback."""

from __future__ import annotations


class JobError(Exception):
    """The job can't go on. The text says what happened, where, and what to do; exit code 1."""

    exit_code = 1


class UsageError(JobError):
    """What was asked for, or what is configured, can't be done; found before any request."""

    exit_code = 2


def one_sentence(error: BaseException) -> str:
    """The reason, from DuckDB without its drawing of where in the query it stands, from the system
    without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror} ({error.filename})."
    reason = " ".join(str(error).partition("\n\nLINE")[0].split())
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
