"""Files of rules: mistakes are told with their line, and what they say reaches the tables."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.configuration import Configuration
from pipelines.errors import UsageError
from pipelines.job.building import build_and_publish
from pipelines.job.context import RunContext
from pipelines.publish.read import opened
from pipelines.report.contents import contents
from pipelines.report.writing import page
from pipelines.transform.as_of import opened_as_of
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sources.accounts.values import GivenValues
from tests.transforms.test_alerts import bill
from tests.transforms.work_database import NIGHT, WorkDatabase

ALLOCATION = """vendor,account,tag,valid_from,valid_to,team,percentage,method
planetscale,acme,,,2026-09,search,40,
planetscale,acme,,,2026-09,shop,60,
planetscale,acme,,2026-10,,search,50,
"""
BUDGETS = "team,month,currency,amount\nsearch,,USD,4.99\nunallocated,2026-10,USD,100\n"


def read(folder: Path, allocation: str | bytes, budgets: str | None = None) -> dict[str, Any]:
    sections = {}
    for name, text in (("allocation", allocation), ("budgets", budgets)):
        if text is not None:
            file = folder / f"{name}.csv"
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
            sections[name] = {"file": str(file)}
    found = Configuration(GivenValues(sections)).rule_files()
    return {name: json.loads(document) for name, document in found.items()}


def test_rows_with_the_same_conditions_are_one_rule(tmp_path: Path) -> None:
    first, second = read(tmp_path, "\ufeff" + ALLOCATION)["allocation"]
    assert (first["rule"], first["vendor"], first["valid_to"]) == (2, "planetscale", "2026-09-01")
    assert first["shares"] == [
        {"team": "search", "line": 2, "percentage": "40"},
        {"team": "shop", "line": 3, "percentage": "60"},
    ]
    assert (second["rule"], second["valid_from"]) == (4, "2026-10-01")
    assert second["shares"] == [{"team": "search", "line": 4, "percentage": "50"}]


def test_shared_costs_name_teams_alone(tmp_path: Path) -> None:
    text = "category,team,method\ntax,a,evenly\n\ntax,b,evenly\n,a,proportional\nusage,b,\n"
    found = read(tmp_path, text)["allocation"]
    assert [(each["rule"], each["method"]) for each in found] == [
        (2, "evenly"),
        (5, "proportional"),
        (6, "percentage"),
    ]
    assert found[0]["shares"] == [{"team": "a", "line": 2}, {"team": "b", "line": 4}]
    assert found[2]["shares"] == [{"team": "b", "line": 6, "percentage": "100"}]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("vendor,teem\n", 1, "Did you mean team?"),
        ("vendor,who,team\n", 1, "there is no column 'who'. Known are: vendor,"),
        ("vendor\nturso\n", 1, "the column 'team' is missing"),
        ("team,Team\na,b\n", 1, "'team' stands there twice"),
        ("team\n", 1, "there is no row"),
        ("", 1, "there is no row"),
        (b"team\na\n\xff\n", 3, "this isn't UTF-8"),
        ('team\na\n"b\n', 3, "a quote that isn't closed"),
        ("team,vendor\na\n", 2, "there are 1 cells under 2 columns"),
        ("team\na,b\n", 2, "there are 2 cells under 1 columns"),
        ("vendor,team\nmongdb,a\n", 2, "Did you mean mongodb?"),
        ("category,team\nuse,a\n", 2, "Did you mean usage?"),
        ("tag,team\nsearch,a\n", 2, "Write it like team=search"),
        ("valid_from,team\n2026-1,a\n", 2, "valid_from '2026-1' is no month"),
        ("valid_to,team\n2026-13,a\n", 2, "valid_to '2026-13' is no month"),
        ("valid_from,valid_to,team\n2026-02,2026-01,a\n", 2, "valid_to is before valid_from"),
        ("method,team\neven,a\n", 2, "method 'even' is none. Did you mean evenly?"),
        ("method,team\nevenly,a\n,b\n", 3, "the rule of line 2 has several methods"),
        ("method,team,percentage\nevenly,a,50\n", 2, "method evenly takes no percentage"),
        ("team,percentage\n,50\n", 2, "team '' is none"),
        ("team,percentage\nunallocated,50\n", 2, "leaves the rest unallocated"),
        ("team,percentage\na,50\na,50\n", 3, "a stands in this rule twice"),
        ("team,percentage\na,50\nb,50\nc,0.1\n", 4, "of the rule of line 2 add up to 100.1"),
        ("team,percentage\na,50\nb,\n", 3, "percentage '' is none"),
        *(
            (f'team,percentage\na,"{number}"\n', 2, "is none. Write a number above 0")
            for number in ("0", "-1", "100.1", "40%", "33,3", "1.23456", "x", "\u0661")
        ),
        ("vendor,team\nturso,a\nmongodb,a\nturso,b\n", 4, "the rule of line 2 has the same"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, text: str | bytes, line: int, sentence: str
) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, text)
    told = str(refused.value)
    assert f"{tmp_path / 'allocation.csv'}, line {line}: " in told
    assert sentence in told
    assert told.endswith("Nothing was fetched or built.")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("serch,,USD,1", "Did you mean search?"),
        ("search,October,USD,1", "month 'October' is no month"),
        ("search,,Dollar,1", "currency 'Dollar' is none"),
        ("search,,USD,-1", "amount '-1' is none"),
        ('search,,USD,"1,000"', "amount '1,000' is none"),
        ("search,,usd,1\nsearch,,USD,2", "line 3: search has a budget of that month and currency"),
    ],
)
def test_a_mistake_in_a_budget(tmp_path: Path, row: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=r"budgets\.csv, line ") as refused:
        read(tmp_path, ALLOCATION, f"team,month,currency,amount\n{row}\n")
    assert sentence in str(refused.value)


def test_what_is_configured_in_vain(tmp_path: Path) -> None:
    for sections, sentence in (
        ({"allocation": {"files": "x"}}, "Did you mean file?"),
        ({"budgets": {"file": "x"}}, r"\[allocation\] isn't"),
        ({"allocation": {"file": str(tmp_path / "none.csv")}}, "none.csv, which `file` in"),
    ):
        with pytest.raises(UsageError, match=sentence):
            Configuration(GivenValues(sections)).rule_files()
    assert Configuration(GivenValues({})).rule_files() == {}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A night without rules, one with them, and one with others, which is what is published."""
    folder = tmp_path_factory.mktemp("rules")
    warehouse = Warehouse(folder / "warehouse")
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)):
        pass
    work = WorkDatabase(warehouse.work)
    with closing(work.connection):
        for month in (8, 9, 10):
            bill(work, month, "10.01")
    first = Configuration(GivenValues({})).rule_files()
    (folder / "allocation.csv").write_text(ALLOCATION)
    (folder / "budgets.csv").write_text(BUDGETS)
    files = {name: {"file": str(folder / f"{name}.csv")} for name in ("allocation", "budgets")}
    configuration = Configuration(GivenValues(files))
    second = configuration.rule_files()
    (folder / "allocation.csv").write_text(ALLOCATION.replace("acme", "a*"))
    third = configuration.rule_files()
    assert second != third
    for day, rules in enumerate((first, second, third)):
        with holding(warehouse, lock_timeout=0):
            now = NIGHT + timedelta(days=day)
            run = RunContext(warehouse, f"night-{day}", now, lambda _: None, rules=rules)
            assert not build_and_publish(run).result.has_errors
        if not rules:
            without_rules(warehouse).directory.mkdir()
            shutil.copyfile(warehouse.published, without_rules(warehouse).published)
    return warehouse


