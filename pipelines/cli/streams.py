"""Standard output and error that fail nobody: what is told never decides what is done.

Output that can't be written (a full disk, a reader that is gone, a stream that was closed) is
dropped, and what the encoding lacks is written as an escape. Where the output is the work itself,
`whole_output` tells what was dropped.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from pipelines.errors import JobError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Descriptor(io.RawIOBase):
    """Writes to a file descriptor, and remembers the first failure instead of raising it."""

    def __init__(self, descriptor: int, failure: OSError | None = None) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.failure = failure

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return self._written(data)
        except OSError as error:
            self.failure = self.failure or error
            return memoryview(data).nbytes

    def _written(self, data: ReadableBuffer) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                # Another program made the pipe that it shares with us one that doesn't wait.
                select.select([], [self._descriptor], [])


class Stream(io.TextIOWrapper):
    """Text for people and programs, of which none is lost by an error elsewhere."""

    def __init__(self, descriptor: _Descriptor, like: TextIO | None) -> None:
        self._to = descriptor
        super().__init__(
            io.BufferedWriter(descriptor),
            encoding=like.encoding if like is not None else "utf-8",
            errors="backslashreplace",
            line_buffering=bool(getattr(like, "line_buffering", False)),
            write_through=bool(getattr(like, "write_through", False)),
        )

    @property
    def failure(self) -> OSError | None:
        """Why something of it was dropped."""
        return self._to.failure

    @property
    def buffer(self) -> io.BufferedWriter:
        # Typer would write UTF-8 into it past an encoding of ASCII.
        raise AttributeError("the bytes of this stream are nobody else's")


def protect() -> None:
    """Put such streams in the place of this process's own. Call it before anything is told."""
    _occupy_closed_descriptors()
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = _stream(1, sys.stdout)
    sys.stderr = _stream(2, sys.stderr)


@contextmanager
def whole_output() -> Iterator[None]:
    """For a command whose output is what was asked for.

    A reader that has seen enough and went away is no failure.

    Raises:
        JobError: something of it could not be written.
    """
    yield
    if not isinstance(sys.stdout, Stream):
        return
    sys.stdout.flush()
    failure = sys.stdout.failure
    if failure is not None and failure.errno != errno.EPIPE:
        raise JobError(
            f"The output could not be written: {failure.strerror}. What was written is not all of"
            " it; nothing else was changed. Fix the cause, or send the output elsewhere, and ask"
            " again."
        )


@contextmanager
def exact_output() -> Iterator[TextIO]:
    """Standard output for programs: in UTF-8 whatever the console speaks, and without escapes."""
    out = sys.stdout
    if not isinstance(out, io.TextIOWrapper):
        yield out
        return
    encoding, errors = out.encoding, out.errors
    out.reconfigure(encoding="utf-8", errors="surrogateescape")
    try:
        yield out
    finally:
        out.reconfigure(encoding=encoding, errors=errors)


def speaks_utf_8(stream: TextIO) -> bool:
    """Whether every character can be shown as it is."""
    return (stream.encoding or "").lower().replace("_", "-") in ("utf-8", "utf8")


def _occupy_closed_descriptors() -> None:
    """A file that is opened later must not become what is told to, or read from."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _stream(descriptor: int, own: TextIO | None) -> Stream:
    if own is None:
        closed = OSError(errno.EBADF, "it was closed from the beginning")
        return Stream(_Descriptor(os.open(os.devnull, os.O_WRONLY), closed), None)
    return Stream(_Descriptor(descriptor), own)
