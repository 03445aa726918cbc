"""The files that `[allocation]` and `[budgets]` name: who pays, and how much a team may spend.

    [allocation]                                 # .dlt/config.toml, or ALLOCATION__FILE
    file = "allocation.csv"

    [budgets]                                    # or BUDGETS__FILE
    file = "budgets.csv"

What they say is checked here, and its meaning stands in transforms/staging/. Each file becomes one
JSON text, which the warehouse keeps as it keeps a vendor's document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.config.in_vain import refuse_unknown
from pipelines.config.rule_file import RuleRow, read_rows
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from sources.accounts.values import Values

UNALLOCATED = "unallocated"
_PATTERNS = ("vendor", "account", "project", "resource", "tag", "category", "sku")
_CONDITIONS = (*_PATTERNS, "valid_from", "valid_to")
_COLUMNS = (*_CONDITIONS, "team", "percentage", "method")
_BUDGET_COLUMNS = ("team", "month", "currency", "amount")
_METHODS = ("percentage", "evenly", "proportional")
_CATEGORIES = ("usage", "tax", "credit", "discount", "refund", "adjustment", "unexplained")
_PERCENTAGE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def rule_files(values: Values) -> dict[str, str]:
    """What is configured, as JSON texts by name: `allocation` and `budgets`.

    Raises:
        UsageError: a file can't be read or holds a mistake; names it, the line, and what to write.
    """
    files = {section: _file(values, section) for section in ("allocation", "budgets")}
    allocation, budgets = files["allocation"], files["budgets"]
    if allocation is None:
        if budgets is not None:
            raise UsageError(
                "[budgets] is configured and [allocation] isn't, so that no team has costs. Write"
                " `file` in [allocation] as well, or take [budgets] out."
            )
        return {}
    rules = allocation_rules(allocation)
    found = {"allocation": json.dumps(rules)}
    if budgets is not None:
        teams = [share["team"] for rule in rules for share in rule["shares"]]
        found["budgets"] = json.dumps(team_budgets(budgets, sorted({*teams, UNALLOCATED})))
    return found


def allocation_rules(file: Path) -> list[dict[str, Any]]:
    """The rules in their order. Rows with the same conditions that follow each other are one."""
    rows = read_rows(file, "allocation", _COLUMNS, ["team"])
    rules: list[dict[str, Any]] = []
    seen: dict[tuple[str, ...], int] = {}
    for conditions, grouped in groupby(rows, lambda row: tuple(row[each] for each in _CONDITIONS)):
        group = list(grouped)
        if conditions in seen:
            raise group[0].mistake(
                f"the rule of line {seen[conditions]} has the same conditions and comes first. Put"
                " the rows of both below each other, or take one out."
            )
        seen[conditions] = group[0].line
        rules.append(_rule(group))
    return rules


def team_budgets(file: Path, teams: Sequence[str]) -> list[dict[str, str | None]]:
    """The budgets; one without a month counts in each month that has none of its own."""
    found: dict[tuple[str, str | None, str], dict[str, str | None]] = {}
    for row in read_rows(file, "budgets", _BUDGET_COLUMNS, ["team", "currency", "amount"]):
        key = (row.one_of("team", teams), row.month("month"), row["currency"].upper())
        if not _CURRENCY.fullmatch(key[2]):
            raise row.mistake(f"currency {row['currency']!r} is none. Write it like EUR.")
        if not _AMOUNT.fullmatch(row["amount"]):
            raise row.mistake(f"amount {row['amount']!r} is none. Write it like 2500 or 2500.50.")
        if key in found:
            raise row.mistake(f"{key[0]} has a budget of that month and currency above. Keep one.")
        found[key] = {"team": key[0], "month": key[1], "currency": key[2], "amount": row["amount"]}
    return list(found.values())


def _file(values: Values, section: str) -> Path | None:
    refuse_unknown(section, ["file"], values.keys(section))
    file = values.get(section, "file")
    return None if file is None else Path(str(file)).expanduser().absolute()


def _rule(group: Sequence[RuleRow]) -> dict[str, Any]:
    first = group[0]
    _check_words(first)
    begins, ends = first.month("valid_from"), first.month("valid_to")
    if begins and ends and ends < begins:
        raise first.mistake("valid_to is before valid_from. It is the last month that counts.")
    methods = {row["method"] or _METHODS[0] for row in group}
    if len(methods) > 1:
        raise group[-1].mistake(
            f"the rule of line {first.line} has several methods. Write one for all its teams."
        )
    method = _METHODS[0] if not first["method"] else first.one_of("method", _METHODS)
    return {
        "rule": first.line,
        **{each: first[each] for each in _PATTERNS},
        "valid_from": begins,
        "valid_to": ends,
        "method": method,
        "shares": _shares(group, method),
    }


def _check_words(row: RuleRow) -> None:
    """What is no pattern must be a word that there is: a typing mistake would fit nothing."""
    from sources import VENDORS

    for column, known in (("vendor", tuple(VENDORS)), ("category", _CATEGORIES)):
        if row[column] and not set("*?") & set(row[column]):
            row.one_of(column, known)
    if row["tag"] and "=" not in row["tag"] and "*" not in row["tag"]:
        raise row.mistake(f"tag {row['tag']!r} names no value. Write it like team=search or env=*.")


def _shares(group: Sequence[RuleRow], method: str) -> list[Mapping[str, object]]:
    shares: dict[str, Mapping[str, object]] = {}
    left = Decimal(100)
    for row in group:
        team = row["team"]
        if not team or team == UNALLOCATED:
            raise row.mistake(
                f"team {team!r} is none. Name one; what adds up to less than 100 per cent leaves"
                f" the rest {UNALLOCATED}."
            )
        if team in shares:
            raise row.mistake(f"{team} stands in this rule twice. Write one row for it.")
        percentage = _percentage(row, method, is_alone=len(group) == 1)
        left -= percentage or 0
        if left < 0:
            raise row.mistake(
                f"the percentages of the rule of line {group[0].line} add up to {100 - left}, which"
                " is more than 100. Lower one."
            )
        shares[team] = {"team": team, "line": row.line}
        if percentage is not None:
            shares[team] = {**shares[team], "percentage": str(percentage)}
    return list(shares.values())


def _percentage(row: RuleRow, method: str, *, is_alone: bool) -> Decimal | None:
    text = row["percentage"]
    if method != _METHODS[0]:
        if text:
            raise row.mistake(f"method {method} takes no percentage. Leave one of the two out.")
        return None
    if not text and is_alone:
        return Decimal(100)
    if not _PERCENTAGE.fullmatch(text) or not 0 < Decimal(text) <= 100:
        raise row.mistake(
            f"percentage {text!r} is none. Write a number above 0 and up to 100, with at most four"
            " decimals, like 40 or 33.3333."
        )
    return Decimal(text)
