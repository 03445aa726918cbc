"""The corpus gives what its expected files say: every table, alert, export and finding."""

from __future__ import annotations

import difflib

import pytest

from tests.transforms.corpus.expected import (
    RATES,
    built,
    expected_rows,
    given_rows,
    rates_in_other_currencies,
)
from tests.transforms.corpus.trial import Trial

EXPECTED = expected_rows()


@pytest.fixture(scope="module")
def given() -> dict[str, list[str]]:
    connection, report = built()
    try:
        return given_rows(connection, report)
    finally:
        connection.close()


def test_every_table_alert_and_export_has_a_file(given: dict[str, list[str]]) -> None:
    assert given.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_rows(given: dict[str, list[str]], name: str) -> None:
    difference = difflib.unified_diff(EXPECTED[name], given[name], "expected", "given", n=0)
    assert not list(difference), "see tests/transforms/corpus/expected.py"


def test_no_audit_finds_an_error(given: dict[str, list[str]]) -> None:
    assert given["audits.jsonl"]
    assert not [line for line in given["audits.jsonl"] if '"severity": "error"' in line]


def test_rates_in_other_currencies(trial: Trial) -> None:
    expected = RATES.read_text(encoding="utf-8").splitlines()
    difference = difflib.unified_diff(expected, rates_in_other_currencies(trial), n=0)
    assert not list(difference), "see tests/transforms/corpus/expected.py"
