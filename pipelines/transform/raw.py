"""The tables of `raw` that a build reads, and how: all of them, or of the invoices that changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import duckdb

from pipelines.errors import JobError
from pipelines.transform.names import RenamedAccount
from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.sql_text import identifier, literal

# DuckDB takes 2,048 rows in one bite, which long documents make too large: they are read in pieces.
PIECE_BYTES = 16_000_000
LONG_BYTES = PIECE_BYTES // 2_048
# DuckDB plans a view anew wherever it is read. Of so few invoices, with documents no longer than
# this, that takes longer than laying down their rows at each step.
FEW = 1_000
SHORT_BYTES = 100_000
# Of so much, two statements at once don't fit into what a build may hold.
MUCH_BYTES = 125_000_000

_NO_DOCUMENTS = """(
    SELECT
        CAST(NULL AS VARCHAR) AS account, CAST(NULL AS VARCHAR) AS listing,
        CAST(NULL AS VARCHAR) AS document_key, CAST(NULL AS VARCHAR) AS document,
        CAST(NULL AS VARCHAR) AS version_hash, CAST(NULL AS VARCHAR) AS _dlt_load_id,
        CAST(NULL AS TIMESTAMPTZ) AS valid_from, CAST(NULL AS TIMESTAMPTZ) AS valid_to
    WHERE FALSE
)"""
_CHANGED = """
    SELECT raw.* FROM {relation} AS raw
    SEMI JOIN scratch.main.changed AS changed
        ON changed.vendor = {vendor} AND changed.account = raw.account
        AND changed.invoice_key = raw.{invoice_key}
"""
# A version's hash says nothing of what stands in it, so that its ranges are pieces of any table.
_FIRST_HASHES = """
    WITH documents AS (
        SELECT version_hash, strlen(document) AS bytes
        FROM {relation}
    ),

    places AS (
        SELECT version_hash, sum(bytes) OVER (ORDER BY version_hash) - bytes AS place
        FROM documents
    )

    SELECT min(version_hash)
    FROM places
    GROUP BY place // {piece_bytes}
    HAVING max(place) > 0
    ORDER BY ALL
