"""How often and how long to try again, and how to read Retry-After (RFC 9110, 10.2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, wait_exponential, wait_random

from sources.errors import TransientError

# What a client did may be in time, or taken, on another try; the other 4xx are about the request.
_MAY_PASS_4XX = frozenset({408, 425, 429})
# "Not implemented" and "version not supported". Gateways send 520 to 530, which no RFC knows.
_FINAL_5XX = frozenset({501, 505})
# RFC 9110 allows whole seconds alone, but gateways send fractions, and some a unit.
_SECONDS = re.compile(r"[+]?(\d+(?:[.,]\d*)?|[.,]\d+)\s*(?:s|secs?|seconds?)?", re.ASCII | re.I)
_A_MOMENT = 1e9
# A year: what asks for more says something else, such as a moment in milliseconds.
_LONGEST_MEANT = 366 * 86400.0


@dataclass(frozen=True)
class Wait:
    """Why and for how long a request waits before it is sent (again). `status` is the answer's,
    where there was one; `attempt` counts those that failed."""

    vendor: str
    account: str
    request: str
    reason: str
    seconds: float
    status: int | None = None
    attempt: int = 0


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
        """Exponential backoff with jitter, and never less than the server asked for (a tenacity
        hook): a server that asks for no wait at all is not asked five times in a row."""
        backoff = wait_exponential(multiplier=self.initial_wait, max=self.longest_wait)
        seconds = (backoff + wait_random(0, self.jitter))(state)
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, TransientError) and failure.retry_after is not None:
            return max(seconds, failure.retry_after)
        return seconds


def may_pass(status: int) -> bool:
    """Whether the same request may be answered otherwise a little later."""
    return status in _MAY_PASS_4XX or (500 <= status < 600 and status not in _FINAL_5XX)


def retry_after(values: Iterable[str], now: datetime) -> float | None:
    """The longest wait that an answer's Retry-After headers ask for."""
    waits = [wait for value in values if (wait := parse_retry_after(value, now)) is not None]
    return max(waits, default=None)


def parse_retry_after(value: str, now: datetime) -> float | None:
    """The seconds from `now`, given as a number or as a date; None where it says neither, or what
    nobody means."""
    wait = _stated_wait(value, now)
    return None if wait is None or wait > _LONGEST_MEANT else wait


def _stated_wait(value: str, now: datetime) -> float | None:
    text = value.strip()
    number = _SECONDS.fullmatch(text)
    if number:
        seconds = float(number[1].replace(",", "."))
        # Nobody asks for thirty years: some send the moment, in seconds since 1970.
        return seconds if seconds < _A_MOMENT else max(0.0, seconds - now.timestamp())
    at = _moment(text)
    return None if at is None else max(0.0, (at - now).total_seconds())


def _moment(text: str) -> datetime | None:
    """An HTTP date, else an ISO date, which some send instead."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(text)
        except (ValueError, OverflowError):
            continue
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return None
