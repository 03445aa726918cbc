"""`billhouse` in a terminal of its own, answered as a person would: after each question."""

from __future__ import annotations

import codecs
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Gives the command a controlling terminal, which is what hidden input is read from.
_IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
SILENCE = 60.0


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
    # What is read at once may end inside a character.
    decoder = codecs.getincrementaldecoder("utf-8")()

    def read() -> str | None:
        """What came next; None at the end."""
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], SILENCE)[0]:
            raise AssertionError(f"nothing more came:\n{shown}")
        part = os.read(process.stdout.fileno(), 4096)
        return decoder.decode(part) if part else None

    try:
        for question, answer in answers:
            unanswered = ""
            while question not in unanswered:
                part = read()
                assert part is not None, f"it ended before {question!r}:\n{shown}"
                unanswered += part
                shown += part
            process.stdin.write(f"{answer}\n".encode())
            process.stdin.flush()
        while (part := read()) is not None:
            shown += part
        return process.wait(timeout=60), shown
    finally:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()
