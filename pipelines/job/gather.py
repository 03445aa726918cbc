"""What the shards of a run left, put into the lake in one step; who left nothing is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.config.lake import Lake
from pipelines.errors import JobError, UsageError, one_sentence
from pipelines.job import events
from pipelines.job.events import Event, Listener, unfailing
from pipelines.job.result import DONE, FAILED, PARTLY
from pipelines.publish import gathering, lake, open_formats, parts
from pipelines.publish.gathering import Committed
from pipelines.publish.parts import Part
from pipelines.transform.audit import AuditFinding
from pipelines.warehouse.disk import writable
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from pipelines.warehouse.shards import number_of_shards

if TYPE_CHECKING:
    import duckdb

_AUDIT_PROBLEM = (
    "An audit over all shards found an error, so nothing was published: the lake is as it was. The"
    " rows above say which; look whether an account's history lies in two shards."
)


@dataclass(frozen=True)
class Gathered:
    """Which shards' parts were published, which shards keep what they had, by their numbers and
    why, and which of all hold less than they should. `problem` says why nothing was published, and
    `unwritten` why the lake's other format lacks what is."""

    published: Sequence[int]
    kept: Mapping[int, str]
    partly: Sequence[int]
    findings: Sequence[AuditFinding] = ()
    problem: str | None = None
    unwritten: str | None = None

    @property
    def exit_code(self) -> int:
        """0 done; 1 nothing published; 3 published, but not everything is in it."""
        if self.problem is not None:
            return FAILED
        return PARTLY if self.kept or self.partly or self.unwritten else DONE


def gather(
    warehouse: Warehouse, *, listener: Listener, lock_timeout: float, run_id: str | None = None
) -> Gathered:
    """Publish what the newest attempt of each shard left; of those that left nothing, what they had
    stays. They are told, as are those whose part isn't of the run `run_id`, or of the newest.

    Raises:
        UsageError: the warehouse isn't in shards, or the extra isn't installed.
        JobError: no shard ever left anything, or the lake can't be written to.
    """
    tell = unfailing(listener)
    place, count = _sharded(warehouse)
    open_formats.see_installed(place)
    with _alone_in(warehouse, lock_timeout):
        with lake.next_state(place) as connection:
            result = _gathered(connection, place, count, run_id)
        if place.format and not result.problem:
            result = _written(place, result, tell)
    for finding in result.findings:
        tell(events.audit(finding))
    for reason in result.kept.values():
        tell(Event("shard_kept", reason, "warning"))
    if result.problem:
        tell(Event("gathered", result.problem, "error"))
    else:
        tell(Event("gathered", _conclusion(result, count), fields={"exit_code": result.exit_code}))
    return result


def _written(place: Lake, result: Gathered, tell: Listener) -> Gathered:
    """The result, with the tables written in the lake's other format."""
    try:
        written = open_formats.write_changed(place)
    except JobError as error:
        tell(Event("format_unwritten", str(error), "error"))
        return replace(result, unwritten=str(error))
    message = f"{len(written.changed)} table(s) are written as {place.format}"
    unchanged = f"; {len(written.unchanged)} had not changed" if written.unchanged else ""
    tell(Event("format_written", f"{message}{unchanged}."))
    return result


def maintain(warehouse: Warehouse, *, listener: Listener, lock_timeout: float) -> None:
    """Make few files of many, forget states older than a week, and delete what nobody reads.

    Raises:
        UsageError, JobError: as `gather`.
    """
    import duckdb

    place, _ = _sharded(warehouse)
    open_formats.see_installed(place)
    try:
        with _alone_in(warehouse, lock_timeout):
            with lake.next_state(place) as connection:
                gathering.maintain(connection)
            # Not before the catalogue that lists them no more is in its place.
            with lake.next_state(place) as connection:
                gone = gathering.delete_unread(connection, place)
            if place.format:
                open_formats.maintain(place)
    except (duckdb.Error, OSError) as error:
        raise JobError(
            f"The lake could not be compacted: {one_sentence(error)} Its rows are as they were;"
            " try again, which is safe."
        ) from error
    unfailing(listener)(
        Event("maintained", f"The lake is compacted; {gone} file(s) of late attempts are gone.")
    )


