from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest

from pipelines.config.alerts import AlertSettings
from pipelines.config.configuration import Configuration
from pipelines.errors import JobError, UsageError
from pipelines.job import run as job
from pipelines.job.alerts import Alerting
from pipelines.job.alerts_sent import Alert
from pipelines.job.alerts_webhook import message
from pipelines.job.events import Event
from pipelines.job.result import RunResult
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sandbox.server import Sandbox
from sources.client.redaction import Secret
from tests.pipelines.processes import Billhouse
from tests.pipelines.receiver import Receiver, receiving
from tests.transforms.work_database import WorkDatabase

DONE = RunResult("run", 1.0)
FAILED = RunResult("run", 1.0, problem="an audit <found> an error")
UNPAID = {"invoice_number": "T-1", "amount_due": "7.50", "payment_failed_at": "2026-10-02"}
events: list[Event] = []


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def alerting(warehouse: Warehouse, receiver: Receiver) -> Alerting:
    """Over a warehouse in which one payment failed."""
    events.clear()
    put(warehouse, UNPAID)
    return Alerting(AlertSettings(Secret(receiver.url), 9), warehouse, events.append)


def put(warehouse: Warehouse, *documents: dict[str, str]) -> None:
    """Make these all that the warehouse holds, as a run would have left it."""
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)) as connection:
        connection.execute("DROP SCHEMA IF EXISTS raw CASCADE")
    work = WorkDatabase(warehouse.work)
    for document in documents:
        work.add("turso", document, listing="issued", key=document["invoice_number"])
    work.connection.close()
    assert job.rebuild(warehouse, listener=lambda _: None).exit_code == 0


def test_each_alert_is_told_once_while_it_lasts(
    alerting: Alerting, warehouse: Warehouse, receiver: Receiver
) -> None:
    assert alerting.exit_code_after(DONE) == 9
    assert alerting.exit_code_after(DONE) == 0
    assert receiver.texts == [
        "Billhouse: 1 new alert(s)\n• turso acme invoice T-1: the payment failed, USD 7.50 to pay"
    ]
    put(warehouse, {**UNPAID, "paid_at": "2026-10-05"})
    assert alerting.exit_code_after(DONE) == 0
    put(warehouse, UNPAID)
    assert alerting.exit_code_after(DONE) == 9
    assert len(receiver.texts) == 2


def test_a_rule_that_fails_silences_no_other(
    alerting: Alerting, warehouse: Warehouse, receiver: Receiver
) -> None:
    """And what it told before is not over because it can't be asked now."""
    assert alerting.exit_code_after(DONE) == 9
    with closing(duckdb.connect(warehouse.published)) as published:
        published.execute("ALTER TABLE fct_invoices RENAME COLUMN balance_due_cents TO another")
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)) as connection:
        connection.execute(
            "INSERT INTO marts.load_results BY NAME SELECT 'r' AS run_id, now() AS started_at,"
            " 'turso' AS vendor, 'acme' AS account, 'failed' AS outcome, 1 AS requests,"
            " 0 AS documents, 0 AS new_versions, 1 AS seconds, 'a 503' AS error, 1 AS run_number"
        )
    events.clear()
    assert alerting.exit_code_after(DONE) == 9
    assert receiver.texts[1:] == [
        "Billhouse: 1 new alert(s)\n• turso acme could not be loaded: a 503"
    ]
    [warning] = [event for event in events if event.name == "alerts_failed"]
    assert warning.level == "warning"
    assert warning.message.startswith("Alerts of the kind unpaid_invoice could not be looked for:")
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)) as connection:
        lasting = connection.execute(
            "SELECT kind FROM marts.alerts_sent WHERE ended_at IS NULL ORDER BY kind"
        ).fetchall()
    assert lasting == [("account_failed",), ("unpaid_invoice",)]


def test_a_failed_run_is_told_and_hides_nothing(alerting: Alerting, receiver: Receiver) -> None:
    assert alerting.exit_code_after(FAILED) == 1
    assert alerting.exit_code_after(FAILED) == 1
    assert receiver.texts == [
        "Billhouse: 1 new alert(s)\n• The run failed: an audit &lt;found&gt; an error"
    ]
    assert alerting.exit_code_after(DONE) == 9
    assert alerting.exit_code_after(FAILED) == 1
    assert [text.splitlines()[1][:16] for text in receiver.texts[1:]] == [
        "• turso acme inv",
        "• The run failed",
    ]


