"""Memory that a step of the job has done with, given back before the next one needs its own."""

from __future__ import annotations

import ctypes


def keep_no_more_than_asked() -> None:
    """Let Arrow take its memory from the C library. Its own allocator rounds each page's texts up:
    a listing of a million documents took half as much again."""
    import pyarrow

    pyarrow.set_memory_pool(pyarrow.system_memory_pool())


def give_back() -> None:
    """Return what Arrow and the C library hold for later; each would keep more than 100 MB of a
    large load. Where the C library can't do so, it keeps it.

    Python's own collector isn't asked: what a signal raises in one of its finalizers is lost.
    """
    import pyarrow

    pyarrow.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
