"""Is an account that was never loaded one that was loaded under another name?

Loaded as another account, its invoices would all count twice. So before its first load its
documents are compared with those of accounts that are no longer configured.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sources.client.client import Client
from sources.errors import SourceError
from sources.extract.gathering import gather
from sources.extract.listing import ListingTable, version_hash
from sources.keys import UPCOMING, canonical_base
from sources.vendor import ConfiguredAccount, Listing


@dataclass(frozen=True)
class FormerAccount:
    """An account that the warehouse holds and nobody configures any more, with the `fingerprint`s
    of the documents that it listed last."""

    name: str
    documents: frozenset[str]


def fingerprint(vendor: str, key: str, document: bytes, volatile_fields: frozenset[str]) -> str:
    """The same for the same document, whatever its account is called."""
    base, ordinal = canonical_base(key)
    return version_hash(vendor, "", "", f"{base}#{ordinal}", document, volatile_fields)


async def refuse_renamed(
    client: Client,
    configured: ConfiguredAccount,
    listings: Sequence[Listing],
    former: Sequence[FormerAccount],
    new_table: Callable[[Listing], ListingTable],
) -> None:
    """Raises SourceError where most of what the account lists stands under a former account.

    Two accounts may well have an invoice in common that bears no number, but hardly most of them.
    """
    vendor = configured.definition
    for listing in listings:
        if listing.name == UPCOMING:
            continue
        table = (await gather(client, listing, partial(new_table, listing))).table()
        found = {
            fingerprint(vendor.name, key, document.encode(), vendor.volatile_fields)
            for key, document in zip(
                table.column("document_key").to_pylist(),
                table.column("document").to_pylist(),
                strict=True,
            )
            if key
        }
        for each in former:
            same = len(found & each.documents)
            if same and 2 * same >= min(len(found), len(each.documents)):
                raise _renamed(configured, each.name)


def _renamed(configured: ConfiguredAccount, former: str) -> SourceError:
    vendor, name = configured.vendor, configured.name
    return SourceError(
        vendor=vendor,
        account=name,
        request="its list of invoices",
        problem=f"these are the invoices of the account {former!r}, which is no longer configured:"
        " loaded under another name, they would count twice, so that nothing was loaded",
        remedy=f"If it was renamed, run: billhouse rename-account {vendor} {shlex.quote(former)}"
        f" {shlex.quote(name)}. Or give it the name {former!r} again",
    )
