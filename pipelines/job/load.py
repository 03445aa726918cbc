"""Loading: one dlt pipeline that brings what the vendors sent into `raw`, each version once."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config import dlt_settings
from pipelines.errors import JobError
from pipelines.job import memory
from pipelines.warehouse.working_folder import ELSEWHERE

if TYPE_CHECKING:
    import duckdb
    from dlt.extract import DltSource
    from dlt.pipeline.pipeline import Pipeline

PIPELINE = "billhouse"
DATASET = "raw"
_STAGING = "%s_staging"

# dlt writes the paths of its files into SQL and into templates as they are, where most other
# characters mean something.
_PLAIN = re.compile(r"[A-Za-z0-9_./@:=,+~ -]+")


def load(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    sources: Sequence[DltSource],
    loaded_at: datetime | None = None,
    shard: int | None = None,
) -> str | None:
    """Load the sources as one package into the schema `raw`, by an open connection.

    Versions begin and end with the package's creation, or at `loaded_at`. A shard's rows wait in a
    dataset of its own: two loads that share one corrupt each other
    (https://github.com/dlt-hub/dlt/issues/4297).

    Returns:
        dlt's load id, which stands in the `_dlt_load_id` of every new row; None if no source had
        anything to load.

    Raises:
        JobError: the load failed. What was loaded before is unharmed.
    """
    import dlt
    from dlt.common.schema import Schema
    from dlt.pipeline.exceptions import PipelineStepFailed

    # Each of DuckDB's threads takes as much memory as another, and dlt's statements gain nothing by
    # a second one. What one statement of long documents is done with, the next one would have to do
    # without: it is given back meanwhile.
    connection.execute("SET threads = 1")
    connection.execute("SET GLOBAL allocator_background_threads = true")
    with dlt_settings.alone(), _emptied(folder) as working_folder:
        pipeline = dlt.pipeline(
            pipeline_name=PIPELINE,
            pipelines_dir=str(working_folder),
            destination=dlt.destinations.duckdb(
                connection,
                staging_dataset_name_layout=_STAGING if shard is None else f"{_STAGING}_{shard}",
            ),
            dataset_name=DATASET,
        )
        try:
            # One schema makes it one package: all vendors' rows of a run carry the same load id.
            pipeline.sync_destination()
            pipeline.extract(list(sources), schema=Schema(PIPELINE))
            memory.give_back()
            pipeline.normalize()
            if loaded_at is not None:
                _date(pipeline, loaded_at)
            info = pipeline.load()
        except PipelineStepFailed as error:
            raise JobError(
                f"The documents could not be loaded into the warehouse: {_cause(error)} What was"
                " loaded before is unharmed. Fix the cause (a full disk is the most frequent"
                " one) and run again."
            ) from error
        finally:
            pipeline.deactivate()
    return info.loads_ids[-1] if info is not None and info.loads_ids else None


def _date(pipeline: Pipeline, loaded_at: datetime) -> None:
    """Move the creation of the packages that wait. As a hint of the tables it would stay in the
    schema that dlt keeps, and date the next load as well."""
    import pendulum

    storage = pipeline._get_load_storage()
    for load_id in storage.list_normalized_packages():
        state = storage.normalized_packages.get_load_package_state(load_id)
        state["created_at"] = pendulum.instance(loaded_at)
        storage.normalized_packages.save_load_package_state(load_id, state)


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """dlt's working folder, empty before and after.

    A package that a killed run left behind must go: its documents are fetched again anyhow, while
    dlt would load it and skip the new ones. And a damaged folder can't be in the way.
    """
    _remove(folder)
    try:
        if _PLAIN.fullmatch(os.path.realpath(folder)):
            folder.mkdir(parents=True)
            yield folder
        else:
            elsewhere = Path(tempfile.mkdtemp(prefix=ELSEWHERE, dir=_plain_place()))
            # So that the next run finds it, should this one be killed.
            folder.symlink_to(elsewhere)
            yield elsewhere
    finally:
        _remove(folder)


def _plain_place() -> str:
    """A folder for temporary files that dlt can work in."""
    usual = tempfile.gettempdir()
    places = (usual, "/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
    plain = (each for each in places if _PLAIN.fullmatch(os.path.realpath(each)))
    return next((each for each in plain if os.access(each, os.W_OK)), usual)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        if (elsewhere := folder.readlink()).name.startswith(ELSEWHERE):
            shutil.rmtree(elsewhere, ignore_errors=True)
        folder.unlink()
    elif folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _cause(error: BaseException) -> str:
    """The innermost reason in one line; dlt wraps it in several layers of its own."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (" ".join(str(error).split()) or type(error).__name__).removesuffix(".") + "."
