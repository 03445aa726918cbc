"""Each fault in turn: recovered from, or told by its account alone; and no trace of it afterwards.

`docs/reliability.md` shows the same as a table.
"""

from __future__ import annotations

import pytest

from docs.sections import section
from tests.faults.campaign import Campaign, carry_out
from tests.faults.cases import CASES, Case
from tests.faults.reliability import FAULTS_TABLE, REPORT

OUTCOMES = {"recovers": "ok", "loads": "ok", "fails alone": "failed"}


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return carry_out(tmp_path_factory.mktemp("campaign"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fault(case: Case, campaign: Campaign) -> None:
    survival = next(each for each in campaign.survivals if each.case is case)
    error = survival.result.error or ""
    assert survival.met >= case.fault.get("times", 1)
    assert survival.result.outcome == OUTCOMES[case.outcome], error
    assert case.said in error
    assert "internal error" not in error
    assert survival.differences == []


def test_nobody_else_is_touched(campaign: Campaign) -> None:
    assert {each.vendor for each in campaign.untouched} == {case.vendor for case in CASES}
    assert [each for each in campaign.untouched if each.error] == []


def test_no_audit_finds_an_error(campaign: Campaign) -> None:
    assert not any(report.has_errors for report in campaign.reports)


def test_the_report_is_of_these_faults() -> None:
    """`make reliability` writes it again."""
    table = section(REPORT.read_text(encoding="utf-8"), FAULTS_TABLE)
    assert [name for name in {case.name for case in CASES} if f"| {name} |" not in table] == []
    assert f"{len(CASES)} faults" in table
