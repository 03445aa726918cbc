"""A vendor of which nothing was loaded costs a build nothing, and changes nothing of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

import pytest

from pipelines.transform import absent, project
from pipelines.transform.model import Model
from sources import VENDORS
from tests.transforms.corpus.given import STARTED_AT, entries
from tests.transforms.work_database import WorkDatabase

OF_ONE = [
    "turso",
    *(pytest.param(each, marks=pytest.mark.long) for each in VENDORS if each != "turso"),
]


@pytest.mark.parametrize("vendor", OF_ONE)
def test_a_warehouse_of_one_vendor(
    work: WorkDatabase, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, entry in entries():
        if name == vendor and entry.nights.endswith("-"):
            work.add(
                vendor,
                entry.verbatim,
                listing=entry.listing,
                key=entry.key,
                account=entry.account,
                entity=entry.entity,
                valid_from=entry.validity[0],
            )

    def built() -> dict[str, Counter[str]]:
        report = work.build(STARTED_AT, everything=True)
        return {
            each.name: Counter(map(repr, work.connection.execute(f"FROM {each.name}").fetchall()))
            for each in report.kept
        }

    fewer = built()
    monkeypatch.setattr(absent, "without", lambda models, _: list(models))
    assert sum(fewer["marts.fct_invoices"].values())
    assert built() == fewer


@pytest.mark.parametrize("vendors", [set(), {"turso"}, {"mongodb", "versori"}, set(VENDORS)])
def test_what_is_left_reads_only_what_is_left(vendors: Set[str]) -> None:
    every = project.models()
    left: Sequence[Model] = absent.without(every, vendors)
    names = {each.name for each in left}
    assert all(each.references <= names for each in left)
    if vendors == set(VENDORS):
        assert left == every
    else:
        assert len(left) < len(every)
