"""A share of a core for a process and its children, which the kernel's control groups hold."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_PERIOD = 100_000  # microseconds, as the kernel has it


@contextmanager
def held_to(share: float) -> Iterator[list[str]]:
    """What to write before a command that shall have so much of a core. Raises OSError where this
    user may make no control group."""
    quota = round(share * _PERIOD)
    if (_GROUPS / "cgroup.controllers").exists():
        place, limit, text = _GROUPS, "cpu.max", f"{quota} {_PERIOD}"
    else:
        place, limit, text = _GROUPS / "cpu", "cpu.cfs_quota_us", str(quota)
    group = Path(tempfile.mkdtemp(prefix="billhouse-", dir=place))
    try:
        (group / limit).write_text(text)
        yield ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs")]
    finally:
        group.rmdir()
