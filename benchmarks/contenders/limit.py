"""The practical limit: httpx fetches pages into files, DuckDB reads them into a typed table.

It keeps no history, checks nothing, builds no facts, and trusts the count of the first page.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import httpx

from benchmarks.contenders import HEADERS, LARGEST_PAGE, arguments

INVOICE = """
    id VARCHAR, statusName VARCHAR, amountBilledCents BIGINT, amountPaidCents BIGINT,
    subtotalCents BIGINT, salesTaxCents BIGINT, creditsCents BIGINT, startingBalanceCents BIGINT,
    created TIMESTAMP, startDate TIMESTAMP, endDate TIMESTAMP, updated TIMESTAMP
"""


def fetch(url: str, folder: Path, connections: int) -> None:
    limits = httpx.Limits(max_connections=connections)
    with httpx.Client(headers=HEADERS, timeout=60, limits=limits) as http:

        def page(number: int) -> bytes:
            parameters = {"itemsPerPage": LARGEST_PAGE, "pageNum": number}
            body = http.get(url, params=parameters).raise_for_status().content
            (folder / f"{number}.json").write_bytes(body)
            return body

        page(1)
        [(last,)] = duckdb.sql(
            f"SELECT ceil(totalCount / len(results))::INT FROM read_json('{folder}/1.json')"
        ).fetchall()
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(page, range(2, last + 1)))


def main() -> None:
    url, database, connections = arguments()
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(database) as connection:
        started = time.monotonic()
        fetch(url, Path(folder), connections)
        told = {"event": "fetched", "seconds": time.monotonic() - started}
        print(json.dumps(told), file=sys.stderr)
        connection.execute(
            f"CREATE OR REPLACE TABLE invoices AS SELECT invoice.* FROM"
            f" (SELECT unnest(results) AS invoice FROM read_json('{folder}/*.json',"
            f" columns = {{results: 'STRUCT({INVOICE})[]'}}))"
        )


if __name__ == "__main__":
    main()
