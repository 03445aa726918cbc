"""A warehouse in shards holds what one in one piece does, whatever becomes of workers meanwhile."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import msgspec
import pytest

pytest.importorskip("duckdb_extension_ducklake")

from pipelines.config.alerts import AlertSettings
from pipelines.config.lake import Lake
from pipelines.errors import JobError
from pipelines.job.alerts import Alerting
from pipelines.job.result import RunResult
from pipelines.publish import gathering, lake, parts, read
from pipelines.report.contents import contents
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.shards import Shard, in_shard
from sources.client.redaction import Secret
from tests.faults.child import Mishap, run_command
from tests.faults.scale import Reader, Scale, scale
from tests.pipelines.receiver import receiving
from tests.support.postgresql import PASSWORD, needs_postgresql, running_postgresql

SHARDS = 4
KILLS = [
    Mishap("fetch", 0.05, signal.SIGKILL),
    Mishap("transform", 0.0, signal.SIGKILL),
    Mishap("leave", 0.0, signal.SIGKILL),
    Mishap("finish", 0.0, signal.SIGKILL),
    Mishap("gather", 0.0, signal.SIGKILL),
    Mishap("swap", 0.0, signal.SIGKILL),
]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scale]:
    """Loaded twice, the second time with kills, while a reader looks."""
    folder = tmp_path_factory.mktemp("scale")
    with scale(folder, shards=SHARDS, workers=2, seed=6, accounts=1) as this:
        # One shard has no account.
        this.vendors = ("mongodb", "turso", "versori")
        with Reader(this.sharded) as reader:
            this.begin_night()
            assert this.run_night([]) == []
            this.sandbox.advance()
            this.begin_night()
            assert this.run_night(KILLS) == []
        assert (reader.reads > 0, reader.faults) == (True, 0)
        yield this


def asked(this: Scale, sql: str) -> str:
    command = ["query", "--format", "csv", sql]
    code, told = run_command(command, this.variables(this.sharded))
    assert code == 0, told
    return told


def placed(this: Scale) -> Lake:
    assert this.sharded.lake is not None
    return this.sharded.lake


def test_every_table_is_as_in_one_piece(two_nights: Scale) -> None:
    assert two_nights.differences() == []


def test_all_shards_are_one_run_by_one_clock(two_nights: Scale) -> None:
    """Also where an attempt was killed and made once more."""
    with lake.opened(placed(two_nights)) as connection:
        runs = connection.execute(
            "SELECT run_id, count(DISTINCT started_at), count(*), count(DISTINCT (vendor, account))"
            " FROM load_results GROUP BY run_id ORDER BY run_id"
        ).fetchall()
    assert runs == [("night-1", 1, 3, 3), ("night-2", 1, 3, 3)]


def test_a_shards_rows_wait_in_a_dataset_of_its_own(two_nights: Scale) -> None:
    """dlt's loads into one would corrupt each other."""
    number, _ = _a_shard_with_accounts(two_nights)
    work = two_nights.sharded.shards_folder / str(number) / "work.duckdb"
    with duckdb.connect(work, read_only=True) as connection:
        schemas = connection.execute(
            "SELECT DISTINCT schema_name FROM duckdb_tables() WHERE starts_with(schema_name, 'raw')"
        ).fetchall()
    assert sorted(schemas) == [("raw",), (f"raw_staging_{number}",)]


