"""Threads that work off what they are given, beside a main thread that a signal may strike.

A signal raises wherever the main thread is. Inside the locks of Python's futures and events it
would leave one taken for ever, or release another thread's; the queues here are of C, and whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

_Own = TypeVar("_Own")
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Workers(Generic[_Item, _Result]):
    """What they are given, and what they made of it, in the order in which they end."""

    def __init__(self) -> None:
        self._given: SimpleQueue[tuple[_Item] | None] = SimpleQueue()
        self._ended: SimpleQueue[tuple[_Item, _Result] | BaseException] = SimpleQueue()

    def give(self, item: _Item) -> None:
        self._given.put((item,))

    def next_ended(self) -> tuple[_Item, _Result]:
        """Blocks until one has ended.

        Raises:
            Exception: what was raised over it.
        """
        ended = self._ended.get()
        if isinstance(ended, BaseException):
            raise ended
        return ended

    def work(self, own: _Own, do: Callable[[_Own, _Item], _Result]) -> None:
        """Work off what is given, until there will be no more."""
        while (given := self._given.get()) is not None:
            [item] = given
            try:
                self._ended.put((item, do(own, item)))
            except BaseException as error:
                self._ended.put(error)

    def give_no_more(self, workers: int) -> None:
        for _ in range(workers):
            self._given.put(None)

    def take_back(self) -> None:
        """What nobody has begun."""
        with suppress(Empty):
            while True:
                self._given.get_nowait()


@contextmanager
def at_work(
    owns: Sequence[_Own],
    do: Callable[[_Own, _Item], _Result],
    end: Callable[[_Own], None] = lambda _: None,
) -> Iterator[Workers[_Item, _Result]]:
    """A thread for each of `owns`, which does with it what is given. After an error, or a signal,
    nothing is begun any more, and `end` has to end what is under way."""
    workers: Workers[_Item, _Result] = Workers()
    # One that a signal strikes while it starts may wait for ever: the process doesn't.
    threads = [Thread(target=workers.work, args=(own, do), daemon=True) for own in owns]
    try:
        for each in threads:
            each.start()
        yield workers
    except BaseException:
        workers.take_back()
        for own in owns:
            end(own)
        raise
    finally:
        workers.give_no_more(len(threads))
        for each in threads:
            if each.is_alive():
                each.join()
