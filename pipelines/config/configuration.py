"""What is configured: one object that a command makes once and hands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.config.accounts import known_vendors, no_account
from pipelines.config.in_vain import refuse_settings_in_vain, refuse_unknown
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from pipelines.config.accruals import BookingAccounts
    from pipelines.config.alerts import AlertSettings
    from pipelines.config.lake import Lake
    from pipelines.config.reporting import ReportingSettings
    from sources.accounts.values import Values
    from sources.vendor import ConfiguredAccount


class Configuration:
    """dlt's configuration, or `values` in its place; nothing is read before it is asked for.

    Each method raises UsageError for a mistake in what it reads.
    """

    def __init__(self, values: Values | None = None) -> None:
        self._values = values

    @cached_property
    def values(self) -> Values:
        from sources.accounts.values import DltValues

        return self._values or DltValues()

    def get(self, *path: str) -> Any:
        """One setting as it is written; None where it isn't."""
        with _told():
            return self.values.get(*path)

    def accounts(
        self, vendors: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[ConfiguredAccount]:
        """The configured accounts of these vendors, and of these names; nothing given means all.

        Only the configuration of the selected vendors is read, so a mistake at one vendor doesn't
        keep an operator from running the others. An unknown vendor or account, and none at all, is
        a mistake too.
        """
        from sources.accounts.configuration import read_accounts

        wanted = known_vendors(vendors)
        with _told():
            refuse_settings_in_vain(self.values, [each.name for each in known_vendors([])])
            accounts = read_accounts(wanted, self.values)
        if not accounts:
            raise no_account(vendors)
        known = sorted({account.name for account in accounts})
        for name in names:
            if name not in known:
                raise UsageError(
                    f"There is no account {name!r}. Configured are: {', '.join(known)}."
                )
        return [account for account in accounts if not names or account.name in names]

    def alerts(self) -> AlertSettings:
        """`[alerts]`."""
        from pipelines.config.alerts import alert_settings

        with _told():
            return alert_settings(self.values)

    def reporting(self, currencies: Callable[[], Sequence[str]]) -> ReportingSettings | None:
        """`[reporting]`; `currencies` are those of ISO 4217."""
        with _told():
            if not self.values.keys("reporting"):
                return None
            from pipelines.config.reporting import reporting_settings

            return reporting_settings(self.values, currencies)

    def acknowledged(self, audits: Sequence[str]) -> dict[str, int]:
        """`[audits.acknowledged]`: of these audits, how many rows somebody knows of already."""
        section = ("audits", "acknowledged")
        with _told():
            names = self.values.keys(*section)
            refuse_unknown("audits.acknowledged", audits, names)
            found = {name: self.values.get(*section, name) for name in names}
        for name, rows in found.items():
            if not str(rows).isdecimal():
                raise UsageError(
                    f"`{name}` in [audits.acknowledged] is {rows!r}: write how many rows of it are"
                    " known; more are told again."
                )
        return {name: int(rows) for name, rows in found.items()}

    def rule_files(self) -> dict[str, str]:
        """What the files of `[allocation]` and `[budgets]` say, by name: JSON texts."""
        from pipelines.config.allocation import rule_files

        with _told():
            return rule_files(self.values)

    def archives(self) -> bool:
        """`enabled` of `[archive]`: whether the files of invoices are fetched and kept."""
        with _told():
            refuse_unknown("archive", ["enabled"], self.values.keys("archive"))
            enabled = self.values.get("archive", "enabled")
        text = str(enabled or False).lower()
        if text not in ("true", "false"):
            raise UsageError(
                f"`enabled` in [archive] (ARCHIVE__ENABLED) is {enabled!r}: write true or false."
            )
        return text == "true"

    def booking_accounts(self) -> BookingAccounts:
        """`[accruals]`."""
        from pipelines.config.accruals import booking_accounts

        with _told():
            return booking_accounts(self.values)

    def lake(self) -> Lake | None:
        """`[lake]`."""
        from pipelines.config.lake import lake

        with _told():
            return lake(self.values)

    def metrics_textfile(self) -> Path | None:
        """`textfile` of `[metrics]`: where Prometheus' node exporter looks."""
        with _told():
            refuse_unknown("metrics", ["textfile"], self.values.keys("metrics"))
            file = self.values.get("metrics", "textfile")
        return None if file is None else Path(str(file)).absolute()


@contextmanager
def _told() -> Iterator[None]:
    from sources.errors import ConfigurationError

    try:
        yield
    except ConfigurationError as error:
        reason = str(error).rstrip(".")
        raise UsageError(f"The configuration can't be used. {reason}.") from error