def test_commands_read_the_lake(two_nights: Scale) -> None:
    variables = two_nights.variables(two_nights.sharded)
    whole = two_nights.variables(two_nights.whole)
    for command in (
        ["status", "--format", "csv"],
        ["spend", "--by", "vendor", "--format", "csv"],
        ["invoices", "--unpaid", "--format", "csv"],
    ):
        (code, ours), (_, theirs) = run_command(command, variables), run_command(command, whole)
        assert code == 0, ours
        if command[0] == "status":
            # Both were loaded minutes ago, at different ones.
            ours, theirs = (
                "\n".join(",".join(line.split(",")[:4]) for line in each.splitlines())
                for each in (ours, theirs)
            )
        assert ours == theirs
    code, told = run_command(["status"], variables)
    assert (code, "closed month" in told, "All shards are of one run" in told) == (0, True, True)
    invoice = asked(two_nights, "SELECT min(invoice_id) FROM fct_invoices").split()[-1]
    code, told = run_command(["show", invoice, "--document"], variables)
    assert (code, told[:1]) == (0, "{"), told
    assert run_command(["show", invoice], whole)[0] == 0
    folder = two_nights.folder / "exported"
    assert run_command(["export", "parquet", "--output", str(folder)], variables)[0] == 0
    assert {"spend.parquet", "fct_invoices.parquet"} <= {each.name for each in folder.iterdir()}


def test_what_was_published_then(two_nights: Scale) -> None:
    with lake.opened(placed(two_nights)) as connection:
        *_, (second,) = connection.execute(
            "SELECT snapshot_time FROM ducklake_snapshots('lake') ORDER BY snapshot_id"
        ).fetchall()
    variables = two_nights.variables(two_nights.sharded)
    newest = "SELECT max(run_id) FROM load_results"
    for moment, run in (
        (second - timedelta(microseconds=1), "night-1"),
        (second, "night-2"),
        (datetime.now(UTC), "night-2"),
    ):
        command = ["query", "--as-of", moment.isoformat(), "--format", "csv", newest]
        code, told = run_command(command, variables)
        assert (code, run in told) == (0, True), told
    code, told = run_command(["query", "--as-of", "2026-01-01", "FROM spend"], variables)
    assert (code, "keeps no state of 2026-01-01" in told) == (1, True), told


def test_the_report_is_as_in_one_piece(two_nights: Scale) -> None:
    reports = []
    for warehouse in (two_nights.sharded, two_nights.whole):
        with read.opened(warehouse) as connection:
            sections = contents(connection, 12).sections
            assert any(section.facts for section in sections)
            # Links are signed anew each time.
            reports.append(re.sub(r"'link': '[^']*'", "", repr(sections)))
    assert reports[0] == reports[1]
    output = two_nights.folder / "report.html"
    variables = two_nights.variables(two_nights.sharded)
    code, told = run_command(["report", "--output", str(output)], variables)
    assert (code, output.stat().st_size > 10_000) == (0, True), told


def test_shards_send_the_alerts_of_one_piece(two_nights: Scale) -> None:
    def told(warehouse: Warehouse) -> set[str]:
        with receiving() as receiver:
            alerting = Alerting(AlertSettings(Secret(receiver.url)), warehouse, lambda _: None)
            alerting.exit_code_after(RunResult("run", 1.0))
        return {line for text in receiver.texts for line in text.splitlines()[1:]}

    whole = told(two_nights.whole)
    shards = [
        told(in_shard(two_nights.sharded, Shard(number, SHARDS)))
        for number in range(1, SHARDS + 1)
        if (two_nights.sharded.shards_folder / str(number) / "work.duckdb").exists()
    ]
    assert len(whole) > 1
    assert set().union(*shards) == whole
    assert sum(map(len, shards)) == len(whole)


def test_a_query_reaches_nothing_but_the_tables(two_nights: Scale, tmp_path: Path) -> None:
    variables = two_nights.variables(two_nights.sharded)
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for sql in (f"FROM '{secret}'", "CALL ducklake_snapshots('lake')", "DELETE FROM fct_invoices"):
        code, told = run_command(["query", sql], variables)
        assert code == 1, told
    assert run_command(["query", "--staging", "FROM spend"], variables)[0] == 2
    for command in (
        ["run"],
        ["rebuild"],
        ["backup", str(tmp_path / "backup")],
        ["close", "2026-01"],
    ):
        code, told = run_command(command, variables)
        assert (code, "--shard" in told) == (2, True), told


