"""The settings of dlt on which correctness hangs, the same in whatever directory the job starts."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipelines.config.configuration import Configuration
from pipelines.errors import UsageError

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

_OFF = frozenset({"", "false", "0", "no", "none"})
# Settings of dlt that ask for another load than ours, and the values with which they don't.
_NOT_GRANTED: Mapping[tuple[str, ...], frozenset[str]] = {
    ("dev_mode",): _OFF,
    ("full_refresh",): _OFF,
    ("refresh",): _OFF,
    ("import_schema_path",): _OFF,
    ("dataset_name_layout",): frozenset({"", "%s"}),
    ("use_single_dataset",): frozenset({"", "true", "1", "yes"}),
    ("schema", "naming"): frozenset({"", "snake_case"}),
}
_PIPELINE = "billhouse"
_SECTIONS = ((), ("pipelines",), ("pipelines", _PIPELINE))


def apply() -> None:
    """Set them for this process. Call it before dlt is imported: telemetry starts with dlt.

    They go into the environment because dlt looks there first, so no config.toml can undo them.
    """
    os.environ.update(_SETTINGS)
    logging.getLogger("dlt").setLevel(logging.CRITICAL)


def refuse_others() -> None:
    """Look for settings that people make to change what dlt loads, which would have no effect.

    Raises:
        UsageError: there is one; says which and where.
    """
    configuration = Configuration()
    for (*inner, key), harmless in _NOT_GRANTED.items():
        for pipeline in ((), (_PIPELINE,)):
            for sections in _SECTIONS:
                path = (*pipeline, *sections, *inner, key)
                value = configuration.get(*path)
                if value is not None and str(value).strip().lower() not in harmless:
                    raise UsageError(
                        f"{_name(path)}, which makes dlt load otherwise or elsewhere than Billhouse"
                        " needs. Remove it; to read everything again there is `billhouse run"
                        " --full-refresh`, and to try something out, another warehouse.directory."
                    )


def _name(path: tuple[str, ...]) -> str:
    variable = "__".join(path).upper()
    if os.environ.get(variable):
        return f"{variable} is set in the environment"
    return f"{'.'.join(path)} is set in dlt's configuration (.dlt/config.toml, or another of its)"


@contextmanager
def alone() -> Iterator[None]:
    """Let dlt see these settings and no others, whatever its files and the environment hold."""
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.providers import CustomLoaderDocProvider
    from dlt.common.configuration.specs.config_providers_context import ConfigProvidersContainer
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    context = Container()[PluggableRunContext]
    others = context.providers
    ours = CustomLoaderDocProvider("Billhouse", _document)
    context.providers = ConfigProvidersContainer([ours])
    try:
        yield
    finally:
        context.providers = others


def _document() -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in _SETTINGS.items():
        *sections, key = name.lower().split("__")
        section = document
        for each in sections:
            section = section.setdefault(each, {})
        section[key] = value
    return document
