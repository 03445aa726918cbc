"""One loaded example for all tests of what people read, and a browser to read it with."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from docs.example import load
from pipelines.warehouse.files import Warehouse
from tests.pipelines.processes import Finished, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Command = Callable[..., Finished]


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return load(tmp_path_factory.mktemp("example") / "warehouse")


@pytest.fixture(scope="session")
def published(example: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """What the tests compare with: the same file, asked by other queries."""
    with duckdb.connect(example.published, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.fixture
def altered(example: Warehouse, tmp_path: Path) -> Warehouse:
    """A copy of the published example that a test may change."""
    warehouse = Warehouse(tmp_path / "altered")
    warehouse.directory.mkdir()
    shutil.copyfile(example.published, warehouse.published)
    return warehouse


@pytest.fixture(scope="session")
def billhouse(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Run `billhouse` as a process of its own on a warehouse."""
    directory = tmp_path_factory.mktemp("elsewhere")

    def start(warehouse: Warehouse, *arguments: str) -> Finished:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            env=environment(warehouse),
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return start


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; `CHROMIUM` names another one. Its event loop would be in the way of other
    files' tests, so it ends with those that need it."""
    from docs.chromium import executable, launched

    if executable() is None:
        pytest.skip("Chromium isn't installed: apt-get install chromium")
    with launched() as running:
        yield running
