"""Commands that people type, started as they stand."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest


def said(command: Sequence[str | Path], folder: Path, surroundings: Mapping[str, str]) -> str:
    """What it prints, once it has ended well. Skips where it needs PyPI, which can't be reached."""
    finished = subprocess.run(
        command,
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if "Failed to fetch" in finished.stderr:
        pytest.skip("PyPI can't be reached")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout
