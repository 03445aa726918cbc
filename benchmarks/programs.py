"""What takes part: how each program is started, and what its result is read with.

A result is a count and a sum of cents, which must be the server's own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.documents import ORGANISATION

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 8
HELP = "billhouse --help"
IMPORT_DLT = 'python -c "import dlt"'
FETCH_ALONE = "Billhouse: the fetch alone"


@dataclass(frozen=True)
class Program:
    """`command` and `variables` may name `{url}`, `{folder}` and `{connections}`; `result` is a
    query over `database`, a path inside the run's folder, for the count and the cents."""

    name: str
    command: tuple[str, ...]
    database: str
    result: str
    variables: Mapping[str, str]

    def started(self, url: str, folder: Path, latency: float) -> tuple[list[str], dict[str, str]]:
        """The command and its whole environment."""
        places = {
            "{url}": url,
            "{folder}": str(folder),
            # Without latency, more threads than one only wait for each other.
            "{connections}": str(CONNECTIONS if latency else 1),
        }
        command = [_filled(each, places) for each in self.command]
        variables = {name: _filled(text, places) for name, text in self.variables.items()}
        return command, environment(folder) | variables


def environment(folder: Path) -> dict[str, str]:
    """What every program starts with: nothing that a developer has configured is in it.

    Python's own variables are left out too, since one of them keeps modules from being compiled
    once and for all, which would cost each run some seconds.
    """
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SOURCES__", "WAREHOUSE__", "DLT_", "PYTHON"))
    }
    fixed = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    return own | fixed


def _filled(text: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, value)
    return text


def billhouse(
    variables: Mapping[str, str],
    result: str = "SELECT count(*), sum(total_cents) FROM fct_invoices",
) -> Program:
    """End to end, as a user runs it: from the start of the process to the published copy."""
    return Program(
        "Billhouse",
        (sys.executable, "-m", "pipelines.cli", "run", "--log-format", "json"),
        "warehouse/billhouse.duckdb",
        result,
        {"WAREHOUSE__DIRECTORY": "{folder}/warehouse", **variables},
    )


def atlas_account(*, details: bool) -> dict[str, str]:
    """Billhouse's configuration for the plain page server."""
    account = {"name": "benchmark", "org_id": ORGANISATION}
    credentials = {"client_id": "benchmark", "client_secret": "benchmark"}
    return {
        "SOURCES__MONGODB__BASE_URL": "{url}",
        "SOURCES__MONGODB__ACCOUNTS": json.dumps([account | credentials]),
        "SOURCES__MONGODB__DETAILS": str(details).lower(),
    }


def _contender(name: str, module: str, result: str) -> Program:
    program = (sys.executable, "-m", f"benchmarks.contenders.{module}")
    arguments = ("{url}", "{folder}/contender.duckdb", "{connections}")
    return Program(name, program + arguments, "contender.duckdb", result, {})


BILLHOUSE = billhouse(atlas_account(details=False))
LIMIT = _contender(
    "limit: httpx + DuckDB", "limit", "SELECT count(*), sum(amountBilledCents) FROM invoices"
)
_OF_DLT = "SELECT count(*), sum(amount_billed_cents) FROM vendor.invoices"
DLT_PARQUET = _contender("dlt: REST source, Parquet, merge", "dlt_parquet", _OF_DLT)
DLT_DEFAULTS = _contender("dlt: defaults", "dlt_defaults", _OF_DLT)

# Lines are what is counted, and their net amounts, which leave out the tax.
BILLHOUSE_LINES = billhouse(
    atlas_account(details=True),
    "SELECT count(*), sum(amount_cents) FROM fct_invoice_lines WHERE record_type = 'line'",
)
LIMIT_LINES = _contender(
    LIMIT.name,
    "limit_lines",
    "SELECT count(*), sum(totalPriceCents - discountCents) FROM lines",
)
DLT_PARQUET_LINES = _contender(
    DLT_PARQUET.name,
    "dlt_parquet_lines",
    "SELECT count(*), sum(total_price_cents - discount_cents) FROM vendor.details__line_items",
)
