"""What every vendor's source keeps to. One that joins the registry is tested with no change."""

from __future__ import annotations

import pytest

from pipelines.contract.suite import *  # noqa: F403
from pipelines.contract.suite import Reader, get
from sandbox.registry import VENDORS
from sandbox.server import Sandbox


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("vendor", ["turso", "versori", "digitalocean"])
def test_what_changes_with_every_request_changed(
    unchanging: Sandbox, configured: Reader, vendor: str
) -> None:
    """Else the hashes would be equal without what is left out of them."""
    first = get(unchanging, configured, vendor)
    second = get(unchanging, configured, vendor)
    assert set(first.documents) != set(second.documents)