def without_rules(warehouse: Warehouse) -> Warehouse:
    """What was published in the first night."""
    return Warehouse(warehouse.directory.with_name("without-rules"))


BY_TEAM = (
    "SELECT strftime(month, '%m'), team, CAST(amount * 100 AS INTEGER) FROM fct_allocated_spend"
    " ORDER BY ALL"
)


def test_a_change_of_rules_reaches_what_is_published(nights: Warehouse) -> None:
    with closing(duckdb.connect(nights.published, read_only=True)) as connection:
        assert connection.execute(BY_TEAM).fetchall() == [
            ("08", "search", 400),
            ("08", "shop", 601),
            ("09", "search", 400),
            ("09", "shop", 601),
            ("10", "search", 501),
            ("10", "unallocated", 500),
        ]
    with closing(duckdb.connect(nights.work, read_only=True)) as connection:
        versions = connection.execute("SELECT number, name FROM raw.rule_files ORDER BY 1")
        assert versions.fetchall() == [(1, "allocation"), (2, "budgets"), (3, "allocation")]


def test_what_was_believed_goes_by_the_rules_of_then(nights: Warehouse) -> None:
    with opened_as_of(nights, NIGHT + timedelta(hours=1)) as connection:
        assert connection.execute("FROM fct_allocated_spend").fetchall() == []


