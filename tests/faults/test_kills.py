"""A few rounds of what `make kill-test` does 200 times."""

from __future__ import annotations

from random import Random

import pytest

from tests.faults.kills import nights

ROUNDS = 2


def test_a_run_that_is_ended_leaves_no_trace(tmp_path_factory: pytest.TempPathFactory) -> None:
    random = Random(20_260_317)
    with nights(tmp_path_factory.mktemp("kills")) as prepared:
        rounds = [prepared.round(random) for _ in range(ROUNDS)]
    assert [each for each in rounds if each.faults] == []
    assert any(each.was_ended for each in rounds)
