"""The practical limit for line items: the list, each invoice's document by its id, one table."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import httpx

from benchmarks.contenders import HEADERS, arguments

LINE = """
    sku VARCHAR, unit VARCHAR, quantity DOUBLE, unitPriceDollars DOUBLE, totalPriceCents BIGINT,
    discountCents BIGINT, clusterName VARCHAR, groupName VARCHAR, tags JSON, cloudProvider VARCHAR,
    startDate TIMESTAMP, endDate TIMESTAMP
"""
LARGEST_DOCUMENT = 256 << 20


def main() -> None:
    url, database, connections = arguments()
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(database) as connection,
        httpx.Client(headers=HEADERS, timeout=60) as http,
        ThreadPoolExecutor(connections) as pool,
    ):

        def invoice(identifier: str) -> None:
            body = http.get(f"{url}/{identifier}").raise_for_status().content
            (Path(folder) / f"{identifier}.json").write_bytes(body)

        listed = http.get(url).raise_for_status().json()["results"]
        list(pool.map(invoice, [each["id"] for each in listed]))
        connection.execute(
            f"CREATE OR REPLACE TABLE lines AS SELECT id, line.* FROM"
            f" (SELECT id, unnest(lineItems) AS line FROM read_json('{folder}/*.json',"
            f" columns = {{id: 'VARCHAR', lineItems: 'STRUCT({LINE})[]'}},"
            f" maximum_object_size = {LARGEST_DOCUMENT}))"
        )


if __name__ == "__main__":
    main()
