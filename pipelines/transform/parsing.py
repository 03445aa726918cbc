"""SQL files read by a parser."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipelines.transform import inputs, rates
from pipelines.transform.model import ModelError

if TYPE_CHECKING:
    from sqlglot import exp

MADE_BY_THE_BUILD = {
    "staging.run",
    "staging.renamed_accounts",
    *inputs.NAMES,
    *rates.NAMES,
}


@lru_cache(maxsize=500)
def parsed(text: str, file: str) -> exp.Query:
    """A file's one query.

    Raises:
        ModelError: it holds something else.
    """
    import sqlglot
    from sqlglot import exp

    try:
        found = [each for each in sqlglot.parse(text, read="duckdb") if each is not None]
    except sqlglot.ParseError as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"transforms/{file} can't be read as SQL: {reason}") from error
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        raise ModelError(f"transforms/{file} must hold one SELECT and nothing else")
    return found[0]


def references(query: exp.Query) -> frozenset[str]:
    """The tables of the three layers that a query reads."""
    from sqlglot import exp

    tables = {f"{each.db}.{each.name}" for each in query.find_all(exp.Table) if each.db}
    return frozenset(tables) - MADE_BY_THE_BUILD
