"""Memory that a step of the job has done with, given back before the next one needs its own."""

from __future__ import annotations

import ctypes


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
