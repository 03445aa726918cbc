"""Tables in the terminal."""

from __future__ import annotations

import pytest

from pipelines.cli.tables import print_table


def test_what_would_steer_a_terminal_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["note"], [["\x1b]0;owned\x07 [bold]as it is[/bold] \x9b2J ünïcode"]])
    shown = capsys.readouterr().out
    assert "␛]0;owned␇ [bold]as it is[/bold] ␡2J ünïcode" in shown
    assert not set(shown) & {"\x1b", "\x07", "\x9b"}
