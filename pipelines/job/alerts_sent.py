"""`marts.alerts_sent`: which alerts were told, so that each is told once while its cause lasts.

Like load_results it is kept from run to run and never built; it is not published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Alert:
    """Something that somebody should know. `key` tells it from others of its `kind`."""

    kind: str
    key: str
    message: str


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table if the warehouse has none yet."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS marts.alerts_sent (kind TEXT NOT NULL, alert_key TEXT NOT NULL,"
        " message TEXT NOT NULL, sent_at TIMESTAMPTZ NOT NULL, ended_at TIMESTAMPTZ)"
    )


def not_sent_yet(connection: duckdb.DuckDBPyConnection, alerts: Sequence[Alert]) -> list[Alert]:
    """Those whose cause wasn't there when alerts were last looked for."""
    sent = set(
        connection.execute(
            "SELECT kind, alert_key FROM marts.alerts_sent WHERE ended_at IS NULL"
        ).fetchall()
    )
    return [alert for alert in alerts if (alert.kind, alert.key) not in sent]


def add(connection: duckdb.DuckDBPyConnection, alerts: Sequence[Alert], now: datetime) -> None:
    """Remember that these were told."""
    for alert in alerts:
        connection.execute(
            "INSERT INTO marts.alerts_sent VALUES (?, ?, ?, ?, NULL)",
            [alert.kind, alert.key, alert.message, now],
        )


def end_others(
    connection: duckdb.DuckDBPyConnection,
    kinds: Sequence[str],
    lasting: Sequence[Alert],
    now: datetime,
) -> None:
    """Of these kinds, all but those that last are over: the next of the kind is told again."""
    connection.execute(
        "UPDATE marts.alerts_sent SET ended_at = $now WHERE ended_at IS NULL"
        " AND list_contains($kinds, kind)"
        " AND NOT list_contains($lasting, kind || ' ' || alert_key)",
        {
            "now": now,
            "kinds": list(kinds),
            "lasting": [f"{alert.kind} {alert.key}" for alert in lasting],
        },
    )
