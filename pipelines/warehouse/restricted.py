"""What SQL of a reader's own may be: one query, which reads tables and does nothing else.

DuckDB has functions that write files, change settings or read memory, and calls them from any
SELECT; and it always lets SQL write where large queries spill. So a list says what is harmless.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import JobError, UsageError
from pipelines.warehouse.sql_text import literal

if TYPE_CHECKING:
    import duckdb

_HARMLESS = frozenset(
    {
        "generate_series",
        "icu_calendar_names",
        "json_each",
        "json_tree",
        "pg_timezone_names",
        "range",
        "repeat",
        "repeat_row",
        "summary",
        "unnest",
    }
)
_HARMLESS_KINDS = ("duckdb_", "pragma_")
_NAME = re.compile(r'"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^\W\d][\w$]*)')
_BEGINS = frozenset({"from", "pivot", "select", "with"})
_PRAGMAS = frozenset(
    {"database_size", "show", "show_tables", "storage_info", "table_info", "version"}
)
_BEFORE_WHAT_IS_EXPLAINED = frozenset({"explain", "analyze", "analyse", "verbose"})


@contextmanager
def spilling_unseen(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What doesn't fit into memory goes into a folder of this user's alone, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="billhouse-") as folder:
        connection.execute(f"SET GLOBAL temp_directory = {literal(folder)}")
        yield


def sealed(connection: duckdb.DuckDBPyConnection) -> None:
    """Let its SQL reach no file, no network and no secret or variable, and let none undo that."""
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    # One that has attached a lake can't be told so any more; it looks for secrets nowhere.
    if not connection.execute("FROM duckdb_databases() WHERE database_name = 'lake'").fetchall():
        connection.execute("SET GLOBAL allow_persistent_secrets = false")
    connection.execute("SET GLOBAL python_enable_replacements = false")
    connection.execute("SET GLOBAL enable_external_access = false")
    connection.execute("SET GLOBAL lock_configuration = true")


def check(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """See that the text is one query that only reads.

    Raises:
        UsageError: it is none, or several.
        JobError: it would do something else.
        duckdb.Error: it can't be parsed.
    """
    import duckdb

    # A PIVOT comes as a query and, without a text of its own, the making of its columns' type.
    statements = [
        each
        for each in connection.extract_statements(sql)
        if each.query or each.type != duckdb.StatementType.CREATE
    ]
    if not statements:
        raise UsageError('There is no query. Example: billhouse query "FROM fct_invoices LIMIT 10"')
    if len(statements) > 1:
        raise UsageError(f"There are {len(statements)} statements. Ask one query at a time.")
    [statement] = statements
    if statement.type == duckdb.StatementType.EXPLAIN:
        _check_explained(connection, statement.query)
    elif statement.type != duckdb.StatementType.SELECT and not _is_query(statement.type.name, sql):
        raise _refused(statement.type.name)
    _check_functions(connection, sql)


def _is_query(kind: str, sql: str) -> bool:
    """DuckDB 2 has kinds of their own for a PIVOT, and for what it answers by a `pragma_…`."""
    first, second = ([_name(word) for _, word in _words(sql)] + [""])[:2]
    if kind == "PRAGMA":
        return first == "pragma" and second in _PRAGMAS
    return kind == "MULTI" and first in _BEGINS


def _check_explained(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """EXPLAIN ANALYZE does what it explains."""
    import duckdb

    words = list(_words(sql))
    text = sql.encode()
    start = next(at for at, word in words if _name(word) not in _BEFORE_WHAT_IS_EXPLAINED)
    candidates = [text[start:]]
    if text[start : start + 1] == b"(":
        # Options, or a query in parentheses.
        end = next((at for at, word in words if at > start and word.startswith(")")), start)
        candidates.append(text[end + 1 :])
    for candidate in candidates:
        try:
            explained = connection.extract_statements(candidate.decode())
        except duckdb.ParserException:
            continue
        others = {each.type.name for each in explained} - {"SELECT"}
        if not others:
            return
        raise _refused(f"EXPLAIN {' and '.join(sorted(others))}")
    raise _refused("What is explained here")


def _check_functions(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    words = [word for _, word in _words(sql)]
    called = {
        _name(word)
        for word, after in zip(words, [*words[1:], ""], strict=True)
        if after.startswith("(")
    }
    rows = connection.execute(
        "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'table'"
    ).fetchall()
    for (function,) in sorted(rows):
        is_harmless = function in _HARMLESS or function.startswith(_HARMLESS_KINDS)
        if function in called and not is_harmless:
            raise _refused(f"The function {function}")


def _words(sql: str) -> Iterator[tuple[int, str]]:
    """DuckDB's tokens: where each begins, in bytes, and its text up to the next."""
    import duckdb

    text = sql.encode()
    # Of comments, only DuckDB 2 tells.
    comment = duckdb.token_type.comment
    offsets = [offset for offset, kind in duckdb.tokenize(sql) if kind != comment]
    for offset, end in zip(offsets, [*offsets[1:], len(text)], strict=True):
        yield offset, text[offset:end].decode(errors="replace").strip()


def _name(word: str) -> str:
    found = _NAME.match(word)
    if found is None:
        return ""
    quoted = found["quoted"]
    return (found["plain"] if quoted is None else quoted.replace('""', '"')).lower()


def _refused(what: str) -> JobError:
    return JobError(
        f"The query can't be answered. {what} is disabled here: the tables are read-only. A query"
        " reads the published tables, and nothing else."
    )
