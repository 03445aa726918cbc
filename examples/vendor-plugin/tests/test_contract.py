"""Acme Cloud's source keeps to what every vendor's does, against its stand-in."""

from __future__ import annotations

import pytest

from pipelines.contract.suite import *  # noqa: F403


@pytest.fixture
def vendor() -> str:
    return "acme"