def test_a_night_writes_what_it_changed(two_nights: Scale) -> None:
    """Files of months in which nothing happened are those of an earlier attempt."""
    for part in _parts(placed(two_nights)):
        lines = part.tables["fct_monthly_spend"].files
        own = [name for name in lines if f"/{part.shard}-{part.generation}-" in name]
        assert 0 < len(own) < len(lines), lines
        folders = {name.rpartition("/")[0] for name in lines}
        assert len(folders) == len(lines)
        assert all("/vendor=" in each and "/partition_month=" in each for each in folders)


def test_another_number_of_shards_is_refused(two_nights: Scale) -> None:
    code, told = run_command(["run", "--shard", "1/8"], two_nights.variables(two_nights.sharded))
    assert (code, "set up with 4 shards" in told) == (2, True), told


@pytest.fixture
def copied(two_nights: Scale, tmp_path: Path) -> Iterator[Scale]:
    """The same for a test of its own; the lake's files are listed where they were."""
    kept = shutil.copytree(two_nights.sharded.directory, tmp_path / "kept")
    night, started_at = two_nights.night, two_nights.started_at
    yield two_nights
    two_nights.night, two_nights.started_at = night, started_at
    shutil.rmtree(two_nights.sharded.directory)
    shutil.copytree(kept, two_nights.sharded.directory)


def test_a_failed_shard_keeps_its_part(copied: Scale) -> None:
    number, account = _a_shard_with_accounts(copied)
    before = copied.night
    rows = f"SELECT count(*) FROM load_results WHERE account = '{account}'"
    had = asked(copied, rows)
    copied.begin_night()
    assert copied.run_shard(number, Mishap("transform", 0.0, signal.SIGKILL))[0] == -9
    code, told = copied.gather()
    assert code == 3
    assert f"Shard {number}/{SHARDS} failed or is still at work" in told
    assert f"keeps what it had from run night-{before}" in told
    assert asked(copied, rows) == had
    assert copied.differences() == []
    # Run once more, it has what is new, and those that weren't run are named.
    assert copied.run_shard(number)[0] == 0
    code, told = copied.gather()
    assert (code, told.count("has left nothing in run")) == (3, SHARDS - 1), told
    code, told = run_command(["status"], copied.variables(copied.sharded))
    assert (code, told.count(f"night-{before}")) == (0, SHARDS - 1), told
    assert asked(copied, rows) != had


def test_a_late_attempt_is_refused(copied: Scale) -> None:
    number, _ = _a_shard_with_accounts(copied)
    place = placed(copied)
    late = parts.claim(place, Shard(number, SHARDS))
    copied.begin_night()
    assert copied.run_shard(number)[0] == 0
    assert copied.gather()[0] == 3
    snapshot = _generation(place, number)
    assert snapshot == late.generation + 1
    # It wakes up, and left its part before it looked whether it is the newest.
    former = parts.part_of(place, number, late.generation - 1) or parts.newest_part(place, number)
    assert isinstance(former, parts.Part)
    text = json.loads(
        (late.folder.parent / str(snapshot) / "part.json").read_text(encoding="utf-8")
    )
    (late.folder / "part.json").write_text(json.dumps(text | {"generation": late.generation}))
    assert copied.gather()[0] == 3
    assert _generation(place, number) == snapshot
    # Even one who had chosen it before can't put it there.
    part = parts.part_of(place, number, late.generation)
    assert part is not None
    with pytest.raises(JobError, match="comes late"):
        _put(place, part)
    assert _generation(place, number) == snapshot


def test_the_same_account_in_two_shards_is_not_published(copied: Scale) -> None:
    number, account = _a_shard_with_accounts(copied)
    other = next(shard for shard in range(1, SHARDS + 1) if shard != number)
    file = copied.sharded.shards_file
    content = json.loads(file.read_text())
    for held in content["accounts"].values():
        if held.get(account) == number:
            held[account] = other
    file.write_text(json.dumps(content))
    copied.begin_night()
    assert copied.run_shard(other)[0] == 0
    before = _generation(placed(copied), other)
    code, told = copied.gather()
    assert (code, "stand in several shards" in told) == (1, True), told
    assert _generation(placed(copied), other) == before


