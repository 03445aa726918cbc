"""One listing, read as a whole: again where it changed while it was read."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from sources.client.client import Client
from sources.errors import ListChangedError, NothingThereError
from sources.extract.listing import ListingTable
from sources.vendor import Listing

# A list that changes during each of these readings would never come whole.
READINGS = 4


async def gather(
    client: Client, listing: Listing, new_table: Callable[[], ListingTable]
) -> ListingTable:
    """All of the listing's documents, of one moment, in a new table: none where the vendor says
    that there is nothing. Raises SourceError.

    Two readings in a row that found the same documents were of the same list, whatever its first
    page says: a vendor may only estimate how long a list is.
    """
    found: pa.ChunkedArray | None = None
    for reading in range(1, READINGS + 1):
        gathered = new_table()
        try:
            async for page in listing.pages(client):
                gathered.add((listing.key(document), document) for document in page)
            break
        except NothingThereError:
            return new_table()
        except ListChangedError as changed:
            keys = gathered.table().column("document_key")
            if found is not None and keys.equals(found):
                break
            if reading == READINGS:
                raise changed.refusal from None
            found = keys
    return gathered
