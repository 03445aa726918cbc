"""Tables as Delta Lake, each in a folder `delta/<table>` below the data path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from pipelines.config.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa

# Delta numbers the transactions of a program, so that it knows one again that was done before.
_PROGRAM = "billhouse"
_HOURS_KEPT = 7 * 24


class DeltaTables:
    """See `open_formats.Tables`."""

    def __init__(self, lake: Lake) -> None:
        self._address = f"{lake.address}/delta"
        self._options: dict[str, str] = {}
        if store := lake.store:
            self._options = {
                "AWS_ACCESS_KEY_ID": store.key_id,
                "AWS_SECRET_ACCESS_KEY": store.key.reveal(),
                "AWS_REGION": store.region,
                "AWS_ALLOW_HTTP": str(not store.is_encrypted).lower(),
                # A commit is a file that must not be there yet, which the store sees to.
                "AWS_CONDITIONAL_PUT": "etag",
            }
            if store.token:
                self._options["AWS_SESSION_TOKEN"] = store.token.reveal()
            if store.endpoint:
                self._options["AWS_ENDPOINT_URL"] = store.endpoint

    def state(self, name: str) -> int | None:
        if not DeltaTable.is_deltatable(self._place(name), self._options):
            return None
        return self._table(name).transaction_version(_PROGRAM)

    def write(self, name: str, rows: pa.RecordBatchReader, state: int) -> None:
        done = CommitProperties(app_transactions=[Transaction(_PROGRAM, state)])
        write_deltalake(
            self._place(name),
            rows,
            mode="overwrite",
            schema_mode="overwrite",
            storage_options=self._options,
            commit_properties=done,
        )

    def maintain(self, name: str) -> None:
        self._table(name).vacuum(_HOURS_KEPT, dry_run=False)

    def close(self) -> None:
        """None is kept."""

    def _place(self, name: str) -> str:
        return f"{self._address}/{name}"

    def _table(self, name: str) -> DeltaTable:
        return DeltaTable(self._place(name), storage_options=self._options)
