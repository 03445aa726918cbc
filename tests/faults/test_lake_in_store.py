"""A lake whose files lie in an object store: the same tables, and nobody learns the credential."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from pyarrow.fs import FileSelector

pytest.importorskip("duckdb_extension_httpfs")

from pipelines.config.configuration import Configuration
from pipelines.config.lake import Lake
from pipelines.errors import JobError
from pipelines.job.shard_run import ShardRun
from pipelines.publish import lake, part_files, parts, read
from pipelines.publish.object_store import files_of
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.shards import Shard, ShardedAccounts, in_shard, settle
from pipelines.warehouse.sql_text import identifier, literal
from sources.accounts.values import GivenValues
from tests.faults.child import run_command
from tests.support.object_store import (
    KEY,
    TOKEN,
    in_store,
    needs_store,
    running_store,
    self_signed,
)

pytestmark = [pytest.mark.slow, needs_store]


NOW = datetime(2026, 11, 26, 2, 17, tzinfo=UTC)


class House:
    """A warehouse of one shard that is published in a lake: in an object store, else a folder."""

    def __init__(
        self, folder: Path, url: str | None, loaded: Warehouse, form: str | None = None
    ) -> None:
        self.given = {"catalog": str(folder / "lake.ducklake"), "data_path": str(folder / "lake")}
        self.given |= in_store(url) if url else {}
        if url:
            self.given["data_path"] += f"/{folder.name}"
        self.given |= {"format": form} if form else {}
        found = Configuration(GivenValues({"lake": self.given})).lake()
        assert found is not None
        self.place: Lake = found.within(folder / "warehouse" / "shards")
        self.warehouse = Warehouse(folder / "warehouse", lake=self.place)
        settle(self.warehouse, Shard(1, 1), [], lock_timeout=0)
        self.shard = in_shard(self.warehouse, Shard(1, 1))
        self.shard.working_folder.mkdir(parents=True)
        shutil.copyfile(loaded.published, self.shard.published)

    def leave(self) -> parts.Part:
        """What an attempt of the shard leaves, of what it has published."""
        attempt = parts.claim(self.place, Shard(1, 1))
        empty = parts.Part(1, 1, attempt.generation, "night", NOW, 0, [])
        part = part_files.filled(attempt, self.shard, empty)
        parts.finish(attempt, part)
        return part

    def shard_publishes(self, sql: str) -> None:
        """Change what the shard has published."""
        with duckdb.connect(self.shard.published) as connection:
            connection.execute(sql)

    def asked(self, *command: str, **variables: str) -> tuple[int, str]:
        given = {f"LAKE__{key.upper()}": value for key, value in self.given.items()}
        directory = {"WAREHOUSE__DIRECTORY": str(self.warehouse.directory)}
        return run_command(command, given | directory | variables)

    def names(self) -> set[str]:
        """Of all files below the data path."""
        everything = files_of(self.place).get_file_info(FileSelector("", recursive=True))
        return {each.path for each in everything if each.is_file}

    def contents(self, folder: str) -> list[bytes]:
        """Of the files in folders of this name."""
        names = [name for name in self.names() if f"/{folder}/" in name]
        return [files_of(self.place).open_input_stream(name).read() for name in names]


def quoted(text: str) -> bool:
    return KEY in text or TOKEN in text


def differences(place: Lake, published: Path) -> list[str]:
    with lake.opened(place) as connection:
        connection.execute(f"ATTACH {literal(published)} AS whole (READ_ONLY)")
        return [
            name
            for (name,) in connection.execute("SHOW TABLES").fetchall()
            for one, other in (("", "whole.main."), ("whole.main.", ""))
            if connection.execute(
                f"FROM {one}{identifier(name)} EXCEPT ALL FROM {other}{identifier(name)}"
            ).fetchall()
        ]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_store() as url:
        yield url


@pytest.fixture
def house(tmp_path: Path, url: str, loaded: Warehouse) -> House:
    return House(tmp_path, url, loaded)


def test_a_lake_in_an_object_store(house: House, loaded: Warehouse) -> None:
    code, told = house.asked("gather")
    assert (code, "No shard has left anything yet" in told) == (1, True), told
    first = house.leave()
    code, told = house.asked("gather")
    assert code == 0, told
    assert differences(house.place, loaded.published) == []
    # Nothing is sent twice, and nothing stays here.
    before = house.names()
    again = house.leave()
    for name, table in again.tables.items():
        if not table.is_everywhere_the_same:
            assert table.files == first.tables[name].files
    assert house.names() > before
    assert not (house.shard.working_folder / "part").exists()
    assert house.asked("gather")[0] == 0
    # What was overtaken is deleted.
    late = set(house.leave().tables["dim_currencies"].files)
    house.leave()
    assert house.asked("gather")[0] == 0
    code, told = house.asked("gather", "--maintain")
    assert (code, " file(s) of late attempts are gone" in told, late & house.names()) == (
        0,
        True,
        set(),
    ), told
    assert differences(house.place, loaded.published) == []
    code, told = house.asked("query", "--format", "csv", "SELECT count(*) FROM fct_invoices")
    assert code == 0, told


def test_no_attempt_writes_over_anothers_files(house: House) -> None:
    """Also where the folders that tell of attempts are lost, and the store is not."""
    house.leave()
    assert house.asked("gather")[0] == 0
    before = house.names()
    shutil.rmtree(house.place.data_path)
    code, told = house.asked("gather")
    assert (code, "isn't described below" in told) == (1, True), told
    part = house.leave()
    assert part.generation == 1
    assert not before & {name for table in part.tables.values() for name in table.files}
    assert before < house.names()
    with lake.opened(house.place) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM fct_invoices").fetchone() == (True,)


def test_the_credential_stands_nowhere(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.leave()
    assert house.asked("gather")[0] == 0
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert any(each.name == "lake.ducklake" for each in files)
    for file in files:
        for secret in (KEY, TOKEN):
            assert secret.encode() not in file.read_bytes(), file
    # The same from AWS's variables, which DuckDB's extension copies.
    for key, value in (
        ("ACCESS_KEY_ID", "me"),
        ("SECRET_ACCESS_KEY", KEY),
        ("SESSION_TOKEN", TOKEN),
    ):
        monkeypatch.setenv(f"AWS_{key}", value)
    with read.opened(house.warehouse) as connection:
        for sql in (
            "FROM duckdb_secrets()",
            "FROM duckdb_settings()",
            "SELECT current_setting('s3_secret_access_key')",
        ):
            assert not quoted(str(read.ask(connection, sql).to_pydict())), sql
        for sql in (
            "FROM duckdb_secrets(redact => false)",
            "FROM which_secret('s3://billhouse-lake/some', 's3')",
            "FROM 's3://billhouse-lake/elsewhere.parquet'",
            "FROM 'https://127.0.0.1/elsewhere.parquet'",
        ):
            with pytest.raises(JobError) as refused:
                read.ask(connection, sql)
            assert not quoted(str(refused.value)), sql
        assert read.ask(connection, "SELECT count(*) FROM spend").num_rows == 1


class Quoting(BaseHTTPRequestHandler):
    """Refuses everybody, and quotes what was sent, as some stores do."""

    def _refuse(self) -> None:
        text = f"<Error><Code>AccessDenied</Code><Message>{self.headers}</Message></Error>"
        body = text.encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _refuse

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quoting)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_store_that_refuses_is_told_without_the_credential(house: House, refusing: str) -> None:
    house.leave()
    code, told = house.asked("gather", "--verbose", LAKE__ENDPOINT=refusing)
    assert (code, "The lake is as it was" in told) == (1, True), told
    assert house.asked("gather")[0] == 0
    code, asked = house.asked("query", "FROM spend", LAKE__ENDPOINT=refusing)
    assert code == 1, asked
    assert house.place.store is not None
    place = replace(house.place, store=replace(house.place.store, endpoint=refusing))
    nobody = ShardedAccounts([], {})
    part = ShardRun(house.warehouse, place, Shard(1, 1), NOW, nobody)
    run: Any = SimpleNamespace(warehouse=house.shard, run_id="night", started_at=NOW)
    with pytest.raises(JobError, match="could not be written") as refused:
        part.leave(part.begin(), run, 0)
    for text in (told, asked, str(refused.value)):
        assert not quoted(text), text


def test_certificates_are_verified(
    tmp_path: Path, loaded: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    with running_store((certificate, key)) as url:
        house = House(tmp_path / "house", url, loaded)
        with pytest.raises(OSError, match=r"(?i)certificate|ssl|tls"):
            house.leave()
        files_of.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        house.leave()
        code, told = house.asked("gather", SSL_CERT_FILE="")
        assert (code, "The lake is as it was" in told) == (1, True), told
        code, told = house.asked("gather", SSL_CERT_FILE=str(certificate))
        assert code == 0, told