def _sharded(warehouse: Warehouse) -> tuple[Lake, int]:
    count = number_of_shards(warehouse)
    if warehouse.lake is None or count is None:
        raise UsageError(
            f"The warehouse {warehouse.directory} isn't in shards, so that there is nothing to"
            " gather: `billhouse run` has published it. Shards begin with `billhouse run --shard"
            " 1/4`; or say with --warehouse where it is."
        )
    return warehouse.lake, count


def _gathered(
    connection: duckdb.DuckDBPyConnection, place: Lake, count: int, run_id: str | None
) -> Gathered:
    import duckdb

    connection.begin()
    try:
        before = gathering.committed(connection, count)
        left = {shard: parts.newest_part(place, shard) for shard in before}
        newest = {
            shard: part.generation if isinstance(part, Part) else part
            for shard, part in left.items()
        }
        gathering.see_none_is_lost(place, newest, before)
        chosen = [
            part
            for shard, part in left.items()
            if isinstance(part, Part) and part.generation > before[shard].generation
        ]
        if not any(part.tables for part in chosen) and not gathering.has_tables(connection):
            raise JobError(
                "No shard has left anything yet, so nothing was published. Run each with `billhouse"
                f" run --shard 1/{count}` to {count}/{count} first, and see why those failed."
            )
        findings = gathering.replace_parts(connection, place, chosen, before) if chosen else []
        if any(finding.severity == "error" for finding in findings):
            connection.rollback()
            return Gathered((), {}, (), findings, _AUDIT_PROBLEM)
        after = gathering.committed(connection, count)
        connection.commit()
    except duckdb.Error as error:
        raise JobError(
            f"The shards could not be gathered: {one_sentence(error)} The lake is as it was; gather"
            " again."
        ) from error
    kept = dict(_kept(left, after, count, run_id or _newest_run(left)))
    partly = [shard for shard, held in after.items() if held.exit_code == PARTLY]
    return Gathered([part.shard for part in chosen], kept, partly, findings)


def _newest_run(left: Mapping[int, Part | int]) -> str | None:
    there = [part for part in left.values() if isinstance(part, Part)]
    return max(there, key=lambda part: part.started_at).run_id if there else None


def _kept(
    left: Mapping[int, Part | int], after: Mapping[int, Committed], count: int, run_id: str | None
) -> Iterator[tuple[int, str]]:
    for shard, part in left.items():
        had = after[shard].run_id
        stays = f"It keeps what it had from run {had}" if had else "Nothing of it is published"
        if part == 0:
            yield shard, f"Shard {shard}/{count} has never run. {stays}; run it, and gather again."
        elif not isinstance(part, Part):
            yield (
                shard,
                f"Shard {shard}/{count} failed or is still at work: its attempt {part} has left"
                f" nothing. {stays}; see its log, run it, and gather again.",
            )
        elif part.run_id != run_id:
            yield (
                shard,
                f"Shard {shard}/{count} has left nothing in run {run_id}. {stays}; see its log, run"
                " it, and gather again.",
            )


def _conclusion(result: Gathered, count: int) -> str:
    parts_of = f"{len(result.published)} of {count} shard(s) have new tables in the lake"
    kept = f"; {len(result.kept)} keep what they had" if result.kept else ""
    partly = (
        f"; an account failed or a document was rejected in {', '.join(map(str, result.partly))}"
        if result.partly
        else ""
    )
    return f"{parts_of}{kept}{partly}."


@contextmanager
def _alone_in(warehouse: Warehouse, lock_timeout: float) -> Iterator[None]:
    """Neither another gathering nor a compaction is at work; shards may be."""
    with (
        holding(warehouse, lock_timeout=lock_timeout, is_gathering=True),
        writable(warehouse),
    ):
        yield
