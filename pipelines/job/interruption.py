"""SIGTERM and Ctrl-C end a run in an orderly way: files closed, locks released, exit 143 or 130."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_received: list[int] = []


class Interrupted(BaseException):
    """Somebody asked the run to stop. No `Exception`, so that nothing on the way swallows it."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number
        super().__init__(
            f"Stopped by {signal.Signals(signal_number).name}. Nothing is lost or half done: the"
            " published copy is as it was, and the next run fetches what is missing."
        )

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended."""
        return 128 + self.signal_number


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupted` in the main thread on the first signal; a second one kills at once.

    Killing is safe at any time. Stopping in order is only kinder: it leaves no temporary files.
    """
    _received.clear()
    # What whoever started this process had it ignore stays ignored: nohup, a shell's `&`.
    previous = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if (handler := signal.getsignal(number)) is not signal.SIG_IGN
    }

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def stop(number: int, _frame: FrameType | None) -> None:
        _received.append(number)
        restore()
        raise Interrupted(number)

    # Python prints what a finalizer swallowed, with a traceback; `stop_if_asked` raises this one.
    told = sys.unraisablehook

    def tell(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, Interrupted):
            told(unraisable)

    sys.unraisablehook = tell
    for number in previous:
        signal.signal(number, stop)
    try:
        yield
    except Exception as error:
        # DuckDB turns what a signal handler raises during a query into an error of its own.
        if _received:
            raise Interrupted(_received[0]) from error
        raise
    finally:
        restore()
        sys.unraisablehook = told
        _received.clear()


def stop_if_asked() -> None:
    """Raise once more what was swallowed on the way: a finalizer may do so, or an import that goes
    on without what it could not load."""
    if _received:
        raise Interrupted(_received[0])


@contextmanager
def kept_handlers() -> Iterator[None]:
    """For libraries that put handlers of their own in the place of those that are there."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
