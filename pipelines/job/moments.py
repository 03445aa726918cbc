"""When a load happens: by the clock, but never before what the warehouse holds already.

A clock may jump, ahead for one night or back. Versions follow each other all the same: what comes
later is dated later, and whoever reads the times is told that the clock is not to be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.job.events import Event
from pipelines.warehouse.sql_text import identifier

if TYPE_CHECKING:
    import duckdb

# A run may begin within the moment in which another machine's clock saw the last one end.
_TOLERANCE = timedelta(seconds=5)


@dataclass(frozen=True)
class Moment:
    """`at` is the clock's time, or just after the newest version if that is later; `newest` is
    the newest time that the warehouse knows, if the clock stands before it."""

    at: datetime
    now: datetime
    newest: datetime | None = None

    @property
    def is_moved(self) -> bool:
        """Whether it is another time than the clock's."""
        return self.at != self.now

    def warning(self) -> Event | None:
        """What a person should know of the clock."""
        if self.newest is None:
            return None
        return Event(
            "clock_went_back",
            f"The clock says {self.now:%Y-%m-%d %H:%M} UTC, but an earlier run was by its clock at"
            f" {self.newest:%Y-%m-%d %H:%M} UTC: one of the two is wrong. Nothing is lost or out of"
            " order, since what a run finds is dated after all that was known before. Check the"
            " clock of this machine; answers to --as-of between the two times can't be trusted.",
            "warning",
            {"now": self.now, "newest": self.newest},
        )


def moment_of_load(connection: duckdb.DuckDBPyConnection, now: datetime) -> Moment:
    """The moment at which what comes now is first seen."""
    newest_version = _newest_version(connection)
    at = now
    if newest_version is not None and newest_version >= now:
        at = newest_version + timedelta(microseconds=1)
    known = [each for each in (newest_version, _last_run(connection)) if each is not None]
    newest = max(known, default=now)
    return Moment(at, now, newest if newest > now + _TOLERANCE else None)


def _newest_version(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    tables = connection.execute(
        "SELECT table_name FROM duckdb_columns() WHERE schema_name = 'raw'"
        " AND database_name = current_database() AND column_name IN ('valid_from', 'valid_to')"
        " GROUP BY table_name HAVING count(*) = 2"
    ).fetchall()
    moments = [
        moment
        for (table,) in tables
        for moment in connection.execute(
            f"SELECT max(valid_from), max(valid_to) FROM raw.{identifier(table)}"  # noqa: S608
        ).fetchall()[0]
        if moment is not None
    ]
    return max(moments, default=None)


def _last_run(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    row = connection.execute(
        "SELECT arg_max(started_at, run_number) FROM marts.load_results"
    ).fetchone()
    return row[0] if row is not None else None
