"""A lake that is written as Delta Lake or Iceberg once more: the same rows for their packages."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

pytest.importorskip("deltalake")
pytest.importorskip("pyiceberg")

from deltalake import DeltaTable

from pipelines.config.lake import Lake
from pipelines.errors import UsageError
from pipelines.publish import lake, open_formats
from pipelines.publish.delta import DeltaTables
from pipelines.publish.iceberg import NAMESPACE, IcebergTables
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import identifier
from tests.faults.test_lake_in_store import House
from tests.support.object_store import KEY, TOKEN, needs_store, running_store
from tests.support.postgresql import PASSWORD, needs_postgresql, running_postgresql

pytestmark = pytest.mark.slow
EMPTY = "close_differences"


def read_delta(place: Lake, name: str) -> pa.Table:
    tables = DeltaTables(place)
    return DeltaTable(tables._place(name), storage_options=tables._options).to_pyarrow_table()


def read_iceberg(place: Lake, name: str) -> pa.Table:
    with closing(IcebergTables(place)) as tables:
        return tables._catalog.load_table((NAMESPACE, name)).scan().to_arrow()


READERS: dict[str, Callable[[Lake, str], pa.Table]] = {
    "delta": read_delta,
    "iceberg": read_iceberg,
}


def differences(place: Lake) -> list[str]:
    assert place.format is not None
    found = []
    with lake.opened(place) as connection:
        names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        assert {"spend", "fct_invoice_lines", EMPTY} <= set(names)
        for name in names:
            connection.register("other", READERS[place.format](place, name))
            own = identifier(name)
            types = (connection.execute(f"DESCRIBE {each}").fetchall() for each in (own, "other"))
            ours, theirs = ([row[:2] for row in each] for each in types)
            if ours != theirs:
                found.append(f"{name}: {ours} {theirs}")
            for one, other in ((own, "other"), ("other", own)):
                if connection.execute(f"FROM {one} EXCEPT ALL FROM {other}").fetchall():
                    found.append(name)
    return found


@pytest.fixture(params=["delta", "iceberg"])
def here(request: pytest.FixtureRequest, tmp_path: Path, loaded: Warehouse) -> House:
    return House(tmp_path, None, loaded, request.param)


@pytest.fixture(params=["delta", "iceberg"])
def away(request: pytest.FixtureRequest, tmp_path: Path, loaded: Warehouse) -> Iterator[House]:
    with running_store() as url:
        yield House(tmp_path, url, loaded, request.param)


def test_every_table_is_written_once(here: House) -> None:
    here.leave()
    code, told = here.asked("gather")
    assert (code, "are written as" in told) == (0, True), told
    assert differences(here.place) == []
    written = open_formats.write_changed(here.place)
    assert (written.changed, "spend" in written.unchanged) == ([], True)
    # A table of which a file changed, one that another version made, and what looks at all.
    here.shard_publishes("DELETE FROM fct_payments")
    here.leave()
    other = pa.table({"amount": pa.array(["7"], pa.string())})
    with closing(open_formats._tables(here.place)) as tables:
        tables.write("payables", other.to_reader(), 7)
        assert tables.state("payables") == 7
    code, told = here.asked("gather")
    assert (code, "had not changed" in told) == (0, True), told
    assert differences(here.place) == []
    assert len(READERS[here.given["format"]](here.place, "fct_payments")) == 0
    code, told = here.asked("gather", "--maintain")
    assert code == 0, told
    assert differences(here.place) == []


def test_what_cannot_be_written_is_told_and_the_lake_is_published(
    tmp_path: Path, loaded: Warehouse
) -> None:
    here = House(tmp_path, None, loaded, "delta")
    here.leave()
    blocked = here.place.data_path / "delta"
    blocked.write_text("a file")
    code, told = here.asked("gather")
    assert (code, "The lake is published, but" in told) == (3, True), told
    with lake.opened(here.place) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM spend").fetchone() == (True,)
    blocked.unlink()
    assert open_formats.write_changed(here.place).unchanged == []
    assert differences(here.place) == []


@needs_postgresql
def test_icebergs_catalogue_in_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with running_postgresql() as url:
        words, _, rest = url.partition(f":{PASSWORD}")
        place = Lake(f"postgres:{words}{rest}", tmp_path, format="iceberg")
        rows = pa.table({"amount": pa.array([Decimal("10.10")], pa.decimal128(38, 12))})
        with closing(IcebergTables(place)) as tables:
            tables.write("spend", rows.to_reader(), 7)
            assert tables.state("spend") == 7
        assert read_iceberg(place, "spend") == rows


def test_what_writes_a_format_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    open_formats.see_installed(Lake("here", tmp_path))
    for form in ("delta", "iceberg"):
        with pytest.raises(UsageError, match=rf"billhouse\[lake,{form}\]"):
            open_formats.see_installed(Lake("here", tmp_path, format=form))


@needs_store
def test_in_an_object_store(away: House, tmp_path: Path) -> None:
    away.leave()
    code, told = away.asked("gather")
    assert (code, "are written as" in told) == (0, True), told
    assert differences(away.place) == []
    texts = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    texts += [told.encode(), *away.contents("metadata"), *away.contents("_delta_log")]
    assert not [text for text in texts if KEY.encode() in text or TOKEN.encode() in text]
