"""`[lake]` of the configuration: where a warehouse in shards is published.

[lake]                                       # .dlt/config.toml, or LAKE__CATALOG, …
catalog = "/srv/billhouse/lake.ducklake"     # or "postgres:host=db.example.com dbname=lake"
data_path = "/srv/billhouse/lake"            # the folder of its Parquet files, or
                                             # "s3://my-bucket/billhouse"; see `object_store`
format = "delta"                             # or "iceberg": written as this as well
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config.in_vain import meant, refuse_unknown
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.config.object_store import ObjectStore
    from sources.accounts.values import Values

_SECTION = "lake"
_KEYS = ("catalog", "data_path", "format")
_FORMATS = ("delta", "iceberg")
_ATTEMPTS = "s3"
_POSTGRES = "postgres:"
_PASSWORD = re.compile(r"password\s*=|//[^/@]*:[^/@]*@", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-z0-9]{2,}:", re.IGNORECASE)


@dataclass(frozen=True)
class Lake:
    """DuckLake's catalogue, a file's path or `postgres:` and libpq's words, and the folder of the
    Parquet files that it lists.

    With a `store` those lie there, and the folder `data_path`, which is one of the warehouse's, has
    the attempts alone. A `format` is what the tables are written as once more.
    """

    catalog: str
    data_path: Path
    store: ObjectStore | None = None
    format: str | None = None

    @property
    def file(self) -> Path | None:
        """The catalogue, where it is a file."""
        return None if self.catalog.startswith(_POSTGRES) else Path(self.catalog)

    @property
    def address(self) -> str:
        """Where the Parquet files are, as DuckDB is told."""
        return self.store.address if self.store else os.fsencode(self.data_path).decode()

    def within(self, shards_folder: Path) -> Lake:
        """The same of a warehouse that has its shards in this folder."""
        # A path that is absolute stays as it is.
        return replace(self, data_path=shards_folder / self.data_path)


def lake(values: Values) -> Lake | None:
    """What `[lake]` says; None where nothing does. Raises UsageError, which quotes no password."""
    keys = list(values.keys(_SECTION))
    if not keys:
        return None
    from pipelines.config.object_store import KEYS

    refuse_unknown(_SECTION, (*_KEYS, *KEYS), keys)
    catalog, data_path, form = (str(values.get(_SECTION, key) or "").strip() for key in _KEYS)
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
    if form and form not in _FORMATS:
        raise UsageError(
            f"`format` in [lake] (LAKE__FORMAT) is {form!r}. {meant(form, _FORMATS)}"
            " Without it, the lake is DuckLake's alone."
        )
    place, store = _place(values, keys, data_path)
    if catalog.startswith(_POSTGRES):
        return Lake(catalog, place, store, form or None)
    if _ELSEWHERE.match(catalog):
        raise UsageError(
            "`catalog` in [lake] (LAKE__CATALOG) must be a file's path, or begin with postgres: as"
            ' in "postgres:host=db.example.com dbname=lake user=billhouse".'
        )
    return Lake(str(_absolute(catalog)), place, store, form or None)


def _place(values: Values, keys: Sequence[str], data_path: str) -> tuple[Path, ObjectStore | None]:
    from pipelines.config import object_store

    if data_path.startswith(object_store.SCHEME):
        store = object_store.object_store(values, data_path)
        return Path(_ATTEMPTS, store.folder), store
    if _ELSEWHERE.match(data_path):
        raise UsageError(
            "`data_path` in [lake] (LAKE__DATA_PATH) must be a folder, which all workers and"
            " readers see, or begin with s3://."
        )
    for key in object_store.KEYS:
        if key in keys:
            raise UsageError(
                f"`{key}` in [lake] is for an object store, and `data_path` names a folder: take"
                " one of them out."
            )
    return _absolute(data_path), None


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()
