"""dlt with Parquet files and a merge, for invoices that are fetched one by one for their lines."""

from __future__ import annotations

from dlt.sources.rest_api import rest_api_source

from benchmarks.contenders import HEADERS, arguments
from benchmarks.contenders.dlt_source import pipeline
from benchmarks.page_server import INVOICES_PATH


def main() -> None:
    url, database, _ = arguments()
    source = rest_api_source(
        {
            "client": {
                "base_url": url.removesuffix(INVOICES_PATH),
                "headers": HEADERS,
                "paginator": "single_page",
            },
            "resources": [
                {
                    "name": "invoices",
                    "endpoint": {"path": INVOICES_PATH, "data_selector": "results"},
                },
                {
                    "name": "details",
                    "endpoint": {"path": f"{INVOICES_PATH}/{{resources.invoices.id}}"},
                    "write_disposition": "merge",
                    "primary_key": "id",
                },
            ],
        }
    )
    pipeline(database).run(source, loader_file_format="parquet")


if __name__ == "__main__":
    main()
