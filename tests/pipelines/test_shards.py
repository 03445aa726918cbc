"""Which shard an account is in, and what a run of one is refused for."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipelines.config.configuration import Configuration
from pipelines.config.lake import Lake
from pipelines.errors import JobError, UsageError
from pipelines.job.shard_run import checked_run_id, checked_start, refuse_with_shards, shard_run
from pipelines.publish import parts
from pipelines.publish.parts import Part, PartTable
from pipelines.warehouse.files import Warehouse, configured_warehouse
from pipelines.warehouse.lock import holding
from pipelines.warehouse.rename import rename_account
from pipelines.warehouse.shards import Shard, in_shard, number_of_shards, parse, settle
from sources.accounts.values import GivenValues
from sources.client.redaction import Secret
from sources.vendor import ConfiguredAccount
from tests.pipelines.processes import ROOT
from tests.transforms.work_database import WorkDatabase

NOW = datetime(2026, 11, 26, 2, 17, tzinfo=UTC)
PLACES = """
import sys
from tests.pipelines.test_shards import accounts, places
from pathlib import Path
print(places(Path(sys.argv[1]), accounts(*"abcdefghijklmnop")))
"""


STORE = {
    "catalog": "here",
    "data_path": "s3://bucket/some/lake",
    "access_key_id": "me",
    "secret_access_key": "hunter2",
}


def accounts(*names: str, tokens: dict[str, str] | None = None) -> list[ConfiguredAccount]:
    """Accounts of Turso, each with a token of its own or the one that is given."""
    entries = [
        {"organization": name, "api_token": (tokens or {}).get(name, f"token-of-{name}")}
        for name in names
    ]
    return Configuration(GivenValues({"sources": {"turso": {"accounts": entries}}})).accounts()


def places(folder: Path, every: list[ConfiguredAccount], count: int = 4) -> dict[str, int]:
    """Account → its shard."""
    warehouse = Warehouse(folder)
    return {
        each.name: number
        for number in range(1, count + 1)
        for each in settle(warehouse, Shard(number, count), every, lock_timeout=5).accounts
    }


@pytest.mark.parametrize(("text", "shard"), [("3/256", Shard(3, 256)), ("1/1", Shard(1, 1))])
def test_shards_are_counted_from_one(text: str, shard: Shard) -> None:
    assert (parse(text), str(shard)) == (shard, text)


@pytest.mark.parametrize("text", ["0/4", "5/4", "3", "3/", "a/b", "1/10001", "-1/4", "1/4 "])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(UsageError, match="like 3/256"):
        parse(text)


def test_each_account_is_in_one_shard_that_is_the_same_on_every_machine(tmp_path: Path) -> None:
    here = places(tmp_path / "here", accounts(*"abcdefghijklmnop"))
    assert len(here) == 16
    assert len(set(here.values())) > 1
    done = subprocess.run(
        [sys.executable, "-c", PLACES, str(tmp_path / "there")],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(here)


def test_accounts_that_share_a_token_share_a_shard(tmp_path: Path) -> None:
    shared = dict.fromkeys("abcdefgh", "one-token")
    assert len(set(places(tmp_path, accounts(*"abcdefgh", tokens=shared)).values())) == 1
    # One that comes later goes where they are, though it is first by name.
    here = places(tmp_path, accounts(*"Aabcdefgh", tokens=shared | {"A": "one-token"}))
    assert len(set(here.values())) == 1
    named = settle(
        Warehouse(tmp_path), Shard(1, 4), accounts(*"ab", tokens=shared), lock_timeout=5
    ).credentials
    assert set(named.values()) == {"turso/a"}


def test_an_account_stays_where_it_is_whatever_its_token(tmp_path: Path) -> None:
    before = places(tmp_path, accounts(*"abcdefgh"))
    other = {name: f"another-token-of-{name}" for name in "abcdefgh"}
    assert places(tmp_path, accounts(*"abcdefgh", tokens=other)) == before
    assert "token" not in (tmp_path / "shards" / "shards.json").read_text()
    first, second = next(
        (one, two) for one in before for two in before if before[one] != before[two]
    )
    shared = dict.fromkeys((first, second), "one-token")
    with pytest.raises(UsageError, match="share a credential") as refused:
        places(tmp_path, accounts(*"abcdefgh", tokens=shared))
    assert "one-token" not in str(refused.value)


def test_an_account_that_is_renamed_stays_where_its_history_is(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    before = places(tmp_path, accounts(*"abcdefgh"))
    number = before["a"]
    shard = in_shard(warehouse, Shard(number, 4))
    shard.directory.mkdir()
    work = WorkDatabase(shard.work)
    work.add("turso", {"invoice_number": "T-1"}, account="a", listing="issued", key="T-1")
    work.connection.close()
    # Another shard holds it, by whatever name it's looked for.
    with pytest.raises(UsageError, match=r"No shard of .* holds an account 'z'"):
        rename_account(warehouse, "turso", "z", "new", lock_timeout=0)
    other = next(name for name in "bcdefgh" if before[name] != number)
    with pytest.raises(UsageError, match="count twice"):
        rename_account(warehouse, "turso", "a", other, lock_timeout=0)
    assert places(tmp_path, accounts(*"abcdefgh")) == before
    assert rename_account(warehouse, "turso", "a", "new", lock_timeout=0) == 1
    assert places(tmp_path, accounts("new"))["new"] == number
    # The same of the shard's own folder; and once more, where the first was killed in between.
    alone = Warehouse(shard.directory)
    assert rename_account(alone, "turso", "new", "newer", lock_timeout=0) == 1
    assert places(tmp_path, accounts("newer"))["newer"] == number
    with pytest.raises(UsageError, match="The warehouse holds no account 'new'"):
        rename_account(warehouse, "turso", "new", "newest", lock_timeout=0)


def test_the_number_of_shards_stands_in_the_warehouse(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    assert number_of_shards(warehouse) is None
    settle(warehouse, Shard(3, 4), accounts("a"), lock_timeout=5)
    assert number_of_shards(warehouse) == 4
    with pytest.raises(UsageError, match=r"set up with 4 shards.*new folders"):
        settle(warehouse, Shard(3, 8), accounts("a"), lock_timeout=5)
    with pytest.raises(UsageError, match="shard by shard"), holding(warehouse, lock_timeout=0):
        pass
    with holding(warehouse, lock_timeout=0, is_gathering=True):
        pass
    warehouse.shards_file.write_text("{}")
    with pytest.raises(JobError, match="can't be read"):
        settle(warehouse, Shard(3, 4), accounts("a"), lock_timeout=5)


def test_a_warehouse_in_one_piece_stays_one(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    run = ("night", "2026-01-01T00:00:00Z")
    assert shard_run(warehouse, "1/1", accounts("a"), run, lock_timeout=5) is None
    assert not warehouse.shards_folder.exists()
    warehouse.work.touch()
    with pytest.raises(UsageError, match="in one piece"):
        shard_run(warehouse, "1/4", accounts("a"), run, lock_timeout=5)
    lake = Lake(str(tmp_path / "lake.ducklake"), tmp_path / "lake")
    with pytest.raises(UsageError, match="say which one"):
        shard_run(Warehouse(tmp_path, lake=lake), None, accounts("a"), run, lock_timeout=5)


@pytest.mark.parametrize("text", [None, "", "-night", "two words", "x" * 101, "night\n"])
def test_what_is_no_run(text: str | None) -> None:
    with pytest.raises(UsageError, match="BILLHOUSE_RUN_ID"):
        checked_run_id(text)


@pytest.mark.parametrize(
    "text", [None, "", "tonight", "2026-11-26", "2026-11-26T02:17:00", "2026-11-26T02:23:00Z"]
)
def test_what_is_no_begin_of_a_run(text: str | None) -> None:
    with pytest.raises(UsageError, match="BILLHOUSE_STARTED_AT"):
        checked_start(text, NOW)


def test_a_run_begins_for_all_shards_at_one_time() -> None:
    assert checked_start("2026-11-26T03:17:00+01:00", NOW) == NOW


@pytest.mark.parametrize("section", ["allocation", "archive"])
def test_what_looks_at_all_accounts_is_refused(section: str) -> None:
    refuse_with_shards({section: False})
    with pytest.raises(UsageError, match=rf"\[{section}\]"):
        refuse_with_shards({section: True})


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({"catalog": "here"}, "needs both"),
        ({"catalogue": "here", "data_path": "there"}, "Did you mean catalog?"),
        ({"catalog": "postgres:host=db password=hunter2", "data_path": "there"}, "PGPASSFILE"),
        ({"catalog": "postgres:postgresql://me:hunter2@db/l", "data_path": "there"}, "PGPASSFILE"),
        ({"catalog": "mysql:host=db", "data_path": "there"}, "begin with postgres:"),
        ({"catalog": "here", "data_path": "gs://bucket/lake"}, "must be a folder"),
        ({"catalog": "here", "data_path": "s3://bucket/lake"}, "one of them is missing"),
        (STORE | {"secret_access_key": ""}, "one of them is missing"),
        (STORE | {"data_path": "s3://bucket/../lake"}, "letters, digits"),
        (STORE | {"data_path": "s3://bucket/a*b"}, "letters, digits"),
        (STORE | {"data_path": "s3://"}, "letters, digits"),
        (STORE | {"data_path": "there"}, "is for an object store"),
        (STORE | {"endpoint": "http://s3.example.com"}, "must be https"),
        (STORE | {"endpoint": "https://s3.example.com/minio"}, "must not have a path"),
        (STORE | {"endpoint": "s3.example.com"}, "must begin with https"),
        (STORE | {"endpoint": "https://me:hunter2@s3.example.com"}, "user or password"),
        (STORE | {"secret_key": "hunter2"}, "Did you mean secret_access_key?"),
        (STORE | {"format": "iceburg"}, "Did you mean iceberg?"),
    ],
)
def test_mistakes_in_lake(
    section: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A credential is not made of two.
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    with pytest.raises(UsageError) as refused:
        Configuration(GivenValues({"lake": section})).lake()
    assert sentence in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_where_an_object_store_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(section: dict[str, Any]) -> Lake:
        values = {"warehouse": {"directory": str(tmp_path)}, "lake": section}
        lake = configured_warehouse(Configuration(GivenValues(values))).lake
        assert lake is not None
        return lake

    own = found(STORE)
    assert own.store is not None
    assert (own.address, own.data_path) == (
        "s3://bucket/some/lake",
        tmp_path / "shards" / "s3" / "bucket" / "some" / "lake",
    )
    assert (own.store.key_id, own.store.key, own.store.token) == ("me", Secret("hunter2"), None)
    assert (own.store.region, own.store.endpoint, own.store.is_encrypted) == (
        "us-east-1",
        None,
        True,
    )
    assert "hunter2" not in repr(own)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "they")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter3")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "for a while")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    other = found({"catalog": "here", "data_path": "s3://bucket/some/lake/"}).store
    assert other is not None
    assert (other.key_id, other.key, other.token) == (
        "they",
        Secret("hunter3"),
        Secret("for a while"),
    )
    assert (other.region, other.host, other.is_encrypted) == (
        "eu-central-1",
        "127.0.0.1:9000",
        False,
    )
    assert other.address == own.address
    # Another's token isn't taken for one's own key.
    assert (store := found(STORE).store) is not None
    assert (store.key_id, store.token) == ("me", None)


def test_where_the_lake_is(tmp_path: Path) -> None:
    given = {"catalog": "postgres:host=db dbname=lake", "data_path": str(tmp_path / "data")}
    found = Configuration(GivenValues({"lake": given})).lake()
    assert found == Lake("postgres:host=db dbname=lake", tmp_path / "data")
    assert found.file is None
    values = GivenValues({"warehouse": {"directory": str(tmp_path)}})
    assert configured_warehouse(Configuration(values)).lake is None
    warehouse = Warehouse(tmp_path)
    settle(warehouse, Shard(1, 2), accounts("a"), lock_timeout=5)
    assert configured_warehouse(Configuration(values)).lake == warehouse.own_lake
    # A shard's own folder is asked by itself, also where [lake] is configured.
    shard = {"warehouse": {"directory": str(warehouse.shards_folder / "1")}, "lake": given}
    assert configured_warehouse(Configuration(GivenValues(shard))).lake is None


def part(attempt: parts.Attempt) -> Part:
    return Part(attempt.shard.number, 4, attempt.generation, "night", NOW, 0, [])


def test_a_late_attempt_leaves_nothing_that_is_gathered(tmp_path: Path) -> None:
    lake = Lake("", tmp_path / "lake")
    late, later = (parts.claim(lake, Shard(3, 4)) for _ in range(2))
    assert (late.generation, later.generation) == (1, 2)
    assert parts.newest_part(lake, 3) == 2
    with pytest.raises(JobError, match="took shard 3/4 over"):
        parts.finish(late, part(late))
    # One that looked just before it was taken over.
    (late.folder / "part.json").write_text(json.dumps({"it": "comes late"}))
    assert parts.newest_part(lake, 3) == 2
    parts.finish(later, part(later))
    assert parts.newest_part(lake, 3) == part(later)
    # What stands there stays.
    with pytest.raises(FileExistsError):
        parts.finish(later, part(later))
    assert parts.newest_part(lake, 1) == 0


def test_parts_are_open_to_whom_the_data_path_is_open(tmp_path: Path) -> None:
    data_path = tmp_path / "lake"
    data_path.mkdir(mode=0o750)
    attempt = parts.claim(Lake("", data_path), Shard(1, 1))
    file = data_path / "main" / "spend" / "1-1-0.parquet"
    file.parent.mkdir(parents=True)
    file.touch(mode=0o600)
    name = str(file.relative_to(data_path))
    parts.finish(attempt, msgspec.structs.replace(part(attempt), tables={"spend": of(name)}))
    found = {each.name: each.stat().st_mode & 0o777 for each in data_path.rglob("*")}
    folders = dict.fromkeys(("main", "spend", "parts", "1"), 0o750)
    assert found == folders | {"1-1-0.parquet": 0o640, "part.json": 0o640}


def of(file: str) -> PartTable:
    return PartTable({}, {file: "hash"}, [], False)
