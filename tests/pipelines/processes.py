"""`billhouse` as a process of its own, as users run it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.warehouse.files import Warehouse

ROOT = Path(__file__).resolve().parents[2]
Finished = subprocess.CompletedProcess[str]
Billhouse = Callable[..., Finished]


def environment(warehouse: Warehouse, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """With warnings as errors there too, and the checkout on the path from wherever it starts.

    A variable that is given as empty text is left out.
    """
    every = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "WAREHOUSE__DIRECTORY": str(warehouse.directory),
        **(variables or {}),
    }
    return {name: value for name, value in every.items() if value}
