from __future__ import annotations

import email as email_parser
from collections.abc import Iterator
from contextlib import closing
from email import policy
from pathlib import Path

import duckdb
import pytest

from pipelines.config.alerts import AlertSettings, Email
from pipelines.config.configuration import Configuration
from pipelines.errors import JobError, UsageError
from pipelines.job import run as job
from pipelines.job.alerts import Alerting
from pipelines.job.alerts_channels import message
from pipelines.job.alerts_sent import Alert
from pipelines.job.events import Event
from pipelines.job.result import RunResult
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sandbox.server import Sandbox
from sources.client.redaction import Secret
from tests.pipelines.processes import Billhouse
from tests.pipelines.receiver import Receiver, receiving, taking_mail
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
    # Any other kind that reads the column is told of in a warning of its own.
    failed = [event for event in events if event.name == "alerts_failed"]
    [warning] = [each for each in failed if "unpaid_invoice" in each.message]
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


def test_teams_gets_a_card_and_people_a_mail(warehouse: Warehouse, receiver: Receiver) -> None:
    put(warehouse, UNPAID)
    with taking_mail() as server:
        email = Email(Secret(server.url), "bill@here.example", ("a@x.example", "b@x.example"))
        settings = AlertSettings(teams_url=Secret(receiver.url), email=email)
        Alerting(settings, warehouse, lambda _: None).exit_code_after(DONE)
        Alerting(settings, warehouse, lambda _: None).exit_code_after(DONE)
    [body] = receiver.bodies
    card = body["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    line = "turso acme invoice T-1: the payment failed, USD 7.50 to pay"
    texts = [block["inlines"][0]["text"] for block in card["content"]["body"]]
    assert texts == ["Billhouse: 1 new alert(s)", line]
    [mail] = server.messages
    read = email_parser.message_from_string(mail, policy=policy.default)
    assert (read["From"], read["To"]) == ("bill@here.example", "a@x.example, b@x.example")
    assert read["Subject"] == "Billhouse: 1 new alert(s)"
    assert read.get_content().strip() == line


def test_one_channel_that_fails_silences_no_other_and_is_told(
    warehouse: Warehouse, receiver: Receiver
) -> None:
    put(warehouse, UNPAID)
    events.clear()
    with taking_mail() as server:
        server.password = "another"
        email = Email(Secret(server.url), "a@x.example", ("a@x.example",))
        settings = AlertSettings(Secret(receiver.url), email=email)
        Alerting(settings, warehouse, events.append).exit_code_after(DONE)
    assert len(receiver.texts) == 1
    warning, sent = events
    assert "refused the user or the password. Check smtp_url in [alerts]" in warning.message
    assert "p@ss" not in warning.message
    assert sent.fields["channels"] == ["webhook_url"]


def test_success_is_told_to_who_waits_for_it(warehouse: Warehouse, receiver: Receiver) -> None:
    settings = AlertSettings(success_url=Secret(receiver.url))
    alerting = Alerting(settings, warehouse, events.append)
    assert not settings.wanted
    assert alerting.exit_code_after(FAILED) == 1
    assert receiver.pings == 0
    assert alerting.exit_code_after(DONE) == 0
    assert receiver.pings == 1
    events.clear()
    receiver.status = 404
    assert alerting.exit_code_after(DONE) == 0
    assert events[0].message == (
        "success_url in [alerts] could not be reached: it answered 404 Not Found."
    )


def test_channels_are_tried_by_a_command(billhouse: Billhouse, receiver: Receiver) -> None:
    assert billhouse("alerts", "test").returncode == 2
    with taking_mail() as server:
        variables = {
            "ALERTS__WEBHOOK_URL": receiver.url,
            "ALERTS__SUCCESS_URL": receiver.url,
            "ALERTS__SMTP_URL": server.url,
            "ALERTS__EMAIL_TO": "a@x.example, b@x.example",
        }
        finished = billhouse("alerts", "test", variables=variables)
        assert finished.returncode == 0, finished.stderr + finished.stdout
        assert len(receiver.texts) == receiver.pings == len(server.messages) == 1
        assert "This is a test" in receiver.texts[0]
        server.password = "another"
        receiver.status = 500
        failed = billhouse("alerts", "test", variables=variables)
    assert failed.returncode == 1
    assert "it answered 500" in failed.stdout
    assert "refused the user or the password" in failed.stdout
    assert "very-secret" not in failed.stdout + failed.stderr
    assert "p%40ss" not in failed.stdout + failed.stderr


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
        ("ALERTS__TEAMS_URL", "http://hooks.example/very-secret"),
        ("ALERTS__SUCCESS_URL", "hooks.example/very-secret"),
        ("ALERTS__SMTP_URL", "mailto://very-secret@x.example"),
        ("ALERTS__EMAIL_TO", "nobody"),
        ("ALERTS__EXIT_CODE", "3"),
        ("ALERTS__EXIT_CODE", "126"),
        ("ALERTS__EXIT_CODE", "four"),
    ],
)
def test_settings_that_are_refused(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable in ("ALERTS__SMTP_URL", "ALERTS__EMAIL_TO"):
        monkeypatch.setenv("ALERTS__SMTP_URL", "smtps://u:very-secret@x.example")
        monkeypatch.setenv("ALERTS__EMAIL_TO", "a@x.example")
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable) as refused:
        Configuration().alerts()
    assert "very-secret" not in str(refused.value)


def test_a_run_whose_accounts_all_fail(
    billhouse: Billhouse,
    warehouse: Warehouse,
    shared_sandbox: Sandbox,
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    variables = shared_sandbox.environment(["turso"])
    name = "SOURCES__TURSO__ACCOUNTS"
    variables[name] = variables[name].replace('"api_token": "', '"api_token": "wrong-')
    metrics = tmp_path / "billhouse.prom"
    variables |= {"ALERTS__WEBHOOK_URL": receiver.url, "METRICS__TEXTFILE": str(metrics)}
    finished = billhouse("run", variables=variables)
    assert finished.returncode == 1
    lines = metrics.read_text().splitlines()
    assert "billhouse_run_exit_code 1" in lines
    assert 'billhouse_account_failed{vendor="turso",account="turso-1-full"} 1' in lines
    assert "account_last_success" not in metrics.read_text()
    [text] = receiver.texts
    assert "The run failed: Every account failed" in text
    assert "turso turso-1-full could not be loaded" in text
    assert "401" in text
    written = [path.read_bytes() for path in warehouse.directory.rglob("*") if path.is_file()]
    shown = (finished.stdout + finished.stderr).encode()
    assert not [each for each in (*written, shown) if b"very-secret" in each or b"wrong-" in each]
