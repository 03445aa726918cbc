"""Fixtures over a work database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.transforms.work_database import WorkDatabase


@pytest.fixture
def work(tmp_path: Path) -> Iterator[WorkDatabase]:
    """An empty work database."""
    database = WorkDatabase(tmp_path / "work.duckdb")
    yield database
    database.connection.close()


@pytest.fixture
def read_one(work: WorkDatabase) -> Callable[..., dict[str, Any]]:
    """Adds one document, builds, and gives its only fact."""

    def read(vendor: str, document: dict[str, Any] | str, **options: Any) -> dict[str, Any]:
        work.add(vendor, document, **options)
        assert not work.build().has_errors
        assert work.reasons() == []
        [invoice] = work.invoices()
        return invoice

    return read
