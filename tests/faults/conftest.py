from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.config import dlt_settings
from pipelines.warehouse.files import Warehouse

dlt_settings.apply()

from sandbox.server import Sandbox, running  # noqa: E402
from sandbox.world import World  # noqa: E402
from tests.configuration import hide_configuration  # noqa: E402
from tests.faults.child import run_job  # noqa: E402


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_configuration(monkeypatch, tmp_path)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with running(World(seed=5, now="2026-03-17T12:00:00Z", months=2, accounts=1)) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def loaded(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """What the sandbox's accounts come to where nothing happened. Published; tests copy it."""
    warehouse = Warehouse(tmp_path_factory.mktemp("loaded") / "warehouse")
    code, told = run_job(warehouse, sandbox.environment())
    assert code == 0, told
    return warehouse
