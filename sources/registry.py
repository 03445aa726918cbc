"""The vendors, in the order in which they are loaded and shown: ours, then those of packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from sources.aiven import AIVEN
from sources.cockroachdb import COCKROACHDB
from sources.digitalocean import DIGITALOCEAN
from sources.fastly import FASTLY
from sources.focus import FOCUS
from sources.heroku import HEROKU
from sources.linode import LINODE
from sources.mongodb import MONGODB
from sources.northflank import NORTHFLANK
from sources.ovhcloud import OVHCLOUD
from sources.planetscale import PLANETSCALE
from sources.plugins import Plugin, plugins
from sources.scaleway import SCALEWAY
from sources.turso import TURSO
from sources.vendor import Vendor
from sources.versori import VERSORI

OURS: Mapping[str, Vendor[Any]] = {
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
        FOCUS,
    )
}


class _Vendors(Mapping[str, Vendor[Any]]):
    """Asked for the first time, it loads what packages bring: a package that can't be loaded is
    told as other mistakes are, by ConfigurationError, where a command can say so."""

    @cached_property
    def _all(self) -> Mapping[str, Vendor[Any]]:
        return {**OURS, **{each.name: _brought(each) for each in plugins()}}

    def __getitem__(self, name: str) -> Vendor[Any]:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _brought(plugin: Plugin) -> Vendor[Any]:
    if plugin.name in OURS:
        raise plugin.refused("Billhouse has one of that name")
    vendor = plugin.loaded()
    if not isinstance(vendor, Vendor) or vendor.name != plugin.name:
        raise plugin.refused(f"{plugin.point.value} is no `sources.vendor.Vendor` of that name")
    plugin.staging()
    plugin.macros()
    return vendor


VENDORS: Mapping[str, Vendor[Any]] = _Vendors()
