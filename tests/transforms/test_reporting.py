"""Amounts in the reporting currency: by which rate, when it is frozen, and what they add up to.

What is expected is worked out here, in Python, from the ECB's file itself.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from pipelines.config.reporting import Override, ReportingSettings
from pipelines.warehouse import exchange_rates
from sandbox.rates import shipped, zipped
from sources.exchange_rates import parsed
from tests.transforms.test_readings import MONGODB
from tests.transforms.work_database import NIGHT, WorkDatabase

EUR = ReportingSettings("EUR")
DECIMALS = {"JPY": 0, "BHD": 3}
FIXED = {
    "HRK": (date(2023, 1, 1), Fraction("7.53450")),
    "BGN": (date(2026, 1, 1), Fraction("1.95583")),
}
REPORTED = ("EUR", "USD", "BGN")
CASES = {
    "Good Friday": ("USD", "2025-04-18", "2025-04-17"),
    "Easter Saturday": ("USD", "2025-04-19", "2025-04-17"),
    "Easter Sunday": ("GBP", "2025-04-20", "2025-04-17"),
    "Easter Monday": ("USD", "2025-04-21", "2025-04-17"),
    "the day after": ("USD", "2025-04-22", "2025-04-22"),
    "the first of May": ("USD", "2025-05-01", "2025-04-30"),
    "Christmas": ("USD", "2025-12-25", "2025-12-24"),
    "Saint Stephen's": ("USD", "2025-12-26", "2025-12-24"),
    "the weekend after": ("CHF", "2025-12-28", "2025-12-24"),
    "the lev before the euro": ("BGN", "2025-12-31", "2025-12-31"),
    "the lev afterwards": ("BGN", "2026-01-01", None),
    "the lev much later": ("BGN", "2026-09-30", None),
    "the lev in days to come": ("BGN", "2027-03-31", None),
    "the kuna before the euro": ("HRK", "2022-12-31", "2022-12-30"),
    "the kuna afterwards": ("HRK", "2023-01-01", None),
    "yen": ("JPY", "2026-08-31", "2026-08-31"),
    "roubles while there was a rate": ("RUB", "2022-03-01", "2022-03-01"),
    "roubles on the day after": ("RUB", "2022-03-02", None),
    "roubles within a week": ("RUB", "2022-03-06", None),
    "roubles since": ("RUB", "2026-08-31", None),
    "euros": ("EUR", "2026-08-31", None),
    "euros before the lev was one": ("EUR", "2025-12-31", None),
    "euros when the lev became one": ("EUR", "2026-01-01", None),
    "before there was a euro": ("USD", "1998-12-31", None),
    "the days before the first rate": ("USD", "1999-01-03", None),
    "the first rate": ("USD", "1999-01-04", "1999-01-04"),
    "days to come": ("USD", "2027-01-31", None),
    "a currency that the ECB doesn't quote": ("AED", "2026-08-31", None),
}


def northflank(currency: str, last_day: date, total: str, **other: Any) -> dict[str, Any]:
    """An issued invoice of a month that ends with this day."""
    end = datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC) + timedelta(days=1)
    period = {"start": int(end.timestamp()) - 30 * 86400, "end": int(end.timestamp())}
    return {
        "id": f"{currency}-{last_day}",
        "status": "open",
        "currency": currency.lower(),
        "total": float(total),
        "period": period,
        **other,
    }


def publish(
    work: WorkDatabase,
    days: Mapping[str, Mapping[str, str]],
    at: datetime = NIGHT,
    settings: ReportingSettings | None = EUR,
) -> None:
    """As a night's fetch of these rows would leave them."""
    exchange_rates.configure(work.connection, settings)
    rows = {day: json.dumps(cells) for day, cells in days.items()}
    exchange_rates.keep(work.connection, rows, at, "test")


def rounded(amount: Fraction) -> int:
    """Half away from zero."""
    whole, rest = divmod(abs(amount), 1)
    cents = int(whole) + (rest >= Fraction(1, 2))
    return cents if amount >= 0 else -cents


