"""The report in a real browser: its figures are SQL's, filtered or not, and nothing is fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.publish.read import opened
from pipelines.report.finances import positions
from pipelines.warehouse.files import Warehouse
from sandbox.registry import VENDORS
from tests.page.conftest import Command

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Figures = dict[tuple[str, str, str], Decimal]
_CELLS = """
() => [...document.querySelectorAll('.breakdown tr:not([hidden])')].flatMap((row) =>
  [...row.querySelectorAll('td[data-month]')].map((cell, month) => [
    row.closest('.currency').id, row.closest('tbody').dataset.dimension,
    row.querySelector('th').innerText.trim().split('\\n').join(' '),
    row.closest('table').querySelectorAll('thead .number:not(.total)')[month]
      .firstChild.textContent.trim(),
    cell.innerText]))
"""
_GEOMETRY = """
() => [...document.querySelectorAll('.chart svg :is(rect, line, text)')]
  .map((part) => [part.tagName, part.getAttribute('y') ?? part.getAttribute('y1'),
                  part.getAttribute('height'), part.textContent])
"""


@pytest.fixture(scope="module")
def report(
    example: Warehouse, billhouse: Command, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    finished = billhouse(example, "report", "--output", str(file))
    assert finished.returncode == 0, finished.stderr
    assert str(file) in finished.stdout
    return file


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a file; at the end no console message, error, dialog or other request has been seen."""
    seen: list[str] = []
    pages = []

    def open_page(file: Path, **options: Any) -> Page:
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, **options)
        page.on("console", lambda message: seen.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: seen.append(f"error: {error}"))
        page.on("dialog", lambda dialog: seen.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: requested.append(request.url))
        requested: list[str] = []
        page.goto(file.as_uri())
        assert requested == [file.as_uri()]
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert seen == []


def figures(page: Page, dimension: str) -> Figures:
    """By currency, series and month, without zeros: SQL has no rows for those."""
    found = {}
    for currency, of_dimension, series, month, text in page.evaluate(_CELLS):
        amount = Decimal(text.replace(",", ""))
        if of_dimension == dimension and amount:
            found[currency, series, month] = amount
    return found


def expected(published: duckdb.DuckDBPyConnection, series: str, where: str = "true") -> Figures:
    rows = published.execute(
        f"""
        SELECT currency, {series} AS series, strftime(month, '%b %Y'), sum(amount_cents)
        FROM fct_monthly_spend
        WHERE month > (SELECT max(month) FROM fct_monthly_spend AS every
                       WHERE every.currency = fct_monthly_spend.currency) - INTERVAL 13 MONTH
            AND payment_status <> 'void' AND {where}
        GROUP BY ALL HAVING sum(amount_cents) <> 0
        """
    ).fetchall()
    found = {(row[0], row[1], row[2]): Decimal(row[3]).scaleb(-2) for row in rows}
    if series == "category":
        return found
    converted = published.execute(
        f"""
        SELECT 'overall', {series} AS series, strftime(month, '%b %Y'), sum(reporting_amount)
        FROM spend
        WHERE month > (SELECT max(month) FROM spend AS every WHERE reporting_amount IS NOT NULL)
                      - INTERVAL 13 MONTH AND {where}
        GROUP BY ALL HAVING sum(reporting_amount) <> 0
        """
    ).fetchall()
    return found | {(row[0], row[1], row[2]): row[3] for row in converted}


CURRENCIES = {"USD", "EUR", "GBP", "CRDB_CLOUD_CREDITS"}
_SERIES = {
    "vendor": "vendor",
    "account": "vendor || ' ' || account",
    "category": "category",
}


@pytest.mark.parametrize("dimension", _SERIES)
def test_figures_are_those_of_sql(
    dimension: str,
    report: Path,
    visit: Callable[..., Page],
    published: duckdb.DuckDBPyConnection,
) -> None:
    found = figures(visit(report), dimension)
    assert found == expected(published, _SERIES[dimension])
    overall = set() if dimension == "category" else {"overall"}
    assert {currency for currency, _, _ in found} == CURRENCIES | overall


def test_the_total_stands_first_and_the_rates_below_it(
    report: Path, visit: Callable[..., Page], published: duckdb.DuckDBPyConnection
) -> None:
    page = visit(report)
    assert page.locator("h2").first.inner_text() == "All in EUR"
    rows = page.locator("#overall .scroller").last.locator("tbody tr").all_inner_texts()
    shown = [tuple(row.split("\t")[:3]) for row in rows]
    used = published.execute(
        """
        SELECT DISTINCT currency, CAST(exchange_rate AS VARCHAR),
            CAST(exchange_rate_date AS VARCHAR)
        FROM fct_invoices
        WHERE currency <> 'EUR' AND payment_status <> 'void'
            AND billing_period_last_day >= '2024-07-01'
        """
    ).fetchall()
    assert {(name, Decimal(rate), day) for name, rate, day in shown if rate != "no rate"} == {
        (name, Decimal(rate), day) for name, rate, day in used if rate is not None
    }


