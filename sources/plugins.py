"""Vendors that installed packages bring: entry points of the group `billhouse.vendors`.

An entry point names the vendor and leads to its `Vendor`. The vendor's SQL lies beside that module,
in a folder `transforms`: `staging/stg_<vendor>__….sql`, and `macros/<vendor>.sql` where it needs
macros. It is found without the module, so that a build need not import what speaks to an API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from sources.errors import ConfigurationError

GROUP = "billhouse.vendors"
_NAME = re.compile(r"[a-z][a-z0-9]*")
_MACRO = re.compile(r"\bMACRO\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Plugin:
    """A vendor that `package` brings."""

    name: str
    package: str
    point: EntryPoint

    def refused(self, reason: str) -> ConfigurationError:
        return ConfigurationError(
            f"The package {self.package} can't bring the vendor {self.name!r}: {reason}. Install a"
            f" version of it that fits this Billhouse, or remove it (pip uninstall {self.package})"
        )

    def loaded(self) -> object:
        """What the entry point leads to. Raises ConfigurationError."""
        try:
            return self.point.load()
        except Exception as error:  # whatever a module of others does when it is imported
            reason = " ".join(str(error).split()) or "no reason given"
            raise self.refused(f"{type(error).__name__}: {reason.rstrip('.')}") from error

    def staging(self) -> list[Path]:
        """Its files of staging. Raises ConfigurationError where it has no reading of invoices, or
        other SQL than its vendor's."""
        files = self._files("staging", f"stg_{self.name}__*.sql")
        reading = f"stg_{self.name}__invoice_readings.sql"
        if reading not in {each.name for each in files}:
            raise self.refused(f"{self.folder / 'staging' / reading} is missing")
        return files

    def macros(self) -> list[Path]:
        """Its file of macros, if there is one. Raises ConfigurationError where it defines others
        than its vendor's, which might be ours."""
        files = self._files("macros", f"{self.name}.sql")
        for each in files:
            for macro in _MACRO.findall(each.read_text(encoding="utf-8")):
                if not macro.startswith(f"{self.name}_"):
                    raise self.refused(f"the macro {macro} in {each} must begin with {self.name}_")
        return files

    @property
    def folder(self) -> Path:
        """Where its SQL lies. Raises ConfigurationError where the module isn't there."""
        try:
            module = find_spec(self.point.module)
        except Exception as error:
            raise self.refused(f"{type(error).__name__}: {error}") from error
        if module is None or module.origin is None:
            raise self.refused(f"there is no module {self.point.module}")
        return Path(module.origin).with_name("transforms")

    def _files(self, kind: str, pattern: str) -> list[Path]:
        files = sorted((self.folder / kind).glob("*.sql"))
        for each in files:
            if not each.match(pattern):
                raise self.refused(f"{each} is none of its files, which are called {pattern}")
        return files


@cache
def plugins() -> tuple[Plugin, ...]:
    """Those that are installed, by name. Raises ConfigurationError where two bring one vendor, or
    one a name that is none."""
    found: dict[str, Plugin] = {}
    for plugin in _installed():
        if not _NAME.fullmatch(plugin.name):
            raise plugin.refused("a vendor's name is small letters and digits")
        if plugin.name in found:
            raise plugin.refused(f"so does the package {found[plugin.name].package}")
        found[plugin.name] = plugin
    return tuple(found.values())


def _installed() -> Iterator[Plugin]:
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        yield Plugin(point.name, point.dist.name if point.dist else point.module, point)