@pytest.fixture(scope="module")
def ecb() -> dict[date, dict[str, str]]:
    """The file that the package ships, read here by other rules than the job's."""
    rows = csv.DictReader(shipped().splitlines())
    return {
        date.fromisoformat(row.pop("Date")): {name: cell for name, cell in row.items() if name}
        for row in rows
    }


@pytest.fixture(scope="module")
def by_currency(
    ecb: dict[date, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, dict[str, Any]]]:
    """The facts of all cases by case, in each of two reporting currencies."""
    work = WorkDatabase(tmp_path_factory.mktemp("cases") / "work.duckdb")
    for name, (currency, day, _) in CASES.items():
        document = northflank(currency, date.fromisoformat(day), "1234.56") | {"id": name}
        work.add("northflank", document, key=name)
    exchange_rates.keep(work.connection, parsed(zipped(shipped().splitlines())), NIGHT, "test")
    found = {}
    for reporting in REPORTED:
        exchange_rates.configure(work.connection, ReportingSettings(reporting))
        work.build()
        assert not [each for each in work.findings if each.severity == "error"]
        found[reporting] = {each["invoice_number"]: each for each in work.invoices()}
        missing = [each for each in work.findings if each.name == "missing_exchange_rates"]
        assert missing[0].count == sum(
            each["reporting_total_cents"] is None for each in found[reporting].values()
        )
    work.connection.close()
    return found


def euro_rate(ecb: dict[date, dict[str, str]], currency: str, day: date) -> Fraction | None:
    """Units for one euro by the last published day, at most a week back."""
    if currency == "EUR":
        return Fraction(1)
    if currency in FIXED and day >= FIXED[currency][0]:
        return FIXED[currency][1]
    published = [each for each in ecb if day - timedelta(days=7) <= each <= day]
    if not published or day > max(ecb) + timedelta(days=7):
        return None
    cell = ecb[max(published)].get(currency, "N/A")
    return None if cell == "N/A" else Fraction(cell)


@pytest.mark.parametrize("reporting", REPORTED)
@pytest.mark.parametrize("name", CASES)
def test_date_cases(
    name: str,
    reporting: str,
    ecb: dict[date, dict[str, str]],
    by_currency: dict[str, dict[str, dict[str, Any]]],
) -> None:
    currency, text, rate_day = CASES[name]
    day = date.fromisoformat(text)
    fact = by_currency[reporting][name]
    own, other = (euro_rate(ecb, each, day) for each in (currency, reporting))
    if currency == reporting:
        own = other = Fraction(1)
    assert fact["reporting_currency"] == reporting
    if own is None or other is None:
        assert [fact[key] for key in fact if key.startswith(("exchange_", "reporting_t"))] == [
            None
        ] * 4
        return
    cents = 123456 if DECIMALS.get(currency, 2) == 2 else 1235
    scale = Fraction(10 ** DECIMALS.get(reporting, 2), 10 ** DECIMALS.get(currency, 2))
    assert fact["total_cents"] == cents
    assert fact["reporting_total_cents"] == rounded(cents * scale * other / own)
    assert fact["reporting_balance_due_cents"] == fact["reporting_total_cents"]
    assert abs(Fraction(fact["exchange_rate"]) - own / other) <= Fraction(1, 2 * 10**12)
    if reporting == "EUR":
        assert str(fact["exchange_rate_date"] or "None") == str(rate_day)
    expected_basis = "period_end"
    if currency == reporting:
        expected_basis = "same_currency"
    elif all(
        each == "EUR" or (each in FIXED and day >= FIXED[each][0]) for each in (currency, reporting)
    ):
        expected_basis = "fixed"
    assert fact["exchange_rate_basis"] == expected_basis


DAY = date(2026, 10, 30)
FRIDAY, MONDAY = "2026-10-30", "2026-11-02"


def fact(work: WorkDatabase) -> tuple[Any, ...]:
    """What the one invoice comes to, by whose rate, and of which day."""
    [row] = work.invoices()
    names = ("reporting_total_cents", "exchange_rate", "exchange_rate_date", "exchange_rate_basis")
    cents, rate, day, basis = (row[name] for name in names)
    return cents, rate and Decimal(rate).normalize(), day and str(day), basis


