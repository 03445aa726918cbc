"""The vendors that the sandbox stands in for, in the order in which Billhouse loads them; last what
installed packages bring, by entry points of the group `billhouse.sandbox`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from sandbox.vendor import StandInError, Vendor
from sandbox.vendors.aiven.api import AIVEN
from sandbox.vendors.cockroachdb.api import COCKROACHDB
from sandbox.vendors.digitalocean.api import DIGITALOCEAN
from sandbox.vendors.fastly.api import FASTLY
from sandbox.vendors.heroku.api import HEROKU
from sandbox.vendors.linode.api import LINODE
from sandbox.vendors.mongodb.api import MONGODB
from sandbox.vendors.northflank.api import NORTHFLANK
from sandbox.vendors.ovhcloud.api import OVHCLOUD
from sandbox.vendors.planetscale.api import PLANETSCALE
from sandbox.vendors.scaleway.api import SCALEWAY
from sandbox.vendors.turso.api import TURSO
from sandbox.vendors.versori.api import VERSORI

GROUP = "billhouse.sandbox"
_OURS: Mapping[str, Vendor] = {
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
        LINODE,
        FASTLY,
        OVHCLOUD,
        HEROKU,
        COCKROACHDB,
    )
}


def _brought(point: EntryPoint) -> Vendor:
    try:
        vendor = point.load()
    except Exception as error:  # whatever a module of others does when it is imported
        raise StandInError(point, f"{type(error).__name__}: {error}") from error
    if not isinstance(vendor, Vendor) or vendor.name != point.name or vendor.name in _OURS:
        raise StandInError(
            point, f"{point.value} is no `sandbox.vendor.Vendor` of a name of its own"
        )
    return vendor


VENDORS: Mapping[str, Vendor] = MappingProxyType(
    {**_OURS, **{each.name: _brought(each) for each in entry_points(group=GROUP)}}
)
