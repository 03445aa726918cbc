"""Ray as the engine of shards: a task each. RAY_ADDRESS names the cluster; without it, it is this
machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from pipelines.errors import JobError, one_sentence
from pipelines.job.interruption import kept_handlers
from pipelines.job.shard_outcome import ShardJob, ShardOutcome

# After that many workers died under it, a shard has failed.
_TRIES = 4
_SETTINGS = {
    # Ray would send the folder of a driver under `uv run` to its workers, secrets and all.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def run_on_ray(job: ShardJob, count: int) -> Iterator[ShardOutcome]:
    """The outcomes of all shards, in the order in which they end.

    Raises:
        ModuleNotFoundError: Ray isn't installed.
        JobError: its cluster can't be reached.
    """
    os.environ.update(_SETTINGS)
    import ray

    def shard(number: int) -> ShardOutcome:
        return job(number)

    # Each shard in a process of its own, whose memory ends with it.
    task = ray.remote(max_retries=_TRIES - 1, max_calls=1)(shard)
    try:
        with kept_handlers():
            ray.init(log_to_driver=False, logging_level="warning", include_dashboard=False)
    except Exception as error:  # whatever Ray's parts end with
        raise JobError(
            f"Ray could not be started or reached: {one_sentence(error)} Nothing was run. See"
            " whether RAY_ADDRESS names its cluster, with Ray and Python of the same versions."
        ) from error
    try:
        waiting = {task.remote(number): number for number in range(1, count + 1)}
        while waiting:
            [ended], _ = ray.wait(list(waiting), num_returns=1)
            yield _outcome(ended, waiting.pop(ended))
    finally:
        ray.shutdown()


def _outcome(ended: object, number: int) -> ShardOutcome:
    import ray

    try:
        return ShardOutcome(*ray.get(ended))
    except ray.exceptions.RayTaskError as error:
        reason = f"{type(error.cause).__name__}: {error.cause}"
        message = (
            f"Its worker could not begin: {reason}. Is Billhouse installed on each worker, with the"
            " same version of it?"
        )
    except ray.exceptions.RayError as error:
        message = (
            f"Its worker died, {_TRIES} times at most ({type(error).__name__}). Out of memory is"
            " the most frequent cause; Ray's own logs say more."
        )
    return ShardOutcome(number, 1, message=message)
