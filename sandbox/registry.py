"""The vendors that the sandbox stands in for, in the order in which Billhouse loads them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.mongodb import MONGODB
from sandbox.northflank import NORTHFLANK
from sandbox.planetscale import PLANETSCALE
from sandbox.turso import TURSO
from sandbox.vendor import Vendor
from sandbox.versori import VERSORI

VENDORS: Mapping[str, Vendor] = MappingProxyType(
    {vendor.name: vendor for vendor in (TURSO, VERSORI, MONGODB, NORTHFLANK, PLANETSCALE)}
)
