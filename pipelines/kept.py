"""What a build leaves in the warehouse: how rows of a batch take the place of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from pipelines.building import BuiltModel, Clock, create_table, create_view, set_clock
from pipelines.model import Model, ModelError
from pipelines.workbench import Workbench

_NO_INVOICE_ID = (
    "{name} speaks of invoice_id, but has no such column. A table that names it is kept invoice by"
    " invoice; one that sums over invoices must do without the name (count(*), say)."
)


class Kept:
    """The kept models in the warehouse. Where they are made anew, the first batch brings their
    columns."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        models: Sequence[Model],
        relations: Mapping[str, str],
        clock: Clock,
        *,
        is_anew: bool,
    ) -> None:
        self._connection = connection
        self._models = [each for each in models if each.is_kept]
        self._by_invoice = [
            each.name for each in self._models if each.is_by_invoice and not each.is_view
        ]
        self._relations = relations
        self._clock = clock
        self._is_anew = is_anew
        self._lacks_tables = is_anew

    def replace(self, batch: int, bench: Workbench) -> None:
        """Put the rows that the bench has built in the place of the batch's earlier ones."""
        if self._lacks_tables:
            self._lay_out(bench)
            self._lacks_tables = False
        for name in self._by_invoice:
            if not self._is_anew:
                self._connection.execute(
                    f"DELETE FROM {name} WHERE invoice_id IN"  # noqa: S608
                    " (SELECT invoice_id FROM touched_invoices WHERE batch = ?)",
                    [batch],
                )
            self._connection.execute(f"INSERT INTO {name} FROM {bench.name}.{name}")
            bench.clear(name)

    def finish(self) -> list[BuiltModel]:
        """Build the tables that are made as a whole from those that are kept by invoice."""
        return [
            create_table(self._connection, each)
            for each in self._models
            if not each.is_view and not each.is_by_invoice
        ]

    def _lay_out(self, bench: Workbench) -> None:
        for each in self._models:
            if each.is_view:
                create_view(self._connection, each, self._relations)
            elif each.is_by_invoice:
                definition = bench.definition(each.name)
                if "invoice_id" not in definition:
                    raise ModelError(_NO_INVOICE_ID.format(name=each.name))
                self._connection.execute(f"DROP TABLE IF EXISTS {each.name}")
                self._connection.execute(definition)
            else:
                create_table(self._connection, each)
        # Only now there is something that the same rules may add to.
        set_clock(self._connection, self._clock)
