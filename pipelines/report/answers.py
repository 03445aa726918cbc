"""What a question gave, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.report.invoices import Table
from pipelines.report.questions import Row


@dataclass(frozen=True)
class Answer:
    """A table for people; `columns` and `records` are the same for programs."""

    table: Table
    columns: Sequence[str]
    records: Sequence[Row]
