"""dlt as it comes: its default file format and its default way of writing, which appends."""

from __future__ import annotations

from benchmarks.contenders import arguments
from benchmarks.contenders.dlt_source import invoices, pipeline


def main() -> None:
    url, database, _ = arguments()
    pipeline(database).run(invoices(url))


if __name__ == "__main__":
    main()