def test_maintenance_changes_no_row(copied: Scale) -> None:
    before = copied.differences()
    code, told = copied.gather("--maintain")
    assert code == 0, told
    assert copied.differences() == before == []
    folders = sorted((placed(copied).data_path / "parts").glob("*/*"))
    # What killed attempts left is gone, but not the numbers.
    assert len(folders) > SHARDS
    number, _ = _a_shard_with_accounts(copied)
    copied.begin_night()
    assert copied.run_shard(number)[0] == 0
    assert copied.gather()[0] == 3
    assert copied.differences() == []
    # Of what was compacted, a part gave way.
    assert copied.gather("--maintain")[0] == 0
    assert copied.differences() == []


@needs_postgresql
def test_a_catalogue_in_postgresql(two_nights: Scale, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two gather at once into it: one of them puts the parts there, and once."""
    with running_postgresql() as url:
        port = url.rpartition(":")[2].partition("/")[0]
        catalog = f"postgres:host=127.0.0.1 port={port} user=tester dbname=postgres"
        place = Lake(catalog, placed(two_nights).data_path)
        given = {"LAKE__CATALOG": catalog, "LAKE__DATA_PATH": str(place.data_path)}
        variables = two_nights.variables(two_nights.sharded) | given | {"PGPASSWORD": PASSWORD}
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        unpublished(variables)
        # A gathering that failed leaves an empty catalogue.
        with lake.next_state(place):
            pass
        unpublished(variables)
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(run_command, ["gather"], variables) for _ in range(2)]
            assert [each.result()[0] for each in both] == [0, 0], [each.result() for each in both]
        assert two_nights.differences(place) == []
        code, told = run_command(["query", "SELECT * FROM duckdb_databases()"], variables)
        assert (code, PASSWORD in told) == (0, False), told
        code, told = run_command(["gather"], variables | {"PGPASSWORD": "another"})
        assert (code, "can't be opened" in told, "another" in told) == (1, True, False), told
        _two_see_the_same(place)


def unpublished(variables: dict[str, str]) -> None:
    code, told = run_command(["query", "FROM spend"], variables)
    assert (code, "Nothing is published yet" in told) == (1, True), told


def _two_see_the_same(place: Lake) -> None:
    """Both looked at the lake before either wrote to it: the second is refused."""
    [number] = {part.shard for part in _parts(place)[:1]}
    part = parts.newest_part(place, number)
    assert isinstance(part, parts.Part)
    later = msgspec.structs.replace(part, generation=part.generation + 1)
    with lake.next_state(place) as one, lake.next_state(place) as other:
        for each in (one, other):
            each.begin()
            before = gathering.committed(each, SHARDS)
            assert gathering.replace_parts(each, place, [later], before) == []
        one.commit()
        with pytest.raises(duckdb.TransactionException, match="conflict"):
            other.commit()
    assert _generation(place, number) == later.generation


def _parts(place: Lake) -> list[parts.Part]:
    found = (parts.newest_part(place, number) for number in range(1, SHARDS + 1))
    return [each for each in found if isinstance(each, parts.Part) and each.tables]


def _put(place: Lake, part: parts.Part) -> None:
    with lake.next_state(place) as connection:
        connection.begin()
        before = gathering.committed(connection, SHARDS)
        gathering.replace_parts(connection, place, [part], before)


def _a_shard_with_accounts(this: Scale) -> tuple[int, str]:
    content = json.loads(this.sharded.shards_file.read_text())
    [account, number], *_ = content["accounts"]["turso"].items()
    return number, account


def _generation(place: Lake, number: int) -> int:
    with lake.opened(place) as connection:
        [(generation,)] = connection.execute(
            "SELECT generation FROM lake.build.shards WHERE shard = ?", [number]
        ).fetchall()
    return int(generation)
