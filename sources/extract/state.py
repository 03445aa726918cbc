"""What the warehouse already holds, which decides what is still to be fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sources.errors import SourceError
from sources.extract.due import KnownDetails
from sources.extract.renames import FormerAccount


@dataclass(frozen=True)
class HeldDocument:
    """The newest document under a key, and whether a listing still has it."""

    key: str
    document: bytes
    is_listed: bool


@dataclass(frozen=True)
class WarehouseState:
    """Read from the warehouse before the fetch; the keys are (vendor, account).

    `listings` maps the names of the invoice listings held now to the hash of their versions, as
    `sources.extract.listing.listing_hash` makes it, `first_loaded_at` is when the account was first
    loaded, and `details` is what is known of its details. `made_keys` are the keys of ours that the
    account's documents have, or had. `former_accounts` are those that one which was never loaded
    may have been before. `documents` are what was made of an account's files of charges, or why
    they can't be read. `known_documents` are those that an account's listings hold now, by key, of
    vendors that read them. An empty one fetches and loads everything.
    """

    listings: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    first_loaded_at: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    details: Mapping[tuple[str, str], KnownDetails] = field(default_factory=dict)
    made_keys: Mapping[tuple[str, str], Sequence[HeldDocument]] = field(default_factory=dict)
    former_accounts: Mapping[tuple[str, str], Sequence[FormerAccount]] = field(default_factory=dict)
    documents: Mapping[tuple[str, str], Sequence[bytes] | SourceError] = field(default_factory=dict)
    known_documents: Mapping[tuple[str, str], Mapping[str, bytes]] = field(default_factory=dict)
