"""What a build builds: a model a table or view, and how it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, get_args

TRANSFORMS = Path(__file__).resolve().parents[2] / "transforms"
SCHEMAS = ("staging", "intermediate", "marts")
Severity = Literal["error", "warning"]
Kind = Literal["by invoice", "whole", "view", "scratch"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BY_INVOICE, WHOLE, VIEW, SCRATCH = KINDS
# What no model makes: rows of the work database that runs add.
WRITTEN_BY_RUNS = frozenset({"marts.load_results", "marts.fct_invoice_files"})
_STAGING = re.compile(r"staging\.(stg|source|whole)_([a-z0-9]+)__([a-z0-9_]+)")


class ModelError(Exception):
    """A file in transforms/ that can't be built as it is: names the file and what is wrong."""


@dataclass(frozen=True)
class Model:
    """One relation to build. `name` carries its schema, `query` is a single SELECT.

    Where `raw_table` is set, the query has a place `{relation}` for that table, wherever it lies:
    for its rows of the invoices that changed, or for all of them, if `is_whole_source`.
    `comment` says what a row is, and `columns` what the columns are, as far as the file tells.
    `is_asked` of a view: an audit, an alert or a table that is kept whole reads it.
    `published_query` of a mart that is a view: with the names that tables have in a published file.
    """

    name: str
    file: str
    query: str
    kind: Kind
    references: frozenset[str] = frozenset()
    raw_table: str | None = None
    is_whole_source: bool = False
    comment: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    is_asked: bool = False
    published_query: str = ""

    @property
    def is_mart(self) -> bool:
        """Whether readers see it."""
        return self.name.startswith("marts.")

    @property
    def table(self) -> str:
        """The name without its schema."""
        return self.name.partition(".")[2]


class StagingName(NamedTuple):
    """What stands behind `staging.<rows>_<vendor>__<entity>`: how documents are read (`stg`), or
    those themselves, which changed (`source`) or all (`whole`). The vendor may be `all`."""

    rows: str
    vendor: str
    entity: str


def staging_name(name: str) -> StagingName | None:
    """The parts of such a name; None for any other."""
    match = _STAGING.fullmatch(name)
    return StagingName(*match.groups()) if match else None


@dataclass(frozen=True)
class Query:
    """An audit or an alert. `severity` and `message` are an audit's."""

    name: str
    text: str
    message: str = ""
    severity: Severity = "error"