def test_filters(
    report: Path, visit: Callable[..., Page], published: duckdb.DuckDBPyConnection
) -> None:
    page = visit(report)
    everything = {dimension: figures(page, dimension) for dimension in _SERIES}
    geometry = page.evaluate(_GEOMETRY)

    page.get_by_role("checkbox", name="mongodb").uncheck()
    page.get_by_role("checkbox", name="turso").uncheck()
    where = "vendor NOT IN ('mongodb', 'turso')"
    for dimension, series in _SERIES.items():
        assert figures(page, dimension) == expected(published, series, where)
    shown = ", ".join(sorted({*VENDORS} - {"mongodb", "turso"}))
    assert page.locator("#filtered").inner_text() == f"Shown: {shown}"
    assert page.evaluate(_GEOMETRY) != geometry
    [(unpaid,)] = published.execute(
        f"SELECT sum(balance_due_cents) FROM fct_invoices WHERE currency = 'USD' AND {where}"
    ).fetchall()
    total = page.locator("#USD table:has(.tag-failed) [data-added]").inner_text()
    assert Decimal(total.replace(",", "")) == Decimal(unpaid).scaleb(-2)

    page.get_by_role("combobox", name="Account").select_option("northflank-1-current")
    where = "account = 'northflank-1-current'"
    for dimension, series in _SERIES.items():
        assert figures(page, dimension) == expected(published, series, where)
    assert page.locator("#freshness ~ .scroller").first.locator("tbody tr:visible").count() == 1

    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.getElementById('filtered').textContent === ''")
    assert {dimension: figures(page, dimension) for dimension in _SERIES} == everything
    # The script draws by the rules that the page was drawn by.
    assert sorted(page.evaluate(_GEOMETRY), key=json.dumps) == sorted(geometry, key=json.dumps)


def test_totals_changes_and_tiles(
    report: Path,
    altered: Warehouse,
    visit: Callable[..., Page],
    published: duckdb.DuckDBPyConnection,
) -> None:
    page = visit(report)
    rows = published.execute(
        "SELECT sum(amount_cents), strftime(month, '%Y-%m') FROM fct_monthly_spend"
        " WHERE currency = 'USD' AND payment_status <> 'void' AND month IS NOT NULL"
        " GROUP BY month ORDER BY month DESC LIMIT 13"
    ).fetchall()
    totals = [Decimal(cents).scaleb(-2) for cents, _ in reversed(rows)]
    with opened(altered) as connection:
        [closed] = [each for each in positions(connection) if each["currency"] == "USD"]
    still_open = [month for _, month in rows].index(closed["month"])
    assert still_open > 0
    table = page.locator("#USD table:has([data-dimension=vendor])")

    def row(name: str) -> list[str]:
        cells = table.locator(f".{name} td[data-month]").all_inner_texts()
        return [cell.replace(",", "") for cell in reversed(cells)]

    assert [Decimal(text) for text in row("totals")] == totals
    # A month so far is compared with none.
    pairs = list(pairwise(totals))[:-still_open]
    none = ["–"] * still_open
    assert row("changes") == ["–", *(f"{now - before:+}" for before, now in pairs), *none]
    assert row("percents")[-still_open:] == none
    for text, (before, now) in zip(row("percents")[1:-still_open], pairs, strict=True):
        assert abs(
            Decimal(text.removesuffix(" %")) - 100 * (now - before) / abs(before)
        ) <= Decimal("0.05")
    tile = page.locator("#USD .tiles dd").first.inner_text().splitlines()[0]
    assert Decimal(tile.replace(",", "")) == totals[-1 - still_open] == closed["total"]
    assert "is the newest closed month" in page.locator("#USD").inner_text()


def test_without_scripts_everything_but_the_filters_is_there(
    report: Path, visit: Callable[..., Page], published: duckdb.DuckDBPyConnection
) -> None:
    page = visit(report, java_script_enabled=False)
    assert not page.locator("#filters").is_visible()
    assert page.locator("#USD .chart svg rect").first.is_visible()
    [(unpaid,)] = published.execute(
        "SELECT count(*) FROM fct_invoices WHERE currency = 'USD' AND balance_due_cents <> 0"
    ).fetchall()
    assert page.locator("#USD tr:has(.tag)").count() == unpaid


