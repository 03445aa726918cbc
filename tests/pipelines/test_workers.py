"""Threads that work off what they are given: whatever strikes the main thread, they all end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from random import Random

import pytest

from pipelines.warehouse.workers import at_work

TIMES = 300


class Struck(BaseException):
    """What the signal raises, wherever the main thread is."""


@pytest.fixture
def alarm() -> Iterator[None]:
    def strike(*_: object) -> None:
        raise Struck

    before = signal.signal(signal.SIGALRM, strike)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def add_until_struck(moment: float) -> None:
    def add(own: int, item: int) -> int:
        return own + item

    with at_work([0, 1], add) as workers:
        # And again: what is raised in a finalizer is lost.
        signal.setitimer(signal.ITIMER_REAL, moment, 0.5)
        while True:
            workers.give(1)
            assert workers.next_ended() in {(1, 1), (1, 2)}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("alarm")
def test_a_signal_at_any_moment_leaves_no_lock_taken() -> None:
    random = Random(1)
    for _ in range(TIMES):
        with pytest.raises(Struck):
            add_until_struck(random.uniform(0.0001, 0.003))
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert not [each for each in threading.enumerate() if "(work)" in each.name]


def test_what_nobody_has_begun_is_not_begun_after_an_error() -> None:
    begun: list[int] = []
    may_end = threading.Event()

    def do(_: None, item: int) -> None:
        begun.append(item)
        if item == 0:
            raise LookupError
        may_end.wait(20)

    def fail() -> None:
        with at_work([None], do, lambda _: may_end.set()) as workers:
            for item in range(9):
                workers.give(item)
            while True:
                workers.next_ended()

    with pytest.raises(LookupError):
        fail()
    assert begun in ([0], [0, 1])
