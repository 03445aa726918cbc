"""How often and how long to try again, and how to read Retry-After (RFC 9110, 10.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, wait_exponential, wait_random

from sources.errors import TransientError


@dataclass(frozen=True)
class RetryPolicy:
    """Seconds, but for `attempts`, which counts the first try too.

    `longest_retry_after`: a server that asks for a longer wait fails the listing at once, since the
    next scheduled run comes sooner than a job that sleeps for hours.
    """

    attempts: int = 5
    initial_wait: float = 1.0
    longest_wait: float = 30.0
    jitter: float = 1.0
    longest_retry_after: float = 120.0

    def wait(self, state: RetryCallState) -> float:
        """What the server asked for, else exponential backoff with jitter (a tenacity hook)."""
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, TransientError) and failure.retry_after is not None:
            return failure.retry_after
        backoff = wait_exponential(multiplier=self.initial_wait, max=self.longest_wait)
        return (backoff + wait_random(0, self.jitter))(state)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds from `now`, given as a number or as an HTTP date; None where it says neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
