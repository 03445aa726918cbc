"""Calendar months as people give them: `2026-10`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pipelines.errors import UsageError

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def asked_month(text: str | None, now: datetime) -> str:
    """The month that is asked for; where none is, the last one that is over. Raises UsageError."""
    if text is None:
        return f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"
    if not _MONTH.fullmatch(text):
        raise UsageError(f"There is no month {text!r}. Write a year and a month, like 2026-03.")
    return text
