"""Lines are given to teams by the first rule that fits, and nothing is lost on the way."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transform.model import TRANSFORMS
from pipelines.transform.names import make

UNALLOCATED = "unallocated"
PATTERNS = ("vendor", "account", "project", "resource", "tag", "category", "sku")
Line = dict[str, Any]
Rule = dict[str, Any]
Share = tuple[int, str]
"""A line's number and a team."""


COLUMNS = {
    "marts.fct_invoice_lines": ["line_id", "project", "resource", "sku", "tags"],
    "marts.fct_monthly_spend": ["month", "line_id", "invoice_id", "vendor", "account", "category",
                                "currency", "amount_cents", "payment_status"],
}  # fmt: skip

MODELS = ("staging.allocation_rules", "staging.allocation_shares", "staging.budgets",
          "intermediate.line_tags", "marts.spend")  # fmt: skip
BUILT = ("marts.fct_allocated_spend", "marts.team_budgets")


def tags_of(tag: str) -> str | None:
    return json.dumps(dict([tag.split("=")])) if tag else None


class Rows:
    """The tables that allocation reads, filled by hand, and the one that it makes."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        make(self.connection, TRANSFORMS)
        self.connection.execute(
            "CREATE TABLE marts.fct_invoice_lines (line_id TEXT, description TEXT, project TEXT,"
            " resource TEXT, sku TEXT, region TEXT, tags TEXT);"
            "CREATE TABLE marts.fct_invoices (invoice_id TEXT, reporting_currency TEXT,"
            " exchange_rate DECIMAL(38, 12), exchange_rate_date DATE, exchange_rate_basis TEXT);"
            "INSERT INTO marts.fct_invoices (invoice_id) VALUES ('i');"
            "CREATE TABLE marts.fct_reporting_spend (month DATE, line_id TEXT,"
            " reporting_amount_cents BIGINT);"
            "CREATE TABLE marts.fct_monthly_spend (month DATE, line_id TEXT, invoice_id TEXT,"
            " vendor TEXT, account TEXT, category TEXT, currency TEXT, amount_cents BIGINT,"
            " payment_status TEXT);"
            "CREATE TABLE marts.dim_currencies AS SELECT * FROM (VALUES"
            " ('USD', 100, CAST(0.01 AS DECIMAL(5, 4))), ('JPY', 1, CAST(1 AS DECIMAL(5, 4))))"
            " AS known (currency, minor_units_per_unit, minor_unit)"
        )
        self.make(MODELS, "VIEW")

    def make(self, models: Sequence[str], kind: str) -> None:
        for model in models:
            path = TRANSFORMS / f"{model.replace('.', '/')}.sql"
            self.connection.execute(
                f"CREATE OR REPLACE {kind} {model} AS {path.read_text(encoding='utf-8')}"
            )

    def fill(self, lines: Sequence[Line], **documents: object) -> None:
        for table in ("marts.fct_invoice_lines", "marts.fct_monthly_spend", "staging.rule_files"):
            self.connection.execute(f"DELETE FROM {table}")
        for name, document in documents.items():
            self.connection.execute(
                "INSERT INTO staging.rule_files VALUES (?, ?)", [name, json.dumps(document)]
            )
        every = [
            {"line_id": str(number), "invoice_id": "i", **line, "tags": tags_of(line["tag"])}
            for number, line in enumerate(lines)
        ]
        for table, names in COLUMNS.items() if lines else ():
            places = ", ".join([f"({', '.join('?' * len(names))})"] * len(lines))
            self.connection.execute(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES {places}",
                [line[name] for line in every for name in names],
            )

        self.make(BUILT, "TABLE")

    def allocated(self) -> dict[Share, int]:
        rows = self.connection.execute(
            "SELECT CAST(line_id AS INTEGER), team, amount * minor_units_per_unit"
            " FROM marts.fct_allocated_spend INNER JOIN marts.dim_currencies USING (currency)"
        ).fetchall()
        found = {(line, team): int(cents) for line, team, cents in rows}
        assert len(found) == len(rows)
        return found

    def audit(self, name: str) -> list[tuple[Any, ...]]:
        path = TRANSFORMS / "audits" / f"{name}.sql"
        return self.connection.execute(path.read_text(encoding="utf-8")).fetchall()


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    opened = Rows()
    yield opened
    opened.connection.close()


MONTHS = [date(2026, 9, 1), date(2026, 10, 1)]
WORDS = st.sampled_from(["", "a", "b", "a_b", "axb", "100%"])
LINES = st.fixed_dictionaries(
    {
        **dict.fromkeys(("project", "resource", "sku"), st.none() | WORDS),
        "vendor": st.sampled_from(["turso", "mongodb"]),
        "account": st.sampled_from(["acme", "umbrella"]),
        "category": st.sampled_from(["usage", "tax"]),
        "tag": st.sampled_from(["", "team=a", "team=b"]),
        "month": st.none() | st.sampled_from(MONTHS),
        "currency": st.sampled_from(["USD", "JPY"]),
        "amount_cents": st.integers(-1_000, 1_000) | st.integers(-(10**17), 10**17),
        "payment_status": st.sampled_from(["paid", "upcoming"]),
    }
)
TEAMS = st.lists(st.sampled_from("xyz"), min_size=1, max_size=3, unique=True)


@st.composite
def rule(draw: st.DrawFn) -> Rule:
    method = draw(st.sampled_from(["percentage", "percentage", "evenly", "proportional"]))
    teams, left = draw(TEAMS), Decimal(100)
    shares = []
    for team in teams:
        shares.append({"team": team})
        if method == "percentage":
            part = draw(st.decimals("0.0001", left / 2, places=4)) if left > 1 else left
            left -= part
            shares[-1] |= {"percentage": str(part)}
    if left and method == "percentage" and draw(st.booleans()):
        shares[-1]["percentage"] = str(Decimal(shares[-1]["percentage"]) + left)
    word = st.sampled_from(["", "", "*", "a", "a?b", "a_b", "100%", "?*"])
    return {
        **{each: draw(word) for each in ("project", "resource", "sku")},
        "vendor": draw(st.sampled_from(["", "turso", "m*"])),
        "account": draw(st.sampled_from(["", "", "a???"])),
        "category": draw(st.sampled_from(["", "", "usage"])),
        "tag": draw(st.sampled_from(["", "", "team=a", "*=b"])),
        "valid_from": draw(st.none() | st.sampled_from(MONTHS)),
        "valid_to": draw(st.none() | st.sampled_from(MONTHS)),
        "method": method,
        "shares": shares,
    }


def numbered(rules: Sequence[Rule]) -> list[Rule]:
    """With the lines that the rows would have in a file."""
    line, found = 2, []
    for each in rules:
        shares = [{**share, "line": line + at} for at, share in enumerate(each["shares"])]
        dates = {name: each[name] and each[name].isoformat() for name in ("valid_from", "valid_to")}
        found.append({**each, **dates, "rule": line, "shares": shares})
        line += len(shares)
    return found


def fits(line: Line, one: Rule) -> bool:
    month = line["month"]
    return (
        all(fnmatchcase(line[each] or "", one[each] or "*") for each in PATTERNS)
        and (one["valid_from"] is None or (month is not None and month >= one["valid_from"]))
        and (one["valid_to"] is None or (month is not None and month <= one["valid_to"]))
    )


def split(cents: int, weights: Mapping[str, Fraction]) -> dict[str, int]:
    """By largest remainder; of equal ones the first gets the unit. What has no weight gets none."""
    whole = sum(weights.values(), Fraction(0))
    exact = {team: abs(cents) * weight / whole for team, weight in weights.items() if weight}
    parts = {team: int(part) for team, part in exact.items()}
    most = sorted(exact, key=lambda team: parts[team] - exact[team])
    for team in most[: abs(cents) - sum(parts.values())]:
        parts[team] += 1
    return {team: part if cents >= 0 else -part for team, part in parts.items()}


def percentages(one: Rule) -> dict[str, Fraction]:
    found = {share["team"]: Fraction(share["percentage"]) for share in one["shares"]}
    return {**found, UNALLOCATED: 100 - sum(found.values(), Fraction(0))}


def expected(lines: Sequence[Line], rules: Sequence[Rule]) -> dict[Share, int]:
    """The same, computed by fractions."""
    ruled = [next((one for one in rules if fits(line, one)), None) for line in lines]
    direct: dict[tuple[Any, str, str], Fraction] = defaultdict(Fraction)
    for line, one in zip(lines, ruled, strict=True):
        if one is not None and one["method"] == "percentage":
            for team, part in percentages(one).items():
                place = (line["month"], line["currency"], team)
                direct[place] += line["amount_cents"] * part / 100
    found: dict[Share, int] = {}
    for number, (line, one) in enumerate(zip(lines, ruled, strict=True)):
        weights: dict[str, Fraction] = {}
        if one is not None and one["method"] == "percentage":
            weights = percentages(one)
        elif one is not None:
            for share in one["shares"]:
                place = (line["month"], line["currency"], share["team"])
                # Whole cents weigh, and of a sum below zero nothing.
                cost = max(Fraction(direct[place].__floor__()), Fraction(0))
                weights[share["team"]] = Fraction(1) if one["method"] == "evenly" else cost
        if not any(weights.values()):
            weights = {UNALLOCATED: Fraction(1)}
        for team, cents in split(line["amount_cents"], weights).items():
            found[number, team] = cents
    return found


@settings(max_examples=int(os.environ.get("BILLHOUSE_WAREHOUSES", "20")))
@given(lines=st.lists(LINES, max_size=20), rules=st.lists(rule(), max_size=4))
def test_every_line_is_given_away_to_the_last_unit(
    rows: Rows, lines: list[Line], rules: list[Rule]
) -> None:
    rows.fill(lines, allocation=numbered(rules))
    found = rows.allocated()
    if rules:
        assert found == expected(lines, rules)
    else:
        assert found == {}
    assert rows.audit("allocation_adds_up") == []


LINE: Line = {
    "vendor": "turso",
    "account": "acme",
    "project": None,
    "resource": None,
    "sku": None,
    "category": "usage",
    "tag": "",
    "month": MONTHS[0],
    "currency": "USD",
    "amount_cents": 1_000,
    "payment_status": "paid",
}
ANY: Rule = {**dict.fromkeys(PATTERNS, ""), "valid_from": None, "valid_to": None}


def one_rule(team: str, method: str = "percentage", **conditions: Any) -> Rule:
    share = {"team": team, "percentage": "100"} if method == "percentage" else {"team": team}
    return {**ANY, "method": method, "shares": [share], **conditions}


def test_void_invoices_and_lines_without_an_amount_are_nobodys(rows: Rows) -> None:
    lines = [LINE | {"payment_status": "void"}, LINE | {"amount_cents": None}, LINE]
    rows.fill(lines, allocation=numbered([one_rule("x")]))
    assert rows.allocated() == {(2, "x"): 1_000}
    assert rows.audit("allocation_adds_up") == []


def test_a_rule_ends_with_its_month_and_leaves_those_before_as_they_were(rows: Rows) -> None:
    lines = [LINE | {"month": month} for month in MONTHS]
    until = one_rule("x", valid_to=MONTHS[0])
    rows.fill(lines, allocation=numbered([until, one_rule("y")]))
    assert rows.allocated() == {(0, "x"): 1_000, (1, "y"): 1_000}


def test_tags_in_whatever_form_they_are_stated(rows: Rows) -> None:
    stated = ['{"team": ["a", "x"]}', '{"team": "x"}', '{"a\\"b": null, "n": 1}', "[1]", "?", None]
    rows.fill([LINE] * len(stated), allocation=numbered([one_rule("t", tag="team=x")]))
    for number, tags in enumerate(stated):
        rows.connection.execute(
            "UPDATE marts.fct_invoice_lines SET tags = ? WHERE line_id = ?", [tags, str(number)]
        )
    rows.make(BUILT, "TABLE")
    teams = [team for _, team in sorted(rows.allocated())]
    assert teams == ["t", "t", *[UNALLOCATED] * 4]


def test_a_budget_of_a_month_stands_above_that_of_every_month(rows: Rows) -> None:
    lines = [LINE | {"month": month} for month in MONTHS] + [LINE | {"currency": "JPY"}]
    budgets = [
        {"team": "x", "month": None, "currency": "USD", "amount": "9.99"},
        {"team": "x", "month": "2026-10-01", "currency": "USD", "amount": "12.5"},
        {"team": "y", "month": "2026-12-01", "currency": "USD", "amount": "7"},
    ]
    rows.fill(lines, allocation=numbered([one_rule("x")]), budgets=budgets)
    found = rows.connection.execute(
        "SELECT team, month, budget, spent, remaining FROM marts.team_budgets ORDER BY team, month"
    ).fetchall()
    assert found == [
        ("x", MONTHS[0], Decimal("9.99"), 10, Decimal("-0.01")),
        ("x", MONTHS[1], Decimal("12.5"), 10, Decimal("2.5")),
        ("x", date(2026, 12, 1), Decimal("9.99"), 0, Decimal("9.99")),
        ("y", date(2026, 12, 1), 7, 0, 7),
    ]
    assert rows.audit("budgets_add_up") == []
