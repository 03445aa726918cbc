"""Where the warehouse lies on the disk, and by which names."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.config.configuration import Configuration
from pipelines.config.in_vain import refuse_variables_in_vain
from pipelines.config.lake import Lake
from pipelines.errors import UsageError
from pipelines.warehouse.database_files import path_text

DEFAULT_DIRECTORY = "warehouse"
PUBLISHED = "billhouse.duckdb"
_DIRECTORY_VARIABLE = "WAREHOUSE__DIRECTORY"


@dataclass(frozen=True)
class Warehouse:
    """Where everything lies. Only `published` and `parquet` are for others to read.

    What is created in one that `is_private` is its owner's alone, whatever the umask says. One in
    shards is published in a `lake`; a `shard` of it is a warehouse of its own.
    """

    directory: Path
    is_private: bool = True
    shard: int | None = None
    lake: Lake | None = None

    @property
    def work(self) -> Path:
        """The job's own database: what was loaded (schema raw), and what runs leave."""
        return self.directory / "work.duckdb"

    @property
    def published(self) -> Path:
        """The audited copy that people and BI tools open."""
        return self.directory / PUBLISHED

    @property
    def parquet(self) -> Path:
        """The published tables once more, one file each."""
        return self.directory / "parquet"

    @property
    def documents(self) -> Path:
        """The files of invoices, each under its hash; `fct_invoice_files` says whose they are."""
        return self.directory / "documents"

    @property
    def working_folder(self) -> Path:
        """What a run has begun to write; there only while one is at work."""
        return self.directory / ".billhouse"

    @property
    def dlt_folder(self) -> Path:
        """dlt's working folder; what matters of it is in the work database as well."""
        return self.working_folder / "dlt"

    @property
    def lock_file(self) -> Path:
        return self.directory / "run.lock"

    @property
    def own_lake(self) -> Lake:
        """Where shards are published if [lake] says nothing."""
        return Lake(str(self.directory / "lake.ducklake"), self.directory / "lake")

    @property
    def shards_folder(self) -> Path:
        """Where each shard has a folder, in a warehouse that is in shards."""
        return self.directory / "shards"

    @property
    def shards_file(self) -> Path:
        """How many shards there are, and where each account is; see `shards`."""
        return self.shards_folder / "shards.json"


def configured_warehouse(configuration: Configuration | None = None) -> Warehouse:
    """The warehouse that is configured as `warehouse.directory`, by default in dlt's own way.

    Raises:
        UsageError: the configuration can't be read, or the setting is no path.
    """
    refuse_variables_in_vain()
    configuration = configuration or Configuration()
    directory = configuration.get("warehouse", "directory")
    if isinstance(directory, str) and directory != os.environ.get(_DIRECTORY_VARIABLE):
        # A file's text is Unicode; the system's name of the folder is UTF-8 in every locale.
        directory = os.fsdecode(directory.encode("utf-8", "surrogateescape"))
    if directory is None:
        directory = DEFAULT_DIRECTORY
    if not isinstance(directory, str) or not directory.strip() or "\0" in directory:
        raise UsageError(
            f"warehouse.directory (in .dlt/config.toml, or {_DIRECTORY_VARIABLE} in the"
            " environment) is not a path: write the folder in which the warehouse shall lie."
        )
    warehouse = Warehouse(_usable(Path(directory)))
    if (warehouse.directory.parent / warehouse.shards_file.name).exists():
        # A shard's folder is asked by itself.
        return warehouse
    lake = configuration.lake()
    if lake is None and warehouse.shards_file.exists():
        lake = warehouse.own_lake
    return replace(warehouse, lake=lake and lake.within(warehouse.shards_folder))


def _usable(directory: Path) -> Path:
    """The absolute path, if there is one that DuckDB can be told."""
    try:
        absolute = directory.expanduser().absolute()
        path_text(absolute)
    except UnicodeDecodeError:
        raise UsageError(
            f"warehouse.directory {str(directory)!r} is not written in UTF-8, which DuckDB needs."
            " Rename the folder, or choose another one."
        ) from None
    except RuntimeError:
        raise UsageError(
            f"warehouse.directory {str(directory)!r} can't be found, since this user has no home."
            " Write the whole path, beginning with /."
        ) from None
    return absolute
