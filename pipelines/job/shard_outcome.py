"""What comes back from whoever ran a shard, on whatever machine: enough for one summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

EngineName = Literal["spark", "ray"]


class ShardOutcome(NamedTuple):
    """How a shard ended. `accounts` were fetched, `rows` are those that the build wrote; `message`
    is its last word."""

    shard: int
    exit_code: int
    accounts: int = 0
    rows: int = 0
    message: str = ""


ShardJob = Callable[[int], ShardOutcome]
"""Runs the shard of that number where it is called. An engine sends it to its workers, so that it
must be made of plain values, without secrets: workers read their own configuration."""

Engine = Callable[[ShardJob, int], Iterator[ShardOutcome]]
"""Runs so many shards, each with second tries where its worker died, and gives their outcomes as
they come."""
