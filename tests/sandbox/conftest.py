from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox.server import Sandbox, running
from sandbox.world import World

NOW = "2026-03-17T12:00:00Z"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(World(seed=7, now=NOW)) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url) as client:
        yield client
