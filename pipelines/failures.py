"""What can go wrong in a way that a person can mend: a sentence and an exit code, no traceback."""

from __future__ import annotations


class JobError(Exception):
    """The job can't go on. The text says what happened, where, and what to do; exit code 1."""

    exit_code = 1


class UsageError(JobError):
    """What was asked for, or what is configured, can't be done; found before any request."""

    exit_code = 2
