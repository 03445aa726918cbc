"""The numbers of each run: in a file for Prometheus, and at a collector of OpenTelemetry."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sandbox.server import Sandbox
from tests.pipelines.processes import Billhouse
from tests.support.listening import answering


@dataclass
class Collector:
    """`requests` are what it took: the path, the token and the body; `status` is its answer."""

    url: str
    status: int = 200
    requests: list[tuple[str, str | None, ExportMetricsServiceRequest]] = field(
        default_factory=list
    )


@contextmanager
def collecting() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            request = ExportMetricsServiceRequest.FromString(body)
            taking.requests.append((self.path, self.headers["x-token"], request))
            self.send_response(taking.status)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taking = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        with answering(server):
            yield taking


def test_metrics_after_each_run(
    billhouse: Billhouse, warehouse: Warehouse, shared_sandbox: Sandbox, tmp_path: Path
) -> None:
    """Also after one that ended early; and what can't be written fails no run."""
    file = tmp_path / "billhouse.prom"
    variables = {**shared_sandbox.environment(["turso"]), "METRICS__TEXTFILE": "billhouse.prom"}
    assert billhouse("run", variables=variables).returncode == 0
    text = file.read_text()
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    account = '{vendor="turso",account="turso-1-full"}'
    assert samples["billhouse_run_exit_code"] == "0"
    assert samples[f"billhouse_account_failed{account}"] == "0"
    assert int(samples[f"billhouse_account_documents{account}"]) > 0
    ended = float(samples["billhouse_run_finished_timestamp_seconds"])
    assert (
        0
        <= ended - float(samples[f"billhouse_account_last_success_timestamp_seconds{account}"])
        < 120
    )
    assert abs(ended - file.stat().st_mtime) < 60
    for name in {line.split("{")[0].split(" ")[0] for line in samples}:
        assert f"# TYPE {name} gauge" in text

    with holding(warehouse, lock_timeout=0):
        assert billhouse("run", "--lock-timeout", "0", variables=variables).returncode == 1
    assert "billhouse_run_exit_code 1\n" in file.read_text()
    variables["METRICS__TEXTFILE"] = "/nowhere/x.prom"
    finished = billhouse("run", variables=variables)
    assert finished.returncode == 0
    assert "Check textfile in [metrics]" in finished.stderr


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def test_a_collector_gets_them_too(
    billhouse: Billhouse, shared_sandbox: Sandbox, collector: Collector
) -> None:
    """Named by OpenTelemetry's own variables; one that refuses them fails no run."""
    variables = {
        **shared_sandbox.environment(["turso"]),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-token=very-secret",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=night",
    }
    assert billhouse("run", "--log-format", "json", variables=variables).returncode == 0
    [(path, token, request)] = collector.requests
    assert (path, token) == ("/v1/metrics", "very-secret")
    [sent] = request.resource_metrics
    about = {each.key: each.value.string_value for each in sent.resource.attributes}
    assert about["service.name"] == "billhouse"
    assert about["deployment.environment"] == "night"
    gauges = {each.name: each.gauge for each in sent.scope_metrics[0].metrics}
    assert gauges["billhouse_run_exit_code"].data_points[0].as_int == 0
    documents = {
        tuple((each.key, each.value.string_value) for each in point.attributes): point.as_int
        for point in gauges["billhouse_account_documents"].data_points
    }
    assert documents[("vendor", "turso"), ("account", "turso-1-full")] > 0

    collector.status = 400
    finished = billhouse("run", variables=variables)
    assert finished.returncode == 0
    assert finished.stderr.count("did not take the metrics") == 1
    assert "very-secret" not in finished.stdout + finished.stderr
    asked = len(collector.requests)
    assert billhouse("run", variables=variables | {"OTEL_SDK_DISABLED": "true"}).returncode == 0
    assert len(collector.requests) == asked
