"""What the warehouse already holds, which decides what is still to be fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Known:
    """Read from the warehouse before the fetch; the keys are (vendor, account).

    `listings` are the names of the invoice listings held now, `first_loaded_at` is when the account
    was first loaded, and `details` maps a document key to the version hash of the listed document
    for which its detail was last fetched. An empty one fetches everything.
    """

    listings: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    first_loaded_at: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    details: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
