"""Alerts after a run: what somebody should know of, sent once and told by the exit code.

Each rule is a query, `transforms/alerts/<kind>.sql`, whose rows (`alert_key`, `message`) are what
is wrong now. What is wrong for the first time is told; what is no longer wrong may be told again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.config.alerts import AlertSettings
from pipelines.errors import JobError, UsageError
from pipelines.job import alerts_sent
from pipelines.job.alerts_channels import ChannelError, channels, ping
from pipelines.job.alerts_sent import Alert
from pipelines.job.events import Event, Listener
from pipelines.job.result import RunResult
from pipelines.transform import project
from pipelines.transform.published_names import over_published
from pipelines.warehouse import invoice_files, load_results
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding

if TYPE_CHECKING:
    import duckdb

RUN_FAILED = "run_failed"
# Where nothing was published, the other rules would tell of what nobody can look up.
WITHOUT_A_BUILD = (RUN_FAILED, "account_failed")


class Alerting:
    """Looks for alerts around one run, if the settings want any. It never fails the run."""

    def __init__(self, settings: AlertSettings, warehouse: Warehouse, listener: Listener) -> None:
        self._settings = settings
        self._warehouse = warehouse
        self._tell = listener

    @contextmanager
    def of_failure(self) -> Iterator[None]:
        """Tell of a run that ends with an error, and let the error pass.

        Not of wrong usage or configuration: nothing ran, and whoever started it sees exit code 2.
        """
        try:
            yield
        except UsageError:
            raise
        except JobError as error:
            self._alert(problem=str(error))
            raise
        except Exception as error:
            self._alert(problem=f"Unexpected {type(error).__name__}; the log shows more.")
            raise

    def exit_code_after(self, report: RunResult, *, is_spread: bool = False) -> int:
        """Send what is new since the last run. The run's own exit code comes first. That a run was
        published, or failed, is told once of all shards that are spread, by `tell_of_all`."""
        if is_spread and report.problem is not None:
            return report.exit_code
        alerts = self._alert(problem=report.problem)
        if report.problem is None and not is_spread:
            self._ping()
        return report.exit_code or (self._settings.exit_code if alerts else 0)

    def tell_of_all(self, problem: str | None) -> None:
        """Tell how a run of all shards ended; each time, since nothing remembers it."""
        if problem is None:
            self._ping()
        elif self._settings.wanted:
            self._send([Alert(RUN_FAILED, "", f"The run failed: {problem}")])

    def _alert(self, *, problem: str | None) -> Sequence[Alert]:
        if not self._settings.wanted:
            return ()
        import duckdb

        failed = [] if problem is None else [Alert(RUN_FAILED, "", f"The run failed: {problem}")]
        try:
            with (
                holding(self._warehouse, lock_timeout=0),
                closing(connect(self._warehouse)) as connection,
            ):
                return self._alert_once(connection, failed)
        except (JobError, duckdb.Error) as error:
            # Nothing can be remembered, so that a failed run may be told more than once.
            reason = str(error).splitlines()[0].rstrip(".")
            self._warn(f"No alerts could be looked for: {reason}. The next run looks again.")
            self._send(failed)
            return failed

    def _alert_once(
        self, connection: duckdb.DuckDBPyConnection, failed: Sequence[Alert]
    ) -> Sequence[Alert]:
        alerts_sent.create(connection)
        load_results.create(connection)
        invoice_files.create(connection)
        found = self._look(connection, WITHOUT_A_BUILD if failed else (RUN_FAILED, *rules()))
        lasting = [*failed, *(alert for alerts in found.values() for alert in alerts)]
        new = alerts_sent.not_sent_yet(connection, lasting)
        now = datetime.now(UTC)
        # Told first and remembered then: a run killed between the two tells twice, never not.
        taken = self._send(new)
        connection.begin()
        alerts_sent.end_others(connection, list(found), lasting, now)
        if taken:
            alerts_sent.add(connection, new, now)
        connection.commit()
        return new

    def _look(
        self, connection: duckdb.DuckDBPyConnection, kinds: Sequence[str]
    ) -> dict[str, list[Alert]]:
        """What each rule finds in the published tables, and in the results of all runs. One that
        can't be asked is left out, so that it ends no alert."""
        import duckdb

        found = {}
        with over_published(connection, self._warehouse.published) as asked:
            for kind in kinds:
                try:
                    found[kind] = _found(asked, kind)
                except duckdb.Error as error:
                    reason = str(error).splitlines()[0].rstrip(".")
                    self._warn(
                        f"Alerts of the kind {kind} could not be looked for: {reason}. Those of"
                        " other kinds were; the next run looks again. If it stays so, please report"
                        " it."
                    )
        return found

    def _send(self, alerts: Sequence[Alert]) -> bool:
        """Whether they are told: by one channel at least, or where the exit code alone tells."""
        every = channels(self._settings)
        if not alerts or not every:
            return True
        taken = []
        for name, send in every.items():
            try:
                send(alerts)
                taken.append(name)
            except ChannelError as error:
                self._warn(
                    f"{len(alerts)} alert(s) could not be sent: {error}. Check {name} in [alerts]"
                    " with `billhouse alerts test`; the next run sends them, if no other channel"
                    " took them."
                )
        if taken:
            fields = {"alerts": len(alerts), "channels": taken}
            self._tell(Event("alerts_sent", f"Sent {len(alerts)} alert(s)", fields=fields))
        return bool(taken)

    def _ping(self) -> None:
        """Tell who waits for it that something was published."""
        if self._settings.success_url is None:
            return
        try:
            ping(self._settings.success_url)
        except ChannelError as error:
            self._warn(f"success_url in [alerts] could not be reached: {error}.")

    def _warn(self, message: str) -> None:
        self._tell(Event("alerts_failed", message, "warning"))


def rules() -> list[str]:
    """The kinds of alert that a query finds."""
    return [each.name for each in project.alerts()]


def _found(connection: duckdb.DuckDBPyConnection, kind: str) -> list[Alert]:
    found = [
        Alert(kind, key, message)
        for each in project.alerts()
        if each.name == kind
        for key, message in connection.execute(each.text).fetchall()
    ]
    return sorted(found, key=lambda alert: alert.key)
