"""The runner itself, and a small sample of what `make mutants` judges whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines.transform.model import TRANSFORMS
from tests.mutants.__main__ import FILES, every_mutant, known_survivors, problems
from tests.mutants.judge import Judge, Verdict
from tests.mutants.mutations import Mutant, mutants

EVERY_MUTANT = every_mutant()
MOST_UNNOTICED = 3
SAMPLE = random.Random(1).sample(EVERY_MUTANT, 40)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(tmp_path_factory.mktemp("mutants"))


def test_every_file_has_mutants_with_keys_of_their_own() -> None:
    without = set(FILES) - {each.file for each in EVERY_MUTANT}
    # Which only name columns.
    assert without == {"intermediate/possible_successions.sql", "marts/month_closes.sql"}
    assert len({each.key for each in EVERY_MUTANT}) == len(EVERY_MUTANT)


def test_a_key_outlives_a_move_of_its_line(tmp_path: Path) -> None:
    text = "SELECT a, b\nFROM staging.x\nWHERE a = 1 AND b = 'x'\n"
    (tmp_path / "before.sql").write_text(text)
    before = [each.key for each in mutants(tmp_path, "before.sql")]
    (tmp_path / "before.sql").write_text(f"-- One row per x.\n\n{text}")
    assert [each.key for each in mutants(tmp_path, "before.sql")] == before


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("SELECT a WHERE a < 1", ["a <= 1", "WHERE TRUE", "a < 2"]),
        ("SELECT a WHERE a = 1 AND b", ["a <> 1", "1 OR b", "a = 2", "TRUE AND b", "1 AND TRUE"]),
        ("SELECT a FROM b INNER JOIN c ON a = d", ["LEFT JOIN", "ON a <> d", "ON TRUE"]),
        ("SELECT a FROM b LEFT JOIN c ON TRUE", ["INNER JOIN", "ON FALSE"]),
        ("SELECT sum(a) OVER (PARTITION BY b, c)", ["min(a)", "BY  c)", "BY b)"]),
        ("SELECT CASE WHEN a THEN 'b' ELSE 'c' END", ["'b~'", "'c~'", "'b' END", "WHEN TRUE"]),
        ("SELECT DISTINCT a ORDER BY a", ["SELECT  a", "ORDER BY a DESC"]),
        ("SELECT a UNION ALL SELECT coalesce(b, c)", ["EXCEPT ALL", "( c)", "(b)"]),
    ],
)  # fmt: skip
def test_what_is_changed(tmp_path: Path, text: str, changed: list[str]) -> None:
    (tmp_path / "x.sql").write_text(text)
    texts = [each.text for each in mutants(tmp_path, "x.sql")]
    assert len(texts) == len(changed)
    assert all(any(part in one for one in texts) for part in changed), texts


def mutant_of(file: str, text: str, instead: str) -> Mutant:
    original = (TRANSFORMS / file).read_text(encoding="utf-8")
    assert text in original
    return Mutant(file, "", original.replace(text, instead))


@pytest.mark.parametrize(
    ("mutant", "verdict"),
    [
        (
            ("marts/fct_payments.sql", "    status, --", "    kind AS status, --"),
            Verdict.KILLED,
        ),
        (("marts/fct_payments.sql", "-- One row", "-- Each row"), Verdict.SURVIVED),
        (("marts/fct_payments.sql", "    status, --", "    state, --"), Verdict.INVALID),
        (("audits/unique_line_ids.sql", "> 1", "> 9"), Verdict.KILLED),
        (("alerts/account_failed.sql", "'failed'", "'ok'"), Verdict.KILLED),
    ],
)
def test_verdicts(judge: Judge, mutant: tuple[str, str, str], verdict: Verdict) -> None:
    assert judge.verdict(mutant_of(*mutant)) is verdict


def test_of_a_sample_the_corpus_alone_notices_nearly_all(judge: Judge) -> None:
    """`make mutants` asks the other tests as well, of all mutants, and wants each reason."""
    verdicts = {each.key: judge.verdict(each) for each in SAMPLE}
    reasons = known_survivors()
    survived = [key for key, verdict in verdicts.items() if verdict is Verdict.SURVIVED]
    assert len([key for key in survived if key not in reasons]) <= MOST_UNNOTICED, survived


def test_what_a_run_reports() -> None:
    verdicts = dict.fromkeys(map(str, range(30)), Verdict.KILLED) | {"a": Verdict.SURVIVED}
    assert problems(verdicts, {"a": "equal"}) == []
    assert problems(verdicts, {}) == ["no reason is known why this survives: a"]
    assert len(problems(verdicts, {"a": "equal", "1": "equal"})) == 1
    verdicts |= {"b": Verdict.SURVIVED}
    assert problems(verdicts, {"a": "equal", "b": "equal"}) == ["6.2% survive; at most 5% may"]
