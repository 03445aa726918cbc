"""A straightforward dlt REST source, as dlt's documentation begins one."""

from __future__ import annotations

from typing import Any

import dlt
from dlt.extract.source import DltSource
from dlt.sources.rest_api import rest_api_source

from benchmarks.contenders import HEADERS, LARGEST_PAGE
from benchmarks.page_server import INVOICES_PATH


def invoices(url: str, **settings: Any) -> DltSource:
    """`settings` are those of dlt's resource, such as `write_disposition`."""
    # Pages are counted up to an empty one: dlt's own paginators follow no link by its `rel`.
    paginator = {
        "type": "page_number",
        "page_param": "pageNum",
        "base_page": 1,
        "total_path": None,
    }
    endpoint = {
        "path": INVOICES_PATH,
        "params": {"itemsPerPage": LARGEST_PAGE},
        "data_selector": "results",
        "paginator": paginator,
    }
    configuration: Any = {
        "client": {"base_url": url.removesuffix(INVOICES_PATH), "headers": HEADERS},
        "resources": [{"name": "invoices", "endpoint": endpoint, **settings}],
    }
    return rest_api_source(configuration)


def pipeline(database: str) -> dlt.Pipeline:
    return dlt.pipeline(
        pipeline_name="benchmark",
        pipelines_dir=f"{database}.pipelines",
        destination=dlt.destinations.duckdb(database),
        dataset_name="vendor",
    )
