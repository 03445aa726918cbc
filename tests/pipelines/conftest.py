from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pipelines.config import dlt_settings
from pipelines.warehouse.files import Warehouse
from tests.configuration import hide_configuration
from tests.pipelines.processes import Billhouse, Finished, environment

dlt_settings.apply()

from sandbox.server import Sandbox, running  # noqa: E402
from sandbox.world import World  # noqa: E402


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """In a folder whose name SQL, globs and shells could all trip over."""
    return Warehouse(tmp_path / 'it\'s a "house" [1]')


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with running(World(months=3)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """One of a test's own, whose clock it may move."""
    with running(World(months=3)) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_configuration(monkeypatch, tmp_path)


@pytest.fixture
def billhouse(warehouse: Warehouse, tmp_path: Path) -> Billhouse:
    """Run `billhouse` as a process of its own, away from the checkout."""

    def start(*arguments: str, variables: Mapping[str, str] | None = None) -> Finished:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            env=environment(warehouse, variables),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return start
