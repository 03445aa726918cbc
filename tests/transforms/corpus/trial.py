"""The corpus in a database in memory, built by all SQL files, and again by other versions of them.

A trial builds only what a changed file reaches, and undoes it: changing one file after another
costs a fraction of a build each. It is for tests of the SQL; `pipelines.transform` has its own.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines.transform import inputs, names, project, rates, raw
from pipelines.transform.model import TRANSFORMS, Model, Query
from pipelines.transform.names import Clock
from pipelines.warehouse import session
from tests.transforms.corpus.askings import add_twins, read_queries
from tests.transforms.corpus.given import STARTED_AT, load, name_most_issuers

_MACRO = re.compile(r"CREATE OR REPLACE MACRO (\w+)\(")
Rows = Counter[tuple[Any, ...]]


class Trial:
    """All models over the corpus, each as a table, so that nothing is read twice."""

    def __init__(self) -> None:
        # A changed join may make more rows than fit into memory, and a recursion may never end.
        spill = Path(tempfile.gettempdir(), f"billhouse-corpus-{os.getpid()}")
        self.connection = duckdb.connect(
            config={
                "threads": 1,
                "memory_limit": "2GB",
                "temp_directory": str(spill),
                "max_temp_directory_size": "2GB",
            }
        )
        session.begin(self.connection)
        load(self.connection)
        names.make(
            self.connection,
            TRANSFORMS,
            raw.renamed_accounts(self.connection, "raw"),
            inputs.statements(self.connection, "raw"),
        )
        Clock(STARTED_AT).write(self.connection, "staging.run")
        rates.write(self.connection, rates.found(self.connection, "raw"), TRANSFORMS)
        # Exports name the tables as they are published, without a schema.
        self.connection.execute("USE marts")
        name_most_issuers(self.connection)
        self._models = project.models()
        for each in self._models:
            self._create(each)
        add_twins(self.connection)
        self._rows = {each.name: self.rows(f"FROM {each.name}") for each in self._models}
        self.queries = {name: self.rows(query) for name, query in read_queries().items()}

    def rows(self, query: str) -> Rows:
        """The rows of a query, in no order."""
        return Counter(map(repr, self.connection.execute(query).fetchall()))  # type: ignore[arg-type]

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside is undone at the end."""
        self.connection.begin()
        try:
            yield
        finally:
            self.connection.rollback()

    def build(
        self, folder: Path, changed: Sequence[str], *, until: Container[str] = ()
    ) -> set[str]:
        """Build what these files of another folder reach. Returns the tables that differ, and
        the macros; with `until`, no more of them once one of those differs.

        Raises:
            duckdb.Error: a query fails.
            pipelines.transform.ModelError: the files no longer fit together.
        """
        models = project.models(folder)
        differing = self._redefined(folder, changed)
        inputs: frozenset[str] = frozenset()
        if "exchange_rates.sql" in changed:
            rates.write(self.connection, rates.found(self.connection, "raw"), folder)
            inputs = rates.NAMES
        before = {each.name: each.query for each in self._models}
        for each in models:
            if (
                before.get(each.name) != each.query
                or each.references & differing
                or (_names(each.query) & differing)
                or any(name in each.query for name in inputs)
            ):
                self._create(each)
                if self.rows(f"FROM {each.name}") != self._rows.get(each.name):
                    differing.add(each.name)
                    if each.name in until:
                        break
        return differing

    def audit(self, audits: Sequence[Query]) -> dict[str, list[tuple[Any, ...]]]:
        """The rows that these audits find."""
        return {each.name: self.connection.execute(each.text).fetchall() for each in audits}

    def _redefined(self, folder: Path, changed: Sequence[str]) -> set[str]:
        """The macros that these files define, and those that use them; they are replaced."""
        texts = [_without_comments(text) for text in project.macros(folder)]
        macros = {name: one for text in texts for name, one in _macros_in(text).items()}
        differing: set[str] = set()
        for file in changed:
            if file.startswith("macros/"):
                text = (folder / file).read_text(encoding="utf-8")
                self.connection.execute(text)
                differing |= set(_MACRO.findall(text))
        for _ in macros:
            differing |= {name for name, text in macros.items() if _names(text) & differing}
        return differing

    def _create(self, one: Model) -> None:
        query = one.query.replace("{relation}", f"raw.{one.raw_table}")
        if one.raw_table and not self._has_raw(one.raw_table):
            query = one.query.replace("{relation}", raw.whole([], [one.raw_table])[one.raw_table])
        self.connection.execute(f"CREATE OR REPLACE TABLE {one.name} AS {query}")

    def _has_raw(self, table: str) -> bool:
        found = self.connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", [table]
        )
        return found.fetchone() is not None


def _macros_in(text: str) -> dict[str, str]:
    found = list(_MACRO.finditer(text))
    ends = [*(each.start() for each in found), len(text)][1:]
    return {each[1]: text[each.end() : end] for each, end in zip(found, ends, strict=True)}


def _without_comments(text: str) -> str:
    return re.sub(r"--[^\n]*", "", text)


def _names(text: str) -> set[str]:
    return set(re.findall(r"\w+(?=\()", text))