def spend(warehouse: Warehouse, *arguments: str) -> str:
    where = ["--warehouse", str(warehouse.directory)]
    ended = CliRunner().invoke(app, [*where, "spend", *arguments])
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_who_spent_what_without_sql(nights: Warehouse) -> None:
    assert spend(nights, "--by", "team", "--month", "2026-10", "--format", "csv") == (
        "team,currency,amount,estimate\nsearch,USD,5.01,0.00\nunallocated,USD,5.00,0.00\n"
    )
    assert spend(nights, "--by", "month", "--format", "csv") == (
        "month,currency,amount,estimate\n"
        + "".join(f"2026-{month:02},USD,10.01,0.00\n" for month in (8, 9, 10))
    )
    assert "planetscale acme   USD         10.01                0.00" in spend(
        nights, "--by", "account", "--month", "2026-08"
    )
    assert spend(nights, "--month", "2020-01") == "Nothing was spent in 2020-01.\n"


def test_a_month_that_is_none_and_teams_without_rules(nights: Warehouse) -> None:
    for arguments, sentence in (
        (["--month", "2026-1"], "There is no month '2026-1'"),
        (["--by", "team"], "Write `file` in [allocation]"),
    ):
        where = ["--warehouse", str(without_rules(nights).directory)]
        ended = CliRunner().invoke(app, [*where, "spend", *arguments])
        assert ended.exit_code == 2
        assert sentence in ended.output


def test_the_report_has_teams_where_rules_are(nights: Warehouse) -> None:
    with opened(nights) as connection:
        found = contents(connection, 6)
    with opened(without_rules(nights)) as connection:
        assert "By team" not in page(contents(connection, 6))
    assert "What teams cost in Oct 2026" in page(found)
    [section] = found.sections
    assert list(section.teams) == [
        {"team": "search", "cents": 501, "before_cents": 400, "change_cents": 101},
        {"team": "shop", "cents": 0, "before_cents": 601, "change_cents": -601},
        {"team": "unallocated", "cents": 500, "before_cents": 0, "change_cents": 500},
    ]


def test_a_mistake_in_a_file_builds_nothing(
    nights: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "allocation.csv"
    file.write_text("team,percentage\na,101\n")
    monkeypatch.setenv("ALLOCATION__FILE", str(file))
    before = nights.published.stat()
    for command in (["rebuild"], ["run"]):
        monkeypatch.setenv(
            "SOURCES__TURSO__ACCOUNTS", '[{"organization": "acme", "api_token": "t"}]'
        )
        where = ["--warehouse", str(nights.directory)]
        ended = CliRunner().invoke(app, [*where, *command])
        assert ended.exit_code == 2
        assert f"{file}, line 2: percentage '101' is none" in ended.output
    assert nights.published.stat() == before