def changes(work: WorkDatabase) -> list[tuple[Any, ...]]:
    rows = work.rows("FROM marts.invoice_changes ORDER BY changed_at")
    return [(row["changed_at"], row["kind"], row["before"], row["after"]) for row in rows]


def night(number: int) -> datetime:
    return NIGHT + timedelta(days=number)


def test_what_was_issued_keeps_its_rate_and_a_correction_is_told(work: WorkDatabase) -> None:
    work.add("northflank", northflank("USD", DAY, "100.00"))
    publish(work, {FRIDAY: {"USD": "1.25"}})
    work.build()
    assert fact(work) == (8000, Decimal("1.25"), FRIDAY, "period_end")
    assert changes(work) == []
    for number, rate in ((1, "1.6"), (2, "1.60"), (3, "1.25"), (4, "N/A")):
        publish(work, {FRIDAY: {"USD": rate}, MONDAY: {"USD": "2"}}, night(number))
        work.build(night(number))
        assert fact(work) == (8000, Decimal("1.25"), FRIDAY, "period_end")
    told = [
        (night(1), "rate_corrected", "1.25", "1.6"),
        (night(3), "rate_corrected", "1.6", "1.25"),
    ]
    assert changes(work) == told
    work.build(night(4), everything=True)
    assert fact(work) == (8000, Decimal("1.25"), FRIDAY, "period_end")
    assert changes(work) == told
    work.build(night(4), as_of=night(2))
    assert changes(work) == told[:1]


def test_what_is_issued_after_a_correction_goes_by_it(work: WorkDatabase) -> None:
    publish(work, {FRIDAY: {"USD": "1.6"}})
    publish(work, {FRIDAY: {"USD": "1.25"}}, night(1))
    work.add("northflank", northflank("USD", DAY, "100.00"), valid_from=night(2))
    work.build(night(2))
    assert fact(work) == (8000, Decimal("1.25"), FRIDAY, "period_end")
    assert changes(work) == []


def test_what_accrues_is_issued_when_its_period_is_over(work: WorkDatabase) -> None:
    evening = datetime(2026, 10, 30, 20, tzinfo=UTC)
    period = {"billing_period_start": "2026-10-01", "billing_period_end": "2026-10-30"}
    for key, is_paid in (("accrues", False), ("paid", True)):
        document = {"id": key, "total": "100.00", "paid": is_paid, **period}
        work.add("planetscale", document, key=key, valid_from=evening - timedelta(days=9))
    issued = northflank("USD", evening.date(), "100.00")
    work.add("northflank", issued, valid_from=evening - timedelta(days=9))
    publish(work, {FRIDAY: {"USD": "1.6"}}, evening)
    publish(work, {FRIDAY: {"USD": "1.25"}}, evening + timedelta(hours=2))
    work.build()
    rates = work.rows("SELECT payment_status, exchange_rate FROM marts.fct_invoices ORDER BY ALL")
    assert [tuple(row.values()) for row in rates] == [
        ("open", Decimal("1.25")),
        ("open", Decimal("1.6")),
        ("paid", Decimal("1.6")),
    ]


def test_a_day_that_comes_later_than_those_after_it_changes_nothing(work: WorkDatabase) -> None:
    work.add("northflank", northflank("USD", DAY, "100.00"))
    publish(work, {"2026-10-29": {"USD": "1.25"}, MONDAY: {"USD": "2"}})
    work.build()
    publish(work, {FRIDAY: {"USD": "3"}}, night(1))
    work.build(night(1))
    assert fact(work) == (8000, Decimal("1.25"), "2026-10-29", "period_end")


