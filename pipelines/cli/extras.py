"""Packages that only some commands need: the nightly job is installed without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipelines.errors import UsageError

_PACKAGES: Mapping[str, frozenset[str]] = {
    "demo": frozenset({"currency_converter", "starlette", "uvicorn"}),
    "ray": frozenset({"ray"}),
    "report": frozenset({"jinja2"}),
    "spark": frozenset({"pandas", "pyspark"}),
    "xlsx": frozenset({"xlsxwriter"}),
}


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Say what to install where a package of this extra is missing. Raises UsageError."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES[extra]:
            raise
        raise UsageError(
            f"This needs a package that isn't installed ({error.name}). Install Billhouse again, as"
            f" the README says, with the extra {extra}: billhouse[{extra}] (in a clone: uv sync"
            f" --extra {extra})."
        ) from None
