"""The ECB's rates, fetched once a run where a reporting currency is configured."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.job.context import RunContext
from pipelines.job.events import Event


def fetched(run: RunContext) -> Mapping[str, str]:
    """Each day's row as it came. Rates stop no run: what fails is told, and the next run fetches
    them; until then those that are held count."""
    if run.reporting is None:
        return {}
    from sources.exchange_rates import RatesError, fetch

    try:
        return fetch(run.reporting.rates_url)
    except RatesError as error:
        run.tell(
            Event(
                "exchange_rates_failed",
                f"The exchange rates could not be fetched: {error}. Amounts in"
                f" {run.reporting.currency} go by the rates that are held; the next run tries"
                " again.",
                "warning",
            )
        )
        return {}
