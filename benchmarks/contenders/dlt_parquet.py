"""dlt with what one sets for larger loads: Parquet files, and a merge by the invoice's id."""

from __future__ import annotations

from benchmarks.contenders import arguments
from benchmarks.contenders.dlt_source import invoices, pipeline


def main() -> None:
    url, database, _ = arguments()
    source = invoices(url, write_disposition="merge", primary_key="id")
    pipeline(database).run(source, loader_file_format="parquet")


if __name__ == "__main__":
    main()
