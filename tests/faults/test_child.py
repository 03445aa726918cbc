"""Each process of a test ends with its own exit code, however many are started beside it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.child import run_command


@pytest.mark.slow
def test_processes_started_at_once_end_with_their_own_codes() -> None:
    def ended(arguments: list[str]) -> int:
        return run_command(arguments, {})[0]

    commands = [["--version"], ["--no-such-option"]] * 40
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ended, commands)) == [0, 2] * 40