def test_until_a_later_day_is_published_the_rate_is_provisional(work: WorkDatabase) -> None:
    saturday = northflank("USD", DAY + timedelta(days=1), "100.00")
    work.add("northflank", saturday)
    publish(work, {})
    work.build()
    assert fact(work) == (None, None, None, None)
    publish(work, {"2026-10-29": {"USD": "2"}}, night(1))
    work.build(night(1))
    assert fact(work) == (5000, Decimal(2), "2026-10-29", "latest_provisional")
    publish(work, {FRIDAY: {"USD": "1.25"}}, night(2))
    work.build(night(2))
    assert fact(work) == (8000, Decimal("1.25"), FRIDAY, "latest_provisional")
    publish(work, {MONDAY: {"USD": "4"}}, night(3))
    work.build(night(3))
    assert fact(work) == (8000, Decimal("1.25"), FRIDAY, "period_end")
    assert changes(work) == []


def test_on_an_earlier_day_a_rate_is_the_one_of_then(work: WorkDatabase) -> None:
    work.add("northflank", northflank("USD", DAY + timedelta(days=1), "100.00"))
    publish(work, {FRIDAY: {"USD": "2"}})
    publish(work, {FRIDAY: {"USD": "4"}}, night(2))
    for as_of, cents, rate in ((night(1), 5000, Decimal(2)), (night(2), 2500, Decimal(4))):
        work.build(night(3), as_of=as_of)
        assert fact(work) == (cents, rate, FRIDAY, "latest_provisional")


def test_what_accrues_takes_the_newest_rate_and_keeps_that_of_its_last_day(
    work: WorkDatabase,
) -> None:
    accruing = northflank("USD", date(2026, 11, 3), "100.00", status="draft")
    work.add("northflank", accruing)
    publish(work, {FRIDAY: {"USD": "1.25"}})
    work.build()
    assert fact(work) == (8000, Decimal("1.25"), FRIDAY, "latest_provisional")
    publish(work, {FRIDAY: {"USD": "1.25"}, MONDAY: {"USD": "2"}}, night(2))
    work.build(night(2))
    assert fact(work) == (5000, Decimal(2), MONDAY, "latest_provisional")
    publish(work, {MONDAY: {"USD": "4"}}, night(3))
    work.build(night(3))
    assert fact(work) == (2500, Decimal(4), MONDAY, "latest_provisional")
    work.close("northflank", valid_to=night(4))
    work.add("northflank", accruing | {"status": "open"}, valid_from=night(4))
    publish(work, {"2026-11-03": {"USD": "5"}, "2026-11-04": {"USD": "8"}}, night(4))
    work.build(night(4))
    assert fact(work) == (2000, Decimal(5), "2026-11-03", "period_end")


def test_a_currency_that_is_no_longer_quoted_has_no_newest_rate(work: WorkDatabase) -> None:
    work.add("northflank", northflank("RUB", DAY, "100.00", status="draft"))
    publish(work, {"2026-10-29": {"RUB": "80"}, FRIDAY: {"RUB": "N/A", "USD": "1.25"}})
    work.build()
    assert fact(work) == (None, None, None, None)


CELLS: dict[str, int | None] = {
    "": None,
    "0": None,
    "-1": None,
    "N/A": None,
    "1,25": None,
    "?": None,
    "100000": None,
}
CELLS |= {"NaN": None, "1.25": 8000, "99999": 0, " 2": 5000}


def test_what_is_no_rate_is_none(work: WorkDatabase) -> None:
    days = [DAY - timedelta(days=number) for number in range(len(CELLS))]
    for day in days:
        work.add("northflank", northflank("USD", day, "100.00"), key=str(day))
    publish(work, {str(day): {"USD": cell} for day, cell in zip(days, CELLS, strict=True)})
    work.build()
    found = {each["billing_period_last_day"]: each for each in work.invoices()}
    assert [found[day]["reporting_total_cents"] for day in days] == list(CELLS.values())
    bases = [found[day]["exchange_rate_basis"] for day in days]
    assert bases == [None if cents is None else "period_end" for cents in CELLS.values()]


