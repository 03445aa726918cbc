"""`billhouse` in a terminal of its own, answered as a person would: after each question."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Gives the command a controlling terminal, which is what hidden input is read from.
_IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
SILENCE = 20.0


def conversation(
    arguments: Sequence[str],
    answers: Sequence[tuple[str, str]],
    *,
    folder: Path,
    variables: Mapping[str, str],
) -> tuple[int, str]:
    """The exit code and all that was shown. Each answer is typed when its question stands there."""
    process = subprocess.Popen(
        [sys.executable, "-c", _IN_A_TERMINAL, *arguments],
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    shown = ""

    def read() -> str:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], SILENCE)[0]:
            process.kill()
            raise AssertionError(f"nothing more came:\n{shown}")
        return os.read(process.stdout.fileno(), 4096).decode()

    with process.stdin, process.stdout:
        for question, answer in answers:
            unanswered = ""
            while question not in unanswered:
                part = read()
                assert part, f"it ended before {question!r}:\n{shown}"
                unanswered += part
                shown += part
            process.stdin.write(f"{answer}\n".encode())
            process.stdin.flush()
        while part := read():
            shown += part
    return process.wait(timeout=60), shown
