"""Each audit is silent on good data, and sees whatever breaks its rule."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines.transform import project
from pipelines.transform.model import TRANSFORMS
from tests.transforms.corpus import expected
from tests.transforms.corpus.expected import found_after
from tests.transforms.corpus.tampering import TAMPERING
from tests.transforms.corpus.trial import Trial
from tests.transforms.test_readings import MONGODB
from tests.transforms.work_database import WorkDatabase

FIRED = {
    (row.pop("audit"), row.pop("change")): row
    for row in map(json.loads, expected.FIRED.read_text(encoding="utf-8").splitlines())
}
AUDITS = {each.name: each for each in project.audits()}
CASES = [
    (name, number) for name in AUDITS for number in range(max(1, len(TAMPERING.get(name, ()))))
]


def test_no_audit_is_forgotten() -> None:
    assert TAMPERING.keys() == AUDITS.keys()


def test_silent_where_nothing_was_loaded(work: WorkDatabase) -> None:
    assert work.build().findings == []


@pytest.mark.parametrize("name", AUDITS)
def test_silent_on_good_data(trial: Trial, name: str) -> None:
    if AUDITS[name].severity == "error":
        assert not trial.rows(AUDITS[name].text)


@pytest.mark.parametrize(("name", "number"), CASES)
def test_fires(trial: Trial, name: str, number: int) -> None:
    assert name in TAMPERING, f"tampering.py has no change that breaks {name}"
    audit, change = AUDITS[name], TAMPERING[name][number]
    assert (name, change) in FIRED, "run `make expected`"
    before = trial.rows(audit.text)
    with trial.undone():
        trial.connection.execute(change)
        assert trial.rows(audit.text) - before
    assert found_after(trial, audit, change) == FIRED[name, change]


def test_every_published_table_has_an_audit() -> None:
    read = " ".join(each.text for each in AUDITS.values() if each.severity == "error")
    tables = [f"marts.{path.stem}" for path in (TRANSFORMS / "marts").glob("*.sql")]
    assert not [table for table in tables if f"FROM {table}" not in read]


def test_a_broken_rule_stops_a_build(work: WorkDatabase, tmp_path: Path) -> None:
    """As a run builds, in the warehouse, where not all of staging is kept."""
    folder = shutil.copytree(TRANSFORMS, tmp_path / "transforms")
    mart = folder / "marts" / "dim_currencies.sql"
    mart.write_text(mart.read_text() + "WHERE currency <> 'USD'\n")
    work.add("mongodb", MONGODB)
    report = work.build(folder=folder)
    assert {each.name for each in report.findings} == {
        "complete_currencies",
        "spend_adds_up",
    }