def test_finance_s_own_rate_stands_above_the_ecb_s(work: WorkDatabase) -> None:
    override = ReportingSettings("EUR", (Override("2026-10", "USD", Decimal("1.6")),))
    work.add("northflank", northflank("USD", DAY, "100.00"))
    publish(work, {FRIDAY: {"USD": "1.25"}}, settings=override)
    work.build()
    assert fact(work) == (6250, Decimal("1.6"), None, "override")
    elsewhere = (
        Override("2026-09", "USD", Decimal(7)),
        Override("2026-11", "USD", Decimal(7)),
        Override("2026-10", "GBP", Decimal(7)),
    )
    publish(work, {}, settings=ReportingSettings("EUR", elsewhere))
    work.build()
    assert fact(work) == (8000, Decimal("1.25"), FRIDAY, "period_end")


PRICES: list[tuple[list[str | None], tuple[int, str]]] = [
    (["0.9"], (9000, "vendor")),
    (["0.9", "0.90"], (9000, "vendor")),
    (["0.9", "0.8"], (6250, "override")),
    (["0"], (6250, "override")),
    (["?"], (6250, "override")),
    ([None], (6250, "override")),
]


def test_what_the_vendor_states_stands_above_all(work: WorkDatabase) -> None:
    """MongoDB says of a payment what one unit cost in the currency that it was paid in."""
    for number, (prices, _) in enumerate(PRICES):
        listed = MONGODB | {
            "id": str(number),
            "amountBilledCents": 10000,
            "endDate": "2026-10-31T00:00:00Z",
        }
        payments = [
            {"id": str(place), "currency": "EUR", "amountPaidCents": 1, "amountBilledCents": 1}
            | ({} if price is None else {"unitPrice": price})
            for place, price in enumerate(prices)
        ]
        own = {"id": "own", "currency": "USD", "unitPrice": "0.7", "amountPaidCents": 1}
        refund = {"paymentId": "own", "amountCents": 1}
        detail = listed | {"lineItems": [], "payments": [*payments, own], "refunds": [refund]}
        work.add("mongodb", listed, key=str(number))
        key = str(number)
        work.add("mongodb", detail, entity="invoice_details", listing=key, key=key)
    override = Override("2026-10", "USD", Decimal("1.6"))
    publish(work, {FRIDAY: {"USD": "1.25"}}, settings=ReportingSettings("EUR", (override,)))
    work.build()
    found = [
        (each["reporting_total_cents"], each["exchange_rate_basis"]) for each in work.invoices()
    ]
    assert found == [expected for _, expected in PRICES]


def aiven(currency: str, total: str, dollars: object) -> dict[str, Any]:
    return {
        "state": "paid",
        "currency": currency,
        "total": total,
        "net": total,
        "total_usd": dollars,
        "invoice_period": {
            "begin_time": "2026-10-01T00:00:00Z",
            "end_time": "2026-11-01T00:00:00Z",
        },
    }


CONVERTED: dict[str, tuple[dict[str, Any], tuple[int | None, str | None]]] = {
    "stated in both": (aiven("EUR", "124.00", "134.54"), (13454, "vendor")),
    "a rate without end": (aiven("EUR", "3.00", "1.00"), (100, "vendor")),
    "large": (aiven("EUR", "999999999.99", "1084999999.99"), (108499999999, "vendor")),
    "back": (aiven("EUR", "-124.00", "-134.54"), (-13454, "vendor")),
    "yen": (aiven("JPY", "1100", "7.15"), (715, "vendor")),
    "dollars alone": (aiven("USD", "1.00", "1.00"), (100, "same_currency")),
    "dollars of another sign": (aiven("EUR", "1.00", "-1.00"), (125, "period_end")),
    "no dollars": (aiven("EUR", "1.00", "0.00"), (125, "period_end")),
    "dollars that nobody can read": (aiven("EUR", "1.00", "some"), (125, "period_end")),
    "dollars beyond all bounds": (aiven("EUR", "1.00", "1e30"), (125, "period_end")),
    "a price beyond all bounds": (aiven("EUR", "0.01", "10000.00"), (1, "period_end")),
}


