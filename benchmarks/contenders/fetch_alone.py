"""Billhouse's fetch alone: all that is configured, in full, and nothing of it loaded. It tells on
stderr what that took, without the start of the program."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime

from sources import VENDORS, Fetch, WarehouseState, configured_accounts


def main() -> None:
    accounts = configured_accounts()
    started, spent = time.monotonic(), time.process_time()
    with Fetch(accounts, WarehouseState(), now=datetime.now(UTC)) as fetch:
        for vendor in VENDORS.values():
            for entity in vendor.entities:
                for _ in fetch.tables(vendor.name, entity):
                    pass
        failed = [result for result in fetch.results() if result.error]
    told = {
        "event": "fetched",
        "seconds": time.monotonic() - started,
        "cpu": time.process_time() - spent,
    }
    print(json.dumps(told), file=sys.stderr)
    sys.exit(f"{failed[0].vendor}: {failed[0].error}" if failed else 0)


if __name__ == "__main__":
    main()
