"""The same numbers to an OpenTelemetry collector, which its own variables name.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pipelines.report.metrics import Gauge

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def collector() -> str | None:
    """Its host and port; None where none is named, or OpenTelemetry is turned off."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    named = [os.environ[name] for name in _ENDPOINTS if os.environ.get(name)]
    return urlsplit(named[0]).netloc.rpartition("@")[2] if named else None


def send(gauges: Iterable[Gauge]) -> bool:
    """Send them to the collector, over HTTP. Returns whether it took them.

    Raises:
        ModuleNotFoundError: the extra `opentelemetry` isn't installed.
    """
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource

    # The line about a failure is the caller's.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
    named = Resource({SERVICE_NAME: "billhouse"}).merge(OTELResourceDetector().detect())
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], named)
    meter = provider.get_meter("billhouse")
    for each in gauges:
        gauge = meter.create_gauge(f"billhouse_{each.name}", description=each.meaning)
        for labels, value in each.samples:
            gauge.set(value, dict(labels))
    data = reader.get_metrics_data()
    exporter = OTLPMetricExporter()
    try:
        return data is None or exporter.export(data) is MetricExportResult.SUCCESS
    finally:
        exporter.shutdown()
        provider.shutdown()