@pytest.mark.parametrize("width", [390, 1280, 1440])
def test_the_newest_month_and_the_sum_are_seen_without_scrolling(
    width: int, report: Path, visit: Callable[..., Page]
) -> None:
    page = visit(report)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for dimension in _SERIES:
        table = page.locator(f"#USD table:has([data-dimension={dimension}])")
        head = table.locator("thead .number")
        cells = table.locator("tbody tr").first.locator("td.number")
        assert head.nth(0).inner_text() == "Sum"
        name = table.locator("tbody th").first.bounding_box()
        for at in (0, 1):
            box = cells.nth(at).bounding_box()
            assert box is not None
            assert name is not None
            assert name["x"] + name["width"] <= box["x"] + 1
            assert box["x"] + box["width"] <= width
    if width == 390:
        assert page.locator("#USD tbody th").first.bounding_box()["height"] < 60  # type: ignore[index]


def test_why_a_month_is_higher_and_what_nobody_says_is_paid(
    report: Path, visit: Callable[..., Page], published: duckdb.DuckDBPyConnection
) -> None:
    page = visit(report)
    month = page.locator("#USD .tiles dt").first.inner_text()
    rows = published.execute(
        """
        SELECT account, coalesce(description, sku), coalesce(project, '–'), coalesce(resource, '–'),
               sum(CASE strftime(month, '%b %Y') WHEN $month THEN amount ELSE -amount END) AS change
        FROM spend WHERE currency = 'USD' AND month BETWEEN strptime($month, '%b %Y')::DATE
            - INTERVAL 1 MONTH AND strptime($month, '%b %Y')::DATE
        GROUP BY ALL ORDER BY abs(change) DESC LIMIT 20
        """,
        {"month": month},
    ).fetchall()
    table = page.locator("#USD table", has_text=f"What changed most in {month}, by line")
    shown = table.locator("tbody tr").all()
    assert len(shown) == len(rows) == 20
    changes = [row.locator(".number").first.inner_text().replace(",", "") for row in shown]
    assert [abs(Decimal(text)) for text in changes] == [abs(row[-1]) for row in rows]
    lines = {tuple(row[:4]) for row in rows}
    cells = shown[0].locator("td").all_inner_texts()
    assert (shown[0].get_attribute("data-account"), *cells[:3]) in lines
    for name in ("by product", "by project"):
        assert page.locator("#USD table", has_text=f"in {month}, {name}").count() == 1

    unknown = published.execute(
        "SELECT coalesce(invoice_number, left(invoice_id, 12)), invoice_url FROM payables"
        " WHERE NOT is_known AND currency = 'GBP' ORDER BY ALL"
    ).fetchall()
    assert unknown
    table = page.locator("#GBP table", has_text="Not known to be paid")
    assert sorted(table.locator(".reference").all_inner_texts()) == [name for name, _ in unknown]
    linked = {link for _, link in unknown if link and link.startswith("https://")}
    links = table.locator(".reference a").all()
    assert {link.get_attribute("href") for link in links} == linked
    assert not page.locator(".reference:text-is('–')").count()


def test_dark_and_print(report: Path, visit: Callable[..., Page]) -> None:
    page = visit(report, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(background)
    page.emulate_media(media="print", color_scheme="dark")
    assert len({dark, light, page.evaluate(background)}) == 3
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert not page.locator("#filters").is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_keyboard_and_screen_readers(report: Path, visit: Callable[..., Page]) -> None:
    page = visit(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the figures"
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].map((each) => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for selector in (
        "table:not(:has(caption))",
        "tbody tr:not(:has(th[scope=row]))",
        "thead th:not([scope=col])",
        ".chart svg:not([role=img][aria-label])",
        ".scroller:not([tabindex='0'][role=region][aria-label])",
        "section:not([aria-labelledby])",
    ):
        assert page.locator(selector).count() == 0, selector
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    for target in page.evaluate("[...document.links].map((each) => each.getAttribute('href'))"):
        assert target.startswith("https://") or target.removeprefix("#") in ids


def test_hostile_texts_stay_texts(
    altered: Warehouse, billhouse: Command, visit: Callable[..., Page], tmp_path: Path
) -> None:
    hostile = "</script><script>alert(1)</script><img src=//example.com onerror=alert(2)>\"'"
    with duckdb.connect(altered.published) as connection:
        for table in ("fct_invoices", "fct_monthly_spend", "load_results", "dim_billing_periods"):
            connection.execute(
                f"UPDATE {table} SET account = ? WHERE account = 'turso-1-full'", [hostile]
            )
        connection.execute(
            "UPDATE fct_invoices SET invoice_number = ? WHERE account = $1", [hostile]
        )
    file = tmp_path / "report.html"
    assert billhouse(altered, "report", "--output", str(file)).returncode == 0
    page = visit(file)
    assert page.locator(f"#USD .breakdown tr[data-account={json.dumps(hostile)}]").count() == 1
    page.get_by_role("combobox", name="Account").select_option(hostile)
    assert page.locator("#USD .breakdown[data-dimension=account] tr:visible").count() == 1
