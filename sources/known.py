"""What the warehouse already holds, which decides what is still to be fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sources.due import KnownDetails


@dataclass(frozen=True)
class Known:
    """Read from the warehouse before the fetch; the keys are (vendor, account).

    `listings` maps the names of the invoice listings held now to the digest of their versions
    (`sources.listing.digest`), `first_loaded_at` is when the account was first loaded, and
    `details` is what is known of its details. An empty one fetches and loads everything.
    """

    listings: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    first_loaded_at: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    details: Mapping[tuple[str, str], KnownDetails] = field(default_factory=dict)
