"""What Billhouse is measured against. Each module is a program of its own that takes the server's
address, the database to write, and how many connections it may use at once.
"""

from __future__ import annotations

import sys

from benchmarks.page_server import INVOICES_PATH

HEADERS = {
    "Accept": "application/vnd.atlas.2023-01-01+json",
    "Authorization": "Bearer benchmark",
}
LARGEST_PAGE = 500


def arguments() -> tuple[str, str, int]:
    """The address of the list of invoices, the database, the connections."""
    url, database, connections = sys.argv[1:]
    return url + INVOICES_PATH, database, int(connections)
