"""What `[reporting]` may say, and what a run does about it."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.config.configuration import Configuration
from pipelines.config.reporting import RATES_URL, Override, ReportingSettings
from pipelines.errors import UsageError
from pipelines.job import run as job
from pipelines.job.events import Event
from pipelines.job.result import RunResult
from pipelines.transform import rates
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from sandbox.server import Sandbox
from sources.accounts.values import GivenValues
from tests.pipelines.test_job import published


def settings(section: dict[str, Any]) -> ReportingSettings | None:
    return Configuration(GivenValues({"reporting": section})).reporting(rates.currencies)


def refusal(section: dict[str, Any]) -> str:
    with pytest.raises(UsageError) as refused:
        settings(section)
    assert refused.value.exit_code == 2
    return str(refused.value)


def test_off_by_default() -> None:
    def never() -> list[str]:
        raise AssertionError

    assert Configuration(GivenValues({})).reporting(never) is None


def test_what_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings({"currency": "eur"}) == ReportingSettings("EUR", (), RATES_URL)
    monkeypatch.chdir(tmp_path)
    text = "\ufeffmonth, currency,rate\n2026-03,USD,1.0815\n\n2026-04,JPY, 160\n"
    Path("rates.csv").write_text(text, encoding="utf-8")
    overrides = (
        Override("2026-03", "USD", Decimal("1.0815")),
        Override("2026-04", "JPY", Decimal(160)),
    )
    url = "https://rates.example.com/eurofxref-hist.zip"
    section = {"currency": "EUR", "rates_file": "rates.csv", "rates_url": url}
    assert settings(section) == ReportingSettings("EUR", overrides, url)


@pytest.mark.parametrize(
    ("section", "part"),
    [
        ({"currency": "EURO"}, "'EURO', which is no currency of ISO 4217. Did you mean EUR?"),
        ({"currency": "€"}, "Write three letters, such as EUR"),
        ({"currency": ""}, "no currency of ISO 4217"),
        ({"currency": ["EUR"]}, "no currency of ISO 4217"),
        ({"curency": "EUR"}, "Did you mean currency?"),
        ({"rates_file": "rates.csv"}, "has `rates_file`, but no `currency`"),
        ({"currency": "EUR", "rates_url": "http://rates.example.com"}, "`rates_url`"),
        ({"currency": "EUR", "rates_file": "nowhere.csv"}, "nowhere.csv"),
    ],
)
def test_mistakes_in_the_section(section: dict[str, Any], part: str) -> None:
    assert part in refusal(section)


def test_a_section_that_is_nearly_right() -> None:
    with pytest.raises(UsageError, match="Did you mean reporting"):
        Configuration(GivenValues({"report": {"currency": "EUR"}})).accounts()


@pytest.mark.parametrize(
    ("lines", "line", "part"),
    [
        ([], 1, "Begin with month,currency,rate"),
        (["2026-03,USD,1.1"], 1, "Begin with month,currency,rate"),
        (["month;currency;rate"], 1, "Begin with month,currency,rate"),
        (["month,currency,rate", "2026-03;USD;1.1"], 2, "there are 1 columns"),
        (["month,currency,rate", "", "2026-03,USD,1,1"], 3, "there are 4 columns"),
        (["month,currency,rate", "2026-3,USD,1.1"], 2, "Write it as 2026-03"),
        (["month,currency,rate", "2026-13,USD,1.1"], 2, "Write it as 2026-03"),
        (["month,currency,rate", "2026-03,USDD,1.1"], 2, "Did you mean USD?"),
        (["month,currency,rate", "2026-03,usd,1.1"], 2, "three capital letters"),
        (["month,currency,rate", "2026-03,EUR,1"], 2, "is the reporting currency"),
        (["month,currency,rate", "2026-03,USD,0"], 2, "how many USD one EUR is worth"),
        (["month,currency,rate", "2026-03,USD,0.0"], 2, "how many USD one EUR is worth"),
        (["month,currency,rate", "2026-03,USD,-1"], 2, "a positive number"),
        (["month,currency,rate", "2026-03,USD,1e3"], 2, "a positive number"),
        (["month,currency,rate", "2026-03,USD,NaN"], 2, "a positive number"),
        (["month,currency,rate", "2026-03,USD,1.1234567890123"], 2, "at most twelve decimals"),
        (["month,currency,rate", "2026-03,USD,1", "2026-03,USD,2"], 3, "stands in line 2"),
    ],
)
def test_mistakes_in_the_file(tmp_path: Path, lines: list[str], line: int, part: str) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
    message = refusal({"currency": "EUR", "rates_file": str(file)})
    assert message.startswith(f"{file}, line {line}: ")
    assert part in message


@pytest.mark.parametrize("content", [b"month,currency,rate\n\xff", b'month,currency,rate\n"2026'])
def test_a_file_that_is_no_csv(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "rates.csv"
    file.write_bytes(content)
    assert f"{file}, which `rates_file`" in refusal({"currency": "EUR", "rates_file": str(file)})


def run(
    warehouse: Warehouse, sandbox: Sandbox, reporting: ReportingSettings | None
) -> tuple[RunResult, list[Event]]:
    events: list[Event] = []
    accounts = Configuration(GivenValues({"sources": sandbox.configuration(["versori"])}))
    report = job.run(warehouse, accounts.accounts(), listener=events.append, reporting=reporting)
    return report, events


def versions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    with closing(connect(warehouse)) as connection:
        return connection.execute(
            "SELECT count(*), count(DISTINCT day), count(valid_to) FROM raw.exchange_rates"
        ).fetchall()


@pytest.mark.slow
def test_rates_are_fetched_with_the_invoices_and_never_stop_them(
    warehouse: Warehouse, sandbox: Sandbox
) -> None:
    _, events = run(warehouse, sandbox, None)
    assert not [route for route in sandbox.requests if "ecb" in route]
    assert published(warehouse, "SELECT count(reporting_currency) FROM fct_invoices") == [(0,)]

    elsewhere = ReportingSettings("EUR", rates_url="http://127.0.0.1:9/rates.zip")
    report, events = run(warehouse, sandbox, elsewhere)
    [told] = [each for each in events if each.name == "exchange_rates_failed"]
    assert (report.exit_code, told.level) == (0, "warning")
    [(missing,)] = published(
        warehouse, "SELECT rows_found FROM audit_results WHERE audit = 'missing_exchange_rates'"
    )
    assert missing > 0

    here = ReportingSettings("EUR", rates_url=sandbox.rates_url)
    report, _ = run(warehouse, sandbox, here)
    assert report.exit_code == 0
    converted = "SELECT count(reporting_total_cents) = count(*), count(*) > 5 FROM fct_invoices"
    assert published(warehouse, converted) == [(True, True)]
    [(rows, days, ended)] = versions(warehouse)
    assert (rows, ended) == (days, 0)

    # A failure keeps what is held, and what is fetched again is no news.
    before = published(warehouse, "FROM fct_invoices ORDER BY ALL")
    run(warehouse, sandbox, elsewhere)
    assert versions(warehouse) == [(days, days, 0)]
    assert published(warehouse, "FROM fct_invoices ORDER BY ALL") == before
    run(warehouse, sandbox, here)
    assert versions(warehouse) == [(days, days, 0)]

    job.rebuild(warehouse, listener=lambda _: None, reporting=None)
    assert published(warehouse, "SELECT count(exchange_rate) FROM fct_invoices") == [(0,)]
