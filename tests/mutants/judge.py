"""Whether a test notices a mutant: in a moment by the corpus, else by the tests of its file.

The corpus and the changes that make audits fire are tests of the normal suite, which compare the
same rows (tests/transforms/test_corpus.py and test_audits.py).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from threading import Timer

import duckdb

from pipelines.transform import project
from pipelines.transform.model import TRANSFORMS, ModelError, Query
from tests.mutants.mutations import Mutant
from tests.transforms.corpus.askings import read_queries
from tests.transforms.corpus.expected import EVIDENCE, found_after, rates_in_other_currencies
from tests.transforms.corpus.tampering import TAMPERING
from tests.transforms.corpus.trial import Trial

ROOT = TRANSFORMS.parent
_LONGEST_SECONDS = 30
_TESTS = {
    "macros/amount": ["amounts"],
    "macros/documents": ["documents", "amounts"],
    "macros/moments": ["periods"],
    "marts/fct_monthly_spend": ["months"],
    "marts/invoice_changes": ["changes"],
    "marts/fct_payment_status_history": ["changes"],
    "marts/dim_billing_periods": ["billing_periods"],
    "macros/exchange_rates": ["reporting"],
    "exchange_rates.sql": ["reporting"],
    "intermediate/euro_changeovers": ["reporting"],
    "intermediate/rate_": ["reporting"],
    "intermediate/invoice_rates": ["reporting"],
    "marts/fct_reporting_spend": ["reporting_sums"],
    "macros/rules": ["allocation"],
    "marts/fct_allocated_spend": ["allocation"],
    "marts/accruals": ["accruals"],
    "marts/close_differences": ["close_differences"],
    "marts/payables": ["alerts"],
    "marts/spend": ["allocation"],
    "alerts/": ["alerts"],
    "shards/": ["audits_of_shards"],
    "source.sql": ["listings"],
    "intermediate/rejected_details": ["lines"],
    "intermediate/invoices.": ["reporting", "lines", "listings", "identity", "changes"],
    "staging/aiven/": ["readings", "lines", "reporting"],
    "staging/cockroachdb/": ["two_currencies"],
    "staging/fastly/": ["readings", "lines", "listings"],
    "staging/focus/": ["readings", "lines", "listings"],
    "staging/": ["readings", "lines"],
    "": ["lines", "listings", "identity", "changes"],
}


_OF_RATES = {
    f"intermediate/{name}.sql" for name in ("rate_candidates", "invoice_rates", "rate_corrections")
}
_EXPECTED = EVIDENCE | {each.name for each in project.models() if each.name.startswith("marts.")}


class Verdict(StrEnum):
    """What became of a mutant. Of one that no database would run, nothing can be learnt."""

    KILLED = "killed"
    SURVIVED = "survived"
    INVALID = "invalid"


class Judge:
    """The corpus in memory, and a copy of the project in which a mutant takes its file's place."""

    def __init__(self, folder: Path) -> None:
        self._trial = Trial()
        self._folder = folder
        for name in ("pipelines", "sources", "sandbox", "transforms", "tests"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        audits = list(project.audits())
        self._found = self._trial.audit(audits)
        self._rates = rates_in_other_currencies(self._trial)
        self._in_order = {
            file: self._trial.connection.execute(query).fetchall()
            for file, query in read_queries().items()
            if not file.startswith("alerts/")
        }
        self._fired = {
            (each.name, change): found_after(self._trial, each, change)
            for each in audits
            for change in TAMPERING.get(each.name, ())
        }

    def verdict(self, mutant: Mutant, *, with_tests: bool = False) -> Verdict:
        """What the corpus says, and where it sees nothing, the tests."""
        path = self._folder / "transforms" / mutant.file
        original = path.read_text(encoding="utf-8")
        path.write_text(mutant.text, encoding="utf-8")
        try:
            verdict = self._by_the_corpus(mutant.file)
            if verdict is Verdict.SURVIVED and with_tests and self._fails_a_test(mutant.file):
                return Verdict.KILLED
            return verdict
        finally:
            path.write_text(original, encoding="utf-8")

    def _by_the_corpus(self, file: str) -> Verdict:
        # Of what takes so long, something has become of the rows: a recursion that never ends.
        hurry = Timer(_LONGEST_SECONDS, self._trial.connection.interrupt)
        hurry.start()
        try:
            with self._trial.undone():
                differs = self._differs(file)
        except (
            duckdb.BinderException,
            duckdb.ParserException,
            duckdb.CatalogException,
            duckdb.NotImplementedException,
        ):
            return Verdict.INVALID
        except (duckdb.Error, ModelError):
            return Verdict.KILLED
        finally:
            hurry.cancel()
        return Verdict.KILLED if differs else Verdict.SURVIVED

    def _differs(self, file: str) -> bool:
        folder = self._folder / "transforms"
        kind = file.partition("/")[0]
        if kind == "audits":
            [audit] = [each for each in project.audits(folder) if each.name == Path(file).stem]
            return self._audit_differs(audit)
        if kind == "shards":
            # The corpus is one warehouse in one piece.
            return False
        if kind == "alerts":
            return any(
                self._trial.rows(query) != self._trial.queries[name]
                for name, query in read_queries(folder).items()
                if name.startswith(file)
            )
        if kind in ("exports", "reports"):
            return any(
                self._trial.connection.execute(query).fetchall() != self._in_order[name]
                for name, query in read_queries(folder).items()
                if name.startswith(file)
            )
        if self._trial.build(folder, [file], until=_EXPECTED) & _EXPECTED:
            return True
        if file in _OF_RATES and rates_in_other_currencies(self._trial, folder) != self._rates:
            return True
        if kind == "macros":
            rows = {name: self._trial.rows(query) for name, query in read_queries(folder).items()}
            if rows != self._trial.queries:
                return True
        return self._trial.audit(list(project.audits(folder))) != self._found

    def _audit_differs(self, audit: Query) -> bool:
        if self._trial.audit([audit]) != {audit.name: self._found[audit.name]}:
            return True
        return any(
            found_after(self._trial, audit, change) != self._fired[audit.name, change]
            for change in TAMPERING[audit.name]
        )

    def _fails_a_test(self, file: str) -> bool:
        names = next(tests for prefix, tests in _TESTS.items() if file.startswith(prefix))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
            + [f"tests/transforms/test_{name}.py" for name in names],
            cwd=self._folder,
            capture_output=True,
            check=False,
        )
        return done.returncode == 1
