"""The vendors that the sandbox stands in for, in the order in which Billhouse loads them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.vendor import Vendor
from sandbox.vendors.aiven.api import AIVEN
from sandbox.vendors.digitalocean.api import DIGITALOCEAN
from sandbox.vendors.mongodb.api import MONGODB
from sandbox.vendors.northflank.api import NORTHFLANK
from sandbox.vendors.planetscale.api import PLANETSCALE
from sandbox.vendors.scaleway.api import SCALEWAY
from sandbox.vendors.turso.api import TURSO
from sandbox.vendors.versori.api import VERSORI

VENDORS: Mapping[str, Vendor] = MappingProxyType(
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
        )
    }
)
