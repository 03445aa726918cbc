from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

from pipelines.job.interruption import Interrupted, interruptible, stop_if_asked


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_what_was_swallowed_on_the_way_is_raised_once_more(
    number: signal.Signals, exit_code: int
) -> None:
    with interruptible():
        stop_if_asked()
        with suppress(BaseException):
            signal.raise_signal(number)
        with pytest.raises(Interrupted, match=f"Stopped by {number.name}") as caught:
            stop_if_asked()
    assert caught.value.exit_code == exit_code


def test_an_earlier_signal_is_forgotten() -> None:
    with pytest.raises(Interrupted), interruptible():
        signal.raise_signal(signal.SIGTERM)
    with interruptible():
        stop_if_asked()


def test_what_was_ignored_from_the_beginning_stays_ignored() -> None:
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, previous)


class Finalized:
    """Ends as `ending` says when nothing refers to it any more."""

    def __init__(self, ending: Callable[[], None]) -> None:
        self.ending = ending

    def __del__(self) -> None:
        self.ending()


def test_a_finalizer_that_swallows_a_signal_prints_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda each: printed.append(each.exc_value))

    def fail() -> None:
        raise ValueError

    with interruptible():
        Finalized(lambda: signal.raise_signal(signal.SIGTERM))
        Finalized(fail)
        with pytest.raises(Interrupted):
            stop_if_asked()
    assert [type(each) for each in printed] == [ValueError]
