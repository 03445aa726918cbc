"""How the last run went, in numbers: as a text file for Prometheus' node exporter.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.errors import JobError
from pipelines.job.result import RunResult
from pipelines.report.status import freshness
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.writing import replacing

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True)
class Gauge:
    """A number for each of some labels; `name` is without `billhouse_`."""

    name: str
    meaning: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def gauges(
    warehouse: Warehouse, exit_code: int, now: datetime, result: RunResult | None = None
) -> list[Gauge]:
    """What there is to tell of a run; `result` is None where it ended with an error."""
    return [each for each in _gauges(warehouse, exit_code, now, result) if each.samples]


def write(file: Path, gauges: Iterable[Gauge]) -> None:
    """Replace the file in one step.

    Raises:
        OSError: the file can't be written.
    """
    with replacing(file) as unfinished:
        unfinished.write_text("".join(map(_family, gauges)), encoding="utf-8")
        # The exporter is another user; no secret and no amount is in it.
        unfinished.chmod(0o644)


def _gauges(
    warehouse: Warehouse, exit_code: int, now: datetime, result: RunResult | None
) -> Iterator[Gauge]:
    yield Gauge("run_exit_code", "Exit code of the last run.", [({}, exit_code)])
    yield Gauge(
        "run_finished_timestamp_seconds", "When the last run ended.", [({}, now.timestamp())]
    )
    try:
        accounts = freshness(warehouse).accounts
    except JobError:  # nothing was loaded yet
        accounts = []
    yield Gauge(
        "account_last_success_timestamp_seconds",
        "When an account last came whole.",
        [
            (
                {"vendor": each["vendor"], "account": each["account"]},
                each["last_ok_at"].timestamp(),
            )
            for each in accounts
            if each["last_ok_at"] is not None
        ],
    )
    if result is None:
        return
    yield Gauge("run_duration_seconds", "How long the last run took.", [({}, result.seconds)])
    labelled = [
        ({"vendor": each.vendor, "account": each.account}, each) for each in result.outcomes
    ]
    for name, meaning in (
        ("requests", "Requests of the account in the last run."),
        ("documents", "Documents that came of the account in the last run."),
        ("new_versions", "Documents that were new or had changed."),
    ):
        yield Gauge(
            f"account_{name}", meaning, [(labels, getattr(each, name)) for labels, each in labelled]
        )
    yield Gauge(
        "account_failed",
        "Whether anything of the account failed in the last run.",
        [(labels, int(each.outcome != "ok")) for labels, each in labelled],
    )
    yield Gauge("rejected_documents", "Documents that can't be read.", [({}, len(result.rejected))])
    findings = result.transform.findings if result.transform else ()
    yield Gauge(
        "audit_rows",
        "Rows that break an audit's rule.",
        [({"audit": each.name, "severity": each.severity}, each.count) for each in findings],
    )


def _family(gauge: Gauge) -> str:
    name = f"billhouse_{gauge.name}"
    lines = [f"{name}{_labels(labels)} {value:.15g}\n" for labels, value in gauge.samples]
    return f"# HELP {name} {gauge.meaning}\n# TYPE {name} gauge\n{''.join(lines)}"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""
