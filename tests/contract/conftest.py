from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.registry import VENDORS as STAND_INS
from sandbox.server import Sandbox, running
from sandbox.world import World
from sources import VENDORS, ConfiguredAccount
from sources.accounts.configuration import read_accounts

Reader = Callable[..., list[ConfiguredAccount]]


@pytest.fixture(scope="session")
def unchanging() -> Iterator[Sandbox]:
    """One sandbox for the tests that leave it as it is."""
    with running(World(seed=7, now="2026-03-17T12:00:00Z", months=8)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(World(seed=7, now="2026-03-17T12:00:00Z", months=8)) as sandbox:
        yield sandbox


@pytest.fixture(params=STAND_INS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Reads a vendor's accounts of a sandbox through the configuration, changed by `change`."""

    def read(
        sandbox: Sandbox, vendor: str, change: Callable[[int, dict[str, Any]], None] | None = None
    ) -> list[ConfiguredAccount]:
        for name, value in sandbox.environment([vendor]).items():
            if name.endswith("__ACCOUNTS") and change is not None:
                entries = json.loads(value)
                for index, entry in enumerate(entries):
                    change(index, entry)
                value = json.dumps(entries)
            monkeypatch.setenv(name, value)
        return read_accounts([VENDORS[vendor]])

    return read