"""


class Size(NamedTuple):
    """Bytes of documents: of the longest, and of all together."""

    longest: int
    together: int


@dataclass(frozen=True)
class RawTable:
    """A table of `raw` that is there: `relation` is its name with schema and database."""

    name: str
    relation: str

    def read_by(self, query: str) -> str:
        """The query with the table's names in it; an invoice's details are listed by its key."""
        vendor, _, entity = self.name.partition("__")
        return query.format(
            table=literal(self.name),
            vendor=literal(vendor),
            relation=self.relation,
            invoice_key="document_key" if entity == "invoices" else "listing",
            is_listed=str(entity == "invoices").upper(),
        )

    def of_changed(
        self, connection: duckdb.DuckDBPyConnection, *, longest: int, everything: bool
    ) -> str:
        """What to read for the invoices in `scratch.main.changed`, or for all of them: in pieces,
        where the `longest` document has too many bytes."""
        rows = self.rows(everything=everything)
        return self._in_pieces(connection, rows) if longest > LONG_BYTES else f"({rows})"

    def rows(self, *, everything: bool) -> str:
        """A query for the rows of the invoices in `scratch.main.changed`, or for all of them."""
        return self.read_by("SELECT raw.* FROM {relation} AS raw" if everything else _CHANGED)

    def _in_pieces(self, connection: duckdb.DuckDBPyConnection, rows: str) -> str:
        """A union of ranges. They are ranges of a copy, since DuckDB packs documents so that it has
        to unpack 2,048 of them for each one that is read."""
        copy = f"scratch.main.{identifier(self.name)}"
        connection.execute(f"CREATE TABLE {copy} AS {rows}")
        ranges = self._ranges(connection, copy)
        return "(" + "\nUNION ALL\n".join(f"(FROM {copy} WHERE {each})" for each in ranges) + ")"

    @staticmethod
    def _ranges(connection: duckdb.DuckDBPyConnection, copy: str) -> list[str]:
        """Conditions that split the copy into pieces."""
        query = _FIRST_HASHES.format(relation=copy, piece_bytes=PIECE_BYTES)
        firsts = [literal(first) for (first,) in connection.execute(query).fetchall()]
        if not firsts:
            return ["TRUE"]
        return [
            f"version_hash < {firsts[0]}",
            *(
                f"version_hash >= {first} AND version_hash < {following}"
                for first, following in pairwise(firsts)
            ),
            f"version_hash >= {firsts[-1]}",
        ]


def raw_tables(connection: duckdb.DuckDBPyConnection, raw: str) -> list[RawTable]:
    """The tables of documents, each `<vendor>__<entity>`, in the schema `raw` (with its database).

    One that another program put there has other columns, and is nobody's business.
    """
    database, _, schema = raw.rpartition(".")
    rows = connection.execute(
        "SELECT database_name, table_name FROM duckdb_columns()"
        " WHERE schema_name = ? AND database_name = coalesce(nullif(?, ''), current_database())"
        " AND column_name = 'version_hash' AND contains(table_name, '__') ORDER BY ALL",
        [schema, database],
    ).fetchall()
    return [
        RawTable(name, f"{identifier(database)}.{identifier(schema)}.{identifier(name)}")
        for database, name in rows
    ]


def refuse_unread(tables: Sequence[RawTable], wanted: Sequence[str]) -> None:
    """Without what reads them, a vendor's invoices would be missing from every sum.

    Raises:
        JobError: names the vendor.
    """
    read = {name.partition("__")[0] for name in wanted}
    for table in tables:
        vendor, _, entity = table.name.partition("__")
        if entity == "invoices" and vendor not in read:
            raise JobError(
                f"The warehouse holds invoices of {vendor}, and nothing that is installed reads"
                " them: tables without them would be wrong, so none were built. What is published"
                f" is as it was. Install the package that brings the vendor {vendor} again."
            )


def sizes(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[RawTable], *, everything: bool
) -> dict[str, Size]:
    """Of each table's documents, of the invoices that changed or of all of them."""
    return {
        each.name: Size(longest, together)
        for each in tables
        for (longest, together) in connection.execute(
            "SELECT coalesce(max(strlen(document)), 0), coalesce(sum(strlen(document)), 0)"  # noqa: S608
            f" FROM ({each.rows(everything=everything)})"
        ).fetchall()
    }


def is_little(invoices: int, read: Collection[Size]) -> bool:
    """Whether what is read of so many invoices is better laid down at each step than passed through
    views."""
    return invoices <= FEW and max((each.longest for each in read), default=0) <= SHORT_BYTES


def is_much(read: Collection[Size]) -> bool:
    """Whether one statement about it has work for all processors."""
    return sum(each.together for each in read) > MUCH_BYTES


def renamed_accounts(connection: duckdb.DuckDBPyConnection, raw: str) -> list[RenamedAccount]:
    """Those that got another name; nobody wrote them down before the first did."""
    database, _, schema = raw.rpartition(".")
    if not has_table(connection, schema, "renamed_accounts", database or None):
        return []
    return connection.execute(f"FROM {raw}.renamed_accounts ORDER BY ALL").fetchall()


def relations(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[RawTable],
    wanted: Sequence[str],
    read: Mapping[str, Size],
    *,
    everything: bool,
) -> dict[str, str]:
    """Where each wanted table's rows of the changed invoices are; one that was never loaded counts
    as an empty one."""
    found = {each.name: each for each in tables}
    return {
        name: found[name].of_changed(connection, longest=read[name].longest, everything=everything)
        if name in found
        else _NO_DOCUMENTS
        for name in wanted
    }


def whole(tables: Sequence[RawTable], wanted: Sequence[str]) -> dict[str, str]:
    """The same of all rows, for queries that read no documents in full."""
    found = {each.name: each.relation for each in tables}
    return {name: found.get(name, _NO_DOCUMENTS) for name in wanted}
