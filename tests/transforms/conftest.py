"""Fixtures over a work database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transforms.corpus.trial import Trial
from tests.transforms.work_database import WorkDatabase


@pytest.fixture
def work(tmp_path: Path) -> Iterator[WorkDatabase]:
    """An empty work database."""
    database = WorkDatabase(tmp_path / "work.duckdb")
    yield database
    database.connection.close()


@pytest.fixture(scope="session")
def trial() -> Iterator[Trial]:
    """The corpus, built; whoever changes it undoes that."""
    opened = Trial()
    yield opened
    opened.connection.close()
