"""`[lake]` of the configuration: where a warehouse in shards is published.

[lake]                                       # .dlt/config.toml, or LAKE__CATALOG, …
catalog = "/srv/billhouse/lake.ducklake"     # or "postgres:host=db.example.com dbname=lake"
data_path = "/srv/billhouse/lake"            # the folder of its Parquet files
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config.in_vain import refuse_unknown
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from sources.accounts.values import Values

_SECTION = "lake"
_KEYS = ("catalog", "data_path")
_POSTGRES = "postgres:"
_PASSWORD = re.compile(r"password\s*=|//[^/@]*:[^/@]*@", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-z0-9]{2,}:", re.IGNORECASE)


@dataclass(frozen=True)
class Lake:
    """DuckLake's catalogue, a file's path or `postgres:` and libpq's words, and the folder of the
    Parquet files that it lists."""

    catalog: str
    data_path: Path

    @property
    def file(self) -> Path | None:
        """The catalogue, where it is a file."""
        return None if self.catalog.startswith(_POSTGRES) else Path(self.catalog)


def lake(values: Values) -> Lake | None:
    """What `[lake]` says; None where nothing does. Raises UsageError, which quotes no password."""
    keys = list(values.keys(_SECTION))
    if not keys:
        return None
    refuse_unknown(_SECTION, _KEYS, keys)
    catalog, data_path = (str(values.get(_SECTION, key) or "").strip() for key in _KEYS)
    if not catalog or not data_path:
        raise UsageError(
            "[lake] needs both `catalog` and `data_path` (LAKE__CATALOG, LAKE__DATA_PATH): one of"
            " them is missing."
        )
    if _PASSWORD.search(catalog):
        raise UsageError(
            "`catalog` in [lake] (LAKE__CATALOG) holds a password, which readers of the lake would"
            " see. Leave it out, and give it in libpq's own way: PGPASSFILE or PGPASSWORD."
        )
    if _ELSEWHERE.match(data_path):
        raise UsageError(
            "`data_path` in [lake] (LAKE__DATA_PATH) must be a folder, which all workers and"
            " readers see; an address of an object store can't be used."
        )
    if catalog.startswith(_POSTGRES):
        return Lake(catalog, _absolute(data_path))
    if _ELSEWHERE.match(catalog):
        raise UsageError(
            "`catalog` in [lake] (LAKE__CATALOG) must be a file's path, or begin with postgres: as"
            ' in "postgres:host=db.example.com dbname=lake user=billhouse".'
        )
    return Lake(str(_absolute(catalog)), _absolute(data_path))


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()