def test_what_could_not_be_sent_is_sent_by_the_next_run(
    alerting: Alerting, receiver: Receiver
) -> None:
    receiver.status = 500
    assert alerting.exit_code_after(DONE) == 9
    [warning] = events
    assert warning.level == "warning"
    assert "answered 500" in warning.message
    assert "very-secret" not in warning.message
    receiver.status = 200
    alerting.exit_code_after(DONE)
    assert len(receiver.texts) == 1


def test_a_webhook_that_is_not_there_fails_no_run(warehouse: Warehouse) -> None:
    events.clear()
    put(warehouse, UNPAID)
    gone = AlertSettings(Secret("http://127.0.0.1:9/very-secret"))
    assert Alerting(gone, warehouse, events.append).exit_code_after(DONE) == 0
    [warning] = events
    assert "no connection, or it broke" in warning.message
    assert "very-secret" not in warning.message


def test_no_proxy_gets_what_is_meant_for_this_machine(
    alerting: Alerting, warehouse: Warehouse, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(warehouse, UNPAID)
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    alerting.exit_code_after(DONE)
    assert len(receiver.texts) == 1


def test_errors_pass_and_are_told_but_not_wrong_usage(
    alerting: Alerting, receiver: Receiver
) -> None:
    for error in (JobError("the disk is full"), UsageError("a typo"), KeyError("a-slip")):
        with pytest.raises(type(error)), alerting.of_failure():
            raise error
    assert [text.splitlines()[1] for text in receiver.texts] == [
        "• The run failed: the disk is full"
    ]


def test_where_nothing_can_be_remembered_it_is_told_still(
    alerting: Alerting, warehouse: Warehouse, receiver: Receiver
) -> None:
    with holding(warehouse, lock_timeout=0):
        assert alerting.exit_code_after(FAILED) == 1
    assert "an audit" in receiver.texts[0]
    assert events[0].level == "warning"


def test_many_alerts_are_one_message() -> None:
    text = message([Alert("kind", str(number), "a long story " * 100) for number in range(25)])
    assert text.splitlines()[0] == "Billhouse: 25 new alert(s)"
    assert text.splitlines()[-1].startswith("… and 5 more")
    assert len(text) < 20 * 700


def test_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Configuration().alerts().wanted
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", "https://hooks.example/T0/very-secret")
    monkeypatch.setenv("ALERTS__EXIT_CODE", "4")
    settings = Configuration().alerts()
    assert settings.wanted
    assert settings.exit_code == 4
    assert "very-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALERTS__WEBHOOK_URL", "http://hooks.example/very-secret"),
        ("ALERTS__WEBHOOK_URL", "hooks.example/very-secret"),
        ("ALERTS__WEBHOOK_URL", "https://hooks.example:very-secret"),
        ("ALERTS__EXIT_CODE", "3"),
        ("ALERTS__EXIT_CODE", "126"),
        ("ALERTS__EXIT_CODE", "four"),
    ],
)
def test_settings_that_are_refused(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable) as refused:
        Configuration().alerts()
    assert "very-secret" not in str(refused.value)


def test_a_run_whose_accounts_all_fail(
    billhouse: Billhouse, warehouse: Warehouse, shared_sandbox: Sandbox, receiver: Receiver
) -> None:
    variables = shared_sandbox.environment(["turso"])
    name = "SOURCES__TURSO__ACCOUNTS"
    variables[name] = variables[name].replace('"api_token": "', '"api_token": "wrong-')
    finished = billhouse("run", variables={**variables, "ALERTS__WEBHOOK_URL": receiver.url})
    assert finished.returncode == 1
    [text] = receiver.texts
    assert "The run failed: Every account failed" in text
    assert "turso turso-1-full could not be loaded" in text
    assert "401" in text
    written = [path.read_bytes() for path in warehouse.directory.rglob("*") if path.is_file()]
    shown = (finished.stdout + finished.stderr).encode()
    assert not [each for each in (*written, shown) if b"very-secret" in each or b"wrong-" in each]