def test_what_the_vendor_converted_is_believed(work: WorkDatabase) -> None:
    """Aiven states each total in dollars as well: those are what an invoice comes to in dollars."""
    for name, (document, _) in CONVERTED.items():
        work.add("aiven", document | {"invoice_number": name}, key=name)
    days = {FRIDAY: {"USD": "1.25", "JPY": "100"}, MONDAY: {}}
    publish(work, days, settings=ReportingSettings("USD"))
    work.build()
    found = {
        each["invoice_number"]: (each["reporting_total_cents"], each["exchange_rate_basis"])
        for each in work.invoices()
    }
    assert found == {name: expected for name, (_, expected) in CONVERTED.items()}
    assert not [each for each in work.findings if each.severity == "error"]


@pytest.mark.parametrize("days", [{}, {FRIDAY: {"USD": "1.25", "JPY": "100"}}])
def test_what_the_vendor_converted_needs_no_rates(
    days: dict[str, dict[str, str]], work: WorkDatabase
) -> None:
    for name in ("stated in both", "yen"):
        work.add("aiven", CONVERTED[name][0] | {"invoice_number": name}, key=name)
    publish(work, days, settings=ReportingSettings("USD"))
    work.build()
    assert [each["reporting_total_cents"] for each in work.invoices()] == [13454, 715]


def test_without_a_reporting_currency_nothing_is_converted(work: WorkDatabase) -> None:
    work.add("northflank", northflank("USD", DAY, "100.00"))
    publish(work, {FRIDAY: {"USD": "1.25"}})
    work.build()
    assert fact(work)[0] == 8000
    publish(work, {}, settings=None)
    work.build()
    assert fact(work) == (None, None, None, None)
    assert work.invoices()[0]["reporting_currency"] is None
    assert [each["reporting_amount"] for each in work.rows("FROM marts.spend")] == [None]
    assert work.rows("FROM marts.fct_reporting_spend") == []
    assert work.findings == []


def test_a_line_in_another_currency_is_in_the_invoice_s_total_already(work: WorkDatabase) -> None:
    amount = {"integral": 100, "fractional": 0, "currencyCode": "GBP"}
    other = amount | {"integral": 60, "currencyCode": "USD"}
    document = {
        "invoiceStartDate": "2026-10-01",
        "invoiceEndDate": "2026-11-01",
        "totalAmount": amount,
        "productBreakdowns": [{"productName": "Seats", "quantity": 1, "total": other}],
    }
    work.add("versori", document, listing="2026-10", key="2026-10-01/2026-11-01")
    publish(work, {FRIDAY: {"USD": "1.25", "GBP": "0.8"}, MONDAY: {}})
    work.build()
    rows = work.rows("FROM marts.spend ORDER BY currency")
    assert [(each["currency"], each["amount"], each["reporting_amount"]) for each in rows] == [
        ("GBP", 100, 125),
        ("USD", 60, None),
    ]
    assert not [each for each in work.findings if each.severity == "error"]


def test_payables_are_in_whole_units(work: WorkDatabase) -> None:
    work.add("northflank", northflank("USD", DAY, "100.01"))
    publish(work, {FRIDAY: {"USD": "1.25"}})
    work.build()
    [row] = work.rows("FROM marts.payables")
    assert (row["reporting_currency"], row["reporting_total"], row["reporting_to_pay"]) == (
        "EUR",
        Decimal("80.01"),
        Decimal("80.01"),
    )
    assert (row["exchange_rate"], row["exchange_rate_basis"]) == (Decimal("1.25"), "period_end")


def test_an_amount_that_does_not_fit_is_none_and_stops_nobody(work: WorkDatabase) -> None:
    largest = MONGODB | {"amountBilledCents": 10**17, "statusName": "CLOSED"}
    work.add("mongodb", largest | {"endDate": "2026-10-31T00:00:00Z"})
    idr = {FRIDAY: {"USD": "0.0001", "IDR": "99999"}}
    publish(work, idr, settings=ReportingSettings("IDR"))
    work.build()
    assert fact(work)[0] is None
    assert [each.severity for each in work.findings] == ["warning", "warning"]
    assert "missing_exchange_rates" in [each.name for each in work.findings]
