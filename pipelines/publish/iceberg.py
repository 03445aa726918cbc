"""Tables as Iceberg, each in a folder `iceberg/<table>` below the data path.

Which of its states is the newest stands in an SQL catalogue of Iceberg's own: in the database of
DuckLake's, or in a file of SQLite beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue

from pipelines.config.lake import Lake

if TYPE_CHECKING:
    from pyiceberg.table import Table

NAMESPACE = "billhouse"
_STATE, _COLUMNS = "billhouse.state", "billhouse.columns"
_KEPT = timedelta(days=7)


class IcebergTables:
    """See `open_formats.Tables`."""

    def __init__(self, lake: Lake) -> None:
        here = "" if lake.store else "file://"
        self._address = f"{here}{lake.address}/iceberg"
        given = {"uri": _uri(lake), "warehouse": self._address}
        if store := lake.store:
            given |= {
                "s3.access-key-id": store.key_id,
                "s3.secret-access-key": store.key.reveal(),
                "s3.region": store.region,
            }
            if store.token:
                given["s3.session-token"] = store.token.reveal()
            if store.endpoint:
                given["s3.endpoint"] = store.endpoint
        self._catalog = SqlCatalog(NAMESPACE, **given)
        self._catalog.create_namespace_if_not_exists(NAMESPACE)

    def state(self, name: str) -> int | None:
        table = self._table(name)
        found = table.properties.get(_STATE) if table else None
        return None if found is None else int(found)

    def write(self, name: str, rows: pa.RecordBatchReader, state: int) -> None:
        columns = str(rows.schema)
        table = self._table(name)
        if table and table.properties.get(_COLUMNS) != columns:
            # Another version of Billhouse made it.
            self._catalog.drop_table((NAMESPACE, name))
            table = None
        if table is None:
            place = f"{self._address}/{name}"
            table = self._catalog.create_table((NAMESPACE, name), rows.schema, place)
        with table.transaction() as transaction:
            if table.current_snapshot():
                transaction.delete(AlwaysTrue())
            for batch in rows:
                transaction.append(pa.Table.from_batches([batch]))
            transaction.set_properties({_STATE: str(state), _COLUMNS: columns})

    def maintain(self, name: str) -> None:
        """Forget states; their files stay, since pyiceberg deletes none."""
        table = self._table(name)
        if table:
            table.maintenance.expire_snapshots().older_than(datetime.now(UTC) - _KEPT).commit()

    def close(self) -> None:
        self._catalog.close()

    def _table(self, name: str) -> Table | None:
        try:
            return self._catalog.load_table((NAMESPACE, name))
        except NoSuchTableError:
            return None


def _uri(lake: Lake) -> str:
    if lake.file:
        return f"sqlite:///{lake.file.with_suffix('.iceberg.db')}"
    from psycopg.conninfo import conninfo_to_dict

    words = conninfo_to_dict(lake.catalog.partition(":")[2])
    return f"postgresql+psycopg:///?{urlencode(words)}"
