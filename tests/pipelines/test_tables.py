"""Tables in the terminal."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.cli.summary import print_summary
from pipelines.cli.tables import print_table
from pipelines.job.result import RunResult
from pipelines.transform import BuildResult
from pipelines.transform.audit import AuditFinding
from tests.pipelines.terminals import conversation

ROOT = Path(__file__).parents[2]
_WIDE = """
from pipelines.cli.tables import print_table
from tests.pipelines.terminals import conversation
names = ["account", *(f"column_{number}_cents" for number in range(12))]
print_table(names, [["acme", *(str(-123456 - number) for number in range(12))]] * 2,
            numbers=frozenset(range(1, 13)))
print_table(["vendor", "error", "cents"], [["turso", "a long sentence " * 20, "-1234567"]],
            numbers=frozenset({2}))
"""


@pytest.mark.parametrize("columns", [60, 80, 120, 160, 200, 250])
def test_no_number_is_cut_in_a_terminal(columns: int) -> None:
    code, told = conversation(
        ["sh", "-c", f'stty cols {columns}; exec "$@"', "sh", sys.executable, "-c", _WIDE],
        [],
        folder=ROOT,
        variables={"PATH": os.environ["PATH"], "TERM": "xterm"},
    )
    assert code == 0
    shown = re.sub(r"\x1b\[[0-9;]*m", "", told).replace("\r", "")
    for number in range(12):
        assert len(re.findall(rf"{-123456 - number}\b", shown)) == 2
    assert shown.count("-1234567") == 1
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= columns
    assert ("── 2 ──" in shown) == (columns < 250)


def test_what_would_steer_a_terminal_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["note"], [["\x1b]0;owned\x07 [bold]as it is[/bold] \x9b2J ünïcode"]])
    shown = capsys.readouterr().out
    assert "␛]0;owned␇ [bold]as it is[/bold] ␡2J ünïcode" in shown
    assert not set(shown) & {"\x1b", "\x07", "\x9b"}


def test_what_an_audit_found_is_printed_as_other_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [("T-1", Decimal("10.10"), None, moment), ("T-2", Decimal("9.90"), 7, None)]
    columns = ["invoice", "amount", "lines", "due"]
    finding = AuditFinding("a_rule", "warning", "it is broken", columns, rows, 2)
    result = BuildResult([], [finding], [], frozenset())
    print_summary(RunResult("run", 1.0, transform=result))
    shown = capsys.readouterr().out
    print_summary(RunResult("run", 1.0, transform=result), {"a_rule": 2})
    assert "T-1" not in capsys.readouterr().out
    print_summary(RunResult("run", 1.0, transform=result), {"a_rule": 1})
    assert capsys.readouterr().out == shown
    assert "None" not in shown
    assert "T-1        10.10           2026-03-01T00:00:00Z" in shown
    assert "T-2         9.90       7" in shown
