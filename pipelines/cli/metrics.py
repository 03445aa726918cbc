"""The numbers of a run, to whoever watches: a file for Prometheus, a collector of OpenTelemetry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.job.events import Event, Listener
from pipelines.warehouse.files import Warehouse

if TYPE_CHECKING:
    from pipelines.job.result import RunResult
    from pipelines.report.metrics import Gauge


@dataclass(frozen=True)
class Metrics:
    """Told after a run, however it ended, where the configuration says to whom. Fails no run."""

    file: Path | None
    warehouse: Warehouse
    tell: Listener

    @contextmanager
    def of_failure(self) -> Iterator[None]:
        """Tell of a run that ends with an error."""
        try:
            yield
        except Exception as error:
            self.tell_of(getattr(error, "exit_code", 1))
            raise

    def tell_of(self, exit_code: int, result: RunResult | None = None) -> None:
        """Tell of a run that ended."""
        from pipelines.report.telemetry import collector

        to = collector()
        if self.file is None and to is None:
            return
        from pipelines.report.metrics import gauges

        found = gauges(self.warehouse, exit_code, datetime.now(UTC), result)
        if self.file is not None:
            self._write(self.file, found)
        if to is not None:
            self._send(to, found)

    def _write(self, file: Path, found: list[Gauge]) -> None:
        from pipelines.report.metrics import write

        try:
            write(file, found)
        except OSError as error:
            self._warn(
                f"The metrics could not be written to {file}: {error.strerror or error}. Check"
                " textfile in [metrics]."
            )

    def _send(self, collector: str, found: list[Gauge]) -> None:
        from pipelines.report.telemetry import send

        try:
            if not send(found):
                self._warn(
                    f"The collector at {collector} did not take the metrics. It must speak OTLP"
                    " over HTTP (port 4318, usually): check OTEL_EXPORTER_OTLP_ENDPOINT."
                )
        except ModuleNotFoundError:
            self._warn(
                "OTEL_EXPORTER_OTLP_… names a collector, but OpenTelemetry isn't installed: install"
                " billhouse[opentelemetry], or unset it."
            )

    def _warn(self, message: str) -> None:
        self.tell(Event("metrics_failed", message, "warning"))
