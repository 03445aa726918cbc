"""The settings of dlt on which correctness hangs, the same in whatever directory the job starts."""

from __future__ import annotations

import logging
import os

_SETTINGS = {
    # Without it the rows of Arrow tables carry no lineage.
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    # A job that failed must fail the run, or a listing would be closed without its successor.
    "LOAD__RAISE_ON_FAILED_JOBS": "true",
    # Documents lie in the warehouse and nowhere else.
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "ENABLE_RUNTIME_TRACE": "false",
    # The state of the working folder, which is emptied before each run, comes from the warehouse.
    "RESTORE_FROM_DESTINATION": "true",
    # Signals are the job's to handle: dlt would work off its queue first.
    "RUNTIME__INTERCEPT_SIGNALS": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    # What dlt has to say reaches people as an exception.
    "RUNTIME__LOG_LEVEL": "CRITICAL",
}


def apply() -> None:
    """Set them for this process. Call it before dlt is imported: telemetry starts with dlt.

    They go into the environment because dlt looks there first, so no config.toml can undo them.
    """
    os.environ.update(_SETTINGS)
    logging.getLogger("dlt").setLevel(logging.CRITICAL)
