"""The vendors, in the order in which they are loaded and shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sources.aiven import AIVEN
from sources.digitalocean import DIGITALOCEAN
from sources.focus import FOCUS
from sources.mongodb import MONGODB
from sources.northflank import NORTHFLANK
from sources.planetscale import PLANETSCALE
from sources.scaleway import SCALEWAY
from sources.turso import TURSO
from sources.vendor import Vendor
from sources.versori import VERSORI

VENDORS: Mapping[str, Vendor[Any]] = MappingProxyType(
    {
        vendor.name: vendor
        for vendor in (
            TURSO,
            VERSORI,
            MONGODB,
            NORTHFLANK,
            PLANETSCALE,
            DIGITALOCEAN,
            AIVEN,
            SCALEWAY,
            FOCUS,
        )
    }
)
