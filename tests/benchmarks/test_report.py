"""The page says of each target whether it was met, and by how much it was missed."""

from __future__ import annotations

from benchmarks.cases import CASES
from benchmarks.programs import (
    BILLHOUSE,
    DLT_DEFAULTS,
    DLT_PARQUET,
    FETCH_ALONE,
    HELP,
    IMPORT_DLT,
    LIMIT,
)
from benchmarks.report import page, table
from benchmarks.targets import targets
from benchmarks.trial import Measurement, Row

MEGABYTE = 1_000_000


def row(case: str, program: str, *walls: float, peak_memory: int = 100 * MEGABYTE) -> Row:
    phases = {"load": 1.0, "transform": 5.0} if program == BILLHOUSE.name else {}
    runs = [Measurement(wall, wall, peak_memory, 11, MEGABYTE, phases) for wall in walls]
    return Row(case, program, tuple(runs))


def full_run(billhouse: float) -> list[Row]:
    programs = (LIMIT.name, DLT_PARQUET.name, DLT_DEFAULTS.name, IMPORT_DLT, FETCH_ALONE)
    others = [row(case, program, 2.0) for case in CASES for program in programs]
    own = [row(case, BILLHOUSE.name, billhouse) for case in CASES if case != "help"]
    return [*own, *others, row("help", HELP, 0.2)]


def test_a_median_is_no_mean() -> None:
    assert row("daily", "any", 1.0, 9.0, 2.0).median("wall") == 2.0


def test_targets_are_met_up_to_their_bound() -> None:
    found = {each.text: each for each in targets(full_run(billhouse=3.0))}
    assert found["1,000 invoices: × dlt's defaults"].met
    assert not found["10,000 invoices: × dlt with Parquet"].met
    assert found["1,000,000 invoices: CPU, × ten of 100,000"].measured == 0.1
    assert found[f"daily run without news: × `{IMPORT_DLT}`"].met
    assert not found["nothing changed of 100,000: × the limit"].met
    assert found["1,000,000 lines: MB of memory"].measured == 100
    fetch = found["100 accounts at 100 ms, the fetch alone: CPU ms a request"]
    assert fetch.measured == 1_000 * 2.0 / 11
    assert found["`billhouse --help`: s"].met


def test_the_page_has_every_case_and_says_by_how_much_a_target_is_missed() -> None:
    text = page(full_run(billhouse=3.0), seconds=600)
    assert all(f"(`{name}`)" in text for name in CASES)
    assert "| nothing changed of 100,000: × the limit | 1.30 | 1.50 | missed by 15% |" in text
    assert "in 10 minutes" in text


def test_each_program_stands_beside_the_limit() -> None:
    lines = table([row("daily", BILLHOUSE.name, 5.0), row("daily", LIMIT.name, 2.0)]).splitlines()
    assert lines[2].startswith("| Billhouse | 5.00 | 2.5 |")
    assert lines[3].startswith(f"| {LIMIT.name} | 2.00 | 1.0 |")
