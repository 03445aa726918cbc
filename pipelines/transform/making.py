"""How one model is made, in a session of its own: over what changed, or over all that is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial

import duckdb

from pipelines.transform import names
from pipelines.transform.model import BY_INVOICE, VIEW, WHOLE, Model
from pipelines.warehouse.side_by_side import Step


@dataclass(frozen=True)
class BuiltModel:
    """A table that was built: its name with schema, its rows, and the wall time that it took."""

    name: str
    rows: int
    seconds: float


Make = Callable[[Model, duckdb.DuckDBPyConnection], BuiltModel | None]


@dataclass(frozen=True)
class Making:
    """What models are made of: where all rows of the raw tables are, and where those of the changed
    invoices; whether views over these are laid down; whether `next` began empty."""

    is_new: bool
    all_rows: Mapping[str, str]
    changed_rows: Mapping[str, str] = field(default_factory=dict)
    are_laid_down: bool = False

    def of_changed(self, model: Model, connection: duckdb.DuckDBPyConnection) -> BuiltModel | None:
        """Over the invoices that changed, in `scratch`, or at once into an empty `next`."""
        if model.kind == VIEW:
            what = "TABLE" if self.are_laid_down and not model.raw_table else "VIEW"
            relations = self.all_rows if model.is_whole_source else self.changed_rows
            query = names.query_of(model, relations)
            connection.execute(f"CREATE {what} {model.name} AS {query}")
            return None
        if model.kind == WHOLE and not self.is_new:
            names.show_kept(connection, model, "next")
            return None
        if model.kind in (BY_INVOICE, WHOLE) and self.is_new:
            return _make_kept(connection, model)
        return _fill(connection, f"CREATE TABLE {model.name} AS {model.query}", model)

    def of_all(
        self, there: Set[str], model: Model, connection: duckdb.DuckDBPyConnection
    ) -> BuiltModel | None:
        """Over all that is kept, in `next`, if it isn't `there` already."""
        if model.kind == VIEW and not model.is_mart:
            query = names.query_of(model, self.all_rows)
            connection.execute(f"CREATE VIEW {model.name} AS {query}")
            return None
        is_made = model.kind == WHOLE and model.name not in there
        if is_made and self.is_new:
            return _make_kept(connection, model)
        table = names.place(model, "next")
        if model.kind == VIEW and self.is_new:
            connection.execute(f"CREATE VIEW {table} AS {model.published_query}")
            names.describe(connection, model, table)
        names.show_kept(connection, model, "next")
        if not is_made:
            return None
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
        return _fill(connection, f"INSERT INTO {table} {model.query}", model)


def steps(models: Sequence[Model], make: Make) -> list[Step[BuiltModel | None]]:
    """Each after those of these that it reads."""
    made = {each.name for each in models}
    return [Step(each.name, partial(make, each), each.references & made) for each in models]


def drops(readers: Mapping[str, Set[str]]) -> list[Step[BuiltModel | None]]:
    """Each table is dropped when it is made, and after its last reader."""
    return [
        Step(f"drop {name}", partial(_drop, name), {name} | read) for name, read in readers.items()
    ]


def replace(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """The rows of the invoices that changed, by those that were made of them."""
    table = names.place(model, "next")
    connection.execute(
        f"DELETE FROM {table} WHERE invoice_id IN"  # noqa: S608
        " (SELECT invoice_id FROM scratch.main.changed"
        # One document may state several invoices, or did when it was listed last.
        f" UNION ALL SELECT invoice_id FROM {model.name})"
    )
    connection.execute(f"INSERT INTO {table} BY NAME FROM {model.name}")


def _drop(name: str, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"DROP TABLE {name}")


def _make_kept(connection: duckdb.DuckDBPyConnection, model: Model) -> BuiltModel:
    """Straight into `next`, from where the models behind it read it."""
    table = names.place(model, "next")
    built = _fill(connection, f"CREATE TABLE {table} AS {model.query}", model)
    names.describe(connection, model, table)
    names.show_kept(connection, model, "next")
    return built


def _fill(connection: duckdb.DuckDBPyConnection, statement: str, model: Model) -> BuiltModel:
    started = time.perf_counter()
    row = connection.execute(statement).fetchone()
    return BuiltModel(model.name, row[0] if row else 0, time.perf_counter() - started)
