"""FOCUS files as their exporters write them: what is read of them, and which are refused."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from sources import charge_files, charges
from sources.charge_files import UnreadableFile

HEAD = (
    "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
    "ChargeCategory,ChargePeriodStart,ChargePeriodEnd"
)
NOVEMBER = "A,USD,2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,Usage,2026-11-01,2026-11-02"


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def read(connection: duckdb.DuckDBPyConnection, path: Path, folder: Path) -> list[dict[str, Any]]:
    [file] = charge_files.found(str(path))
    target = folder / "target.parquet"
    (folder / "at hand").mkdir(exist_ok=True)
    with charge_files.at_hand(file, folder / "at hand") as place:
        charges.write_as_text(connection, file, place, target)
    return list(parquet.read_table(target).to_pylist())


def refusal(connection: duckdb.DuckDBPyConnection, path: Path, folder: Path) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read(connection, path, folder)
    assert str(refused.value).startswith(f"{path}: ")
    return str(refused.value)


def test_csv_is_read_as_text(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """In the dialect of 1.2: columns of its own, a text with a comma and a line break in it."""
    file = tmp_path / "it's [1] of *.csv.gz"
    rows = (
        f'0.10000000000000000001,{NOVEMBER},INV-1,"Compute, ""large""\nx","{{""a"": 1}}",1',
        f"-1e-7,{NOVEMBER},,,,",
    )
    with gzip.open(file, "wt", encoding="utf-8-sig") as stream:
        stream.write(f"{HEAD},InvoiceId,ChargeDescription,Tags,x_Own\n" + "\n".join(rows))
    first, second = read(connection, file, tmp_path)
    assert first["BilledCost"] == "0.10000000000000000001"
    assert (first["Cost"], second["Cost"]) == (Decimal("0.1"), Decimal("-0.0000001"))
    assert first["ChargeDescription"] == 'Compute, "large"\nx'
    assert first["Tags"] == '{"a": 1}'
    assert (first["InvoiceId"], second["InvoiceId"], second["Tags"]) == ("INV-1", None, None)
    assert first["BillingPeriodStart"] == "2026-11-01T00:00:00Z"
    assert first["ResourceId"] is None
    assert set(first) == {*charges.COLUMNS, charges.COST}


def table(cost: pa.Array, **more: pa.Array) -> pa.Table:
    rows = len(cost)
    texts = zip(HEAD.split(",")[1:], NOVEMBER.split(","), strict=True)
    return pa.table({"BilledCost": cost, **{n: [v] * rows for n, v in texts}, **more})


def test_parquet_goes_through_no_float(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A double as the shortest text that means it, a decimal as it stands; maps as JSON."""
    times = pa.array([1793491200_000_000] * 3, pa.timestamp("us", "UTC"))
    tags = pa.array([[("a", "b")], [], None], pa.map_(pa.string(), pa.string()))
    costs = pa.array([0.1, 1.2345678901234567e-05, 3.0])
    more = {"BillingPeriodStart": times, "Tags": tags}
    parquet.write_table(table(costs, **more), tmp_path / "doubles.parquet")
    rows = read(connection, tmp_path / "doubles.parquet", tmp_path)
    assert [row["Cost"] for row in rows] == [
        Decimal("0.1"),
        Decimal("0.000012345678901235"),
        Decimal(3),
    ]
    assert rows[0]["BillingPeriodStart"] == "2026-11-01 00:00:00+00"
    assert [row["Tags"] for row in rows] == ['{"a":"b"}', "{}", None]
    exact = pa.array([Decimal("12345678901.123456789012345678")], pa.decimal128(38, 18))
    parquet.write_table(table(exact), tmp_path / "decimals.parquet")
    [row] = read(connection, tmp_path / "decimals.parquet", tmp_path)
    assert row["Cost"] == Decimal("12345678901.123456789012345678")


REFUSED: Mapping[str, tuple[str, str]] = {
    "a column": (
        f"{HEAD.replace('BillingCurrency,', '')}\n1,A\n",
        "it has no column BillingCurrency. Only Cost and Usage of FOCUS",
    ),
    "an amount": (
        f"{HEAD}\n1,{NOVEMBER}\n1.2.3,{NOVEMBER}\n",
        "row 2: BilledCost is no amount: 1.2.3",
    ),
    "a word": (f"{HEAD}\nnan,{NOVEMBER}\n", "row 1: BilledCost is no amount: nan"),
    "a large one": (f"{HEAD}\n100000000000.01,{NOVEMBER}\n", "row 1: BilledCost is no amount"),
    "no amount": (f"{HEAD}\n,{NOVEMBER}\n", "row 1: BilledCost is empty"),
    "no currency": (
        f"{HEAD}\n1,{NOVEMBER}\n1,{NOVEMBER.replace('USD', ' ')}\n",
        "row 2: BillingCurrency is empty",
    ),
    "columns that shift": (f"{HEAD}\n1,{NOVEMBER}\n1,{NOVEMBER},5,6\n", "it can't be read: "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path, case: str) -> None:
    content, said = REFUSED[case]
    file = tmp_path / "charges.csv"
    file.write_text(content)
    assert said in refusal(connection, file, tmp_path)


@pytest.mark.parametrize("ending", ["parquet", "csv.gz"])
def test_a_file_that_is_half_written(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"charges.{ending}"
    if ending == "parquet":
        parquet.write_table(table(pa.array([0.1] * 1000)), file)
    else:
        lines = "\n".join(f"{number / 7},{NOVEMBER}" for number in range(10_000))
        file.write_bytes(gzip.compress(f"{HEAD}\n{lines}\n".encode()))
    file.write_bytes(file.read_bytes()[:-500])
    assert "it can't be read: " in refusal(connection, file, tmp_path)


def test_which_files_there_are(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "deep/c.csv", "deep/manifest.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(HEAD)
    names = [Path(each.path).name for each in charge_files.found(f"{tmp_path}/**/*.csv")]
    assert names == ["a.csv", "b.csv", "c.csv"]
    for path, said in (
        (f"{tmp_path}/no*.csv", "no such file"),
        (f"{tmp_path}/**", "manifest.json"),
    ):
        with pytest.raises(UnreadableFile, match=said):
            charge_files.found(path)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEAD)
    [found] = charge_files.found(str(file))
    with (
        pytest.raises(UnreadableFile, match="changed while it was read"),
        charge_files.at_hand(found, tmp_path),
    ):
        file.write_text(f"{HEAD}\n")


def test_files_of_an_object_store(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/month/one.csv", f"{HEAD}\n1.5,{NOVEMBER}\n".encode())
    store.pipe("/bucket/month/other.txt", b"")
    [file] = charge_files.found("memory://bucket/*/*.csv")
    with charge_files.at_hand(file, tmp_path) as place:
        charges.write_as_text(connection, file, place, tmp_path / "target.parquet")
    assert parquet.read_table(tmp_path / "target.parquet")["Cost"].to_pylist() == [Decimal("1.5")]
    store.pipe("/bucket/month/one.csv", f"{HEAD}\n2.5,{NOVEMBER}\n".encode())
    assert charge_files.found("memory://bucket/*/*.csv") != [file]
    with pytest.raises(UnreadableFile, match=r"docs/vendors/focus\.md says what to install"):
        charge_files.found("nowhere://bucket/*.csv")
    store.rm("/bucket/month/one.csv")
    with (
        pytest.raises(UnreadableFile, match="the object store can't be read"),
        charge_files.at_hand(file, tmp_path),
    ):
        pass
