"""Is an account that was never loaded one that was loaded under another name?

Loaded as another account, its invoices would all count twice. So before its first load its
documents are compared with those of accounts that are no longer configured.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sources.client.client import Client
from sources.errors import SourceError
from sources.extract.gathering import gather
from sources.extract.listing import ListingTable, version_hash
from sources.keys import UPCOMING, canonical_base
from sources.vendor import ConfiguredAccount, Listing, Vendor

_NOT_ZERO = re.compile("[1-9]")


@dataclass(frozen=True)
class FormerAccount:
    """An account that the warehouse holds and nobody configures any more, with the
    `fingerprints` of the documents that it listed last."""

    name: str
    documents: frozenset[str]


def fingerprints(vendor: Vendor[Any], documents: Iterable[tuple[str, bytes]]) -> frozenset[str]:
    """Of keys and documents: the same for the same document, whatever its account is called.

    Where no id is sure, an invoice of 0 says nothing: two accounts that owe nothing list the same.
    """
    return frozenset(
        _fingerprint(vendor, key, document)
        for key, document in documents
        if key and (vendor.amount is None or _NOT_ZERO.search(vendor.amount(document) or ""))
    )


def _fingerprint(vendor: Vendor[Any], key: str, document: bytes) -> str:
    base, ordinal = canonical_base(key)
    hashed_key = f"{base}#{ordinal}"
    return version_hash(vendor.name, "", "", hashed_key, document, vendor.volatile_fields)


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
        keys = table.column("document_key").to_pylist()
        documents = (each.encode() for each in table.column("document").to_pylist())
        found = fingerprints(vendor, zip(keys, documents, strict=True))
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
