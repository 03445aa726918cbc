"""Nothing is configured in vain: a name that is nearly right is told, and what is meant."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.config.configuration import Configuration
from pipelines.errors import UsageError
from pipelines.job.events import Event, acknowledging, audit
from pipelines.transform import AuditFinding
from pipelines.warehouse.files import configured_warehouse
from sources.accounts.values import GivenValues

ACCOUNT = {"organization": "acme", "api_token": "t"}
GOOD: dict[str, Any] = {"sources": {"turso": {"accounts": [ACCOUNT]}}}


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"sources": GOOD["sources"] | {"mongdb": {"accounts": []}}}, "Did you mean mongodb?"),
        ({"sources": GOOD["sources"] | {"aws": {"accounts": []}}}, "Known are: turso, versori"),
        (GOOD | {"alert": {"exit_code": 4}}, "Did you mean alerts?"),
        (GOOD | {"warehouse": {"dir": "here"}}, "Did you mean directory?"),
    ],
)
def test_a_section_that_nobody_reads(sections: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        Configuration(GivenValues(sections)).accounts()
    assert sentence in str(refused.value)


def test_findings_are_acknowledged_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITS__ACKNOWLEDGED__DELISTED_INVOICES", "3")
    known = Configuration().acknowledged(["delisted_invoices", "other"])
    assert known == {"delisted_invoices": 3}
    told: list[Event] = []
    tell = acknowledging(told.append, known)
    for rows, severity in ((3, "warning"), (4, "warning"), (3, "error")):
        finding = AuditFinding("delisted_invoices", severity, "it is", [], [], rows)  # type: ignore[arg-type]
        tell(audit(finding))
    assert [event.level for event in told] == ["info", "warning", "error"]
    assert told[0].message.endswith("(3 row(s)), acknowledged")
    for mistake in ({"delisted_invoice": 3}, {"delisted_invoices": "all"}):
        values = GivenValues({"audits": {"acknowledged": mistake}})
        with pytest.raises(UsageError, match=r"\[audits.acknowledged\]"):
            Configuration(values).acknowledged(["delisted_invoices"])


def test_what_is_right_or_is_dlts_own_is_no_mistake() -> None:
    sections = GOOD | {"warehouse": {"directory": "here"}, "alerts": {"exit_code": 4}}
    sections["sources"] = GOOD["sources"] | {"data_writer": {"buffer_max_items": 100}}
    [account] = Configuration(GivenValues(sections)).accounts()
    assert account.name == "acme"


def test_accounts_of_no_vendor_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__TURSO__ACCOUNTS", '[{"organization": "acme", "api_token": "t"}]')
    assert len(Configuration().accounts()) == 1
    monkeypatch.setenv("SOURCES__MONGO__ACCOUNTS", "")
    assert len(Configuration().accounts()) == 1
    monkeypatch.setenv("SOURCES__MONGO__ACCOUNTS", "[]")
    with pytest.raises(UsageError, match="Did you mean mongodb"):
        Configuration().accounts()


@pytest.mark.parametrize("name", ["WAREHOUSE_DIRECTORY", "WAREHOUSE__DIR"])
def test_a_variable_of_the_warehouse(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/srv/warehouse")
    with pytest.raises(UsageError, match="WAREHOUSE__DIRECTORY"):
        configured_warehouse()
