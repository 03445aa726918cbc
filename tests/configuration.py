"""Whatever the developer has configured, no test may see it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def hide_configuration(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Forget the environment's, and go where no `.dlt/` lies."""
    for name in os.environ:
        if name.startswith(("SOURCES__", "WAREHOUSE__", "ACCRUALS__", "ALLOCATION__", "BUDGETS__")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
