"""A vendor as a dlt source, whose resources yield the fetched listings as Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.extract.resource import DltResource
from dlt.extract.source import DltSource

from sources.accounts.configuration import read_accounts
from sources.errors import ConfigurationError, FetchError
from sources.extract.listing import SCHEMA
from sources.extract.run import Fetch
from sources.extract.state import WarehouseState
from sources.vendor import Vendor

# A listing is replaced as a whole: what it no longer holds is closed, and every version stays.
HISTORY: Any = {
    "disposition": "merge",
    "strategy": "scd2",
    "row_version_column_name": "version_hash",
    "validity_column_names": ["valid_from", "valid_to"],
}
# dlt would compare several columns written one after the other, where two pairs may look alike
# (https://github.com/dlt-hub/dlt/issues/4244).
LISTING_KEY = "listing_key"
COLUMNS: TTableSchemaColumns = {
    name: {"data_type": "text", "nullable": False} for name in SCHEMA.names
}

# With the columns that dlt adds, in its order, it takes a file as it is: else it writes it again.
_ADDED = [
    pa.field("_dlt_load_id", pa.string(), nullable=False),
    pa.field(HISTORY["validity_column_names"][0], pa.timestamp("us", "UTC")),
    pa.field(HISTORY["validity_column_names"][1], pa.timestamp("us", "UTC")),
]

Tables = Callable[[str], Iterator[pa.Table]]


def fetched_source(vendor: Vendor[Any], fetch: Fetch) -> DltSource:
    """The vendor's resources over a fetch that is open while dlt extracts them."""
    return _source(vendor, lambda entity: fetch.tables(vendor.name, entity))


def self_fetching_source(vendor: Vendor[Any]) -> DltSource:
    """The vendor's resources with a fetch of their own, of all that the configuration names.

    Raises ConfigurationError at once, and FetchError while dlt extracts, after which nothing is
    loaded: there is nobody else to tell that an account failed.
    """
    accounts = read_accounts([vendor])
    if not accounts:
        raise ConfigurationError(
            f"{vendor.name}: no account is configured. Add [[sources.{vendor.name}.accounts]] to "
            f".dlt/secrets.toml, or a JSON list in SOURCES__{vendor.name.upper()}__ACCOUNTS"
        )
    return _source(vendor, _OwnFetch(vendor, accounts).tables)


class _OwnFetch:
    """Opened by the first resource that dlt reads, closed by the first that ends: all of a vendor's
    tables end together, and what was fetched can still be read then."""

    def __init__(self, vendor: Vendor[Any], accounts: list[Any]) -> None:
        self._vendor = vendor
        self._accounts = accounts
        self._fetch: Fetch | None = None

    def tables(self, entity: str) -> Iterator[pa.Table]:
        if self._fetch is None:
            self._fetch = Fetch(self._accounts, WarehouseState(), now=datetime.now(UTC)).__enter__()
        try:
            yield from self._fetch.tables(self._vendor.name, entity)
        finally:
            self._fetch.__exit__(None, None, None)
        failed = [each for each in self._fetch.results() if each.error]
        if failed:
            said = [f"{each.vendor}, account {each.account!r}: {each.error}" for each in failed]
            raise FetchError("; ".join(said))


def _source(vendor: Vendor[Any], tables: Tables) -> DltSource:
    @dlt.source(name=vendor.name, section=vendor.name, max_table_nesting=0)
    def listings() -> Iterator[DltResource]:
        for entity in vendor.entities:
            yield dlt.resource(
                map(_with_added, tables(entity)),
                name=f"{vendor.name}__{entity}",
                write_disposition=HISTORY,
                merge_key=LISTING_KEY,
                columns=COLUMNS,
            )

    return listings()


def _with_added(table: pa.Table) -> pa.Table:
    """dlt fills them in itself."""
    for field in _ADDED:
        empty = pa.nulls(table.num_rows) if field.nullable else pa.repeat("", table.num_rows)
        table = table.append_column(field, empty.cast(field.type))
    return table
