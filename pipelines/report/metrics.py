"""How the last run went, as a text file for Prometheus' node exporter.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from pipelines.errors import JobError
from pipelines.job.result import RunResult
from pipelines.report.status import freshness
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.writing import replacing

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def write(
    file: Path,
    warehouse: Warehouse,
    exit_code: int,
    now: datetime,
    result: RunResult | None = None,
) -> None:
    """Replace the file in one step; `result` is None where the run ended with an error.

    Raises:
        OSError: the file can't be written.
    """
    text = "".join(_families(warehouse, exit_code, now, result))
    with replacing(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
        # The exporter is another user; no secret and no amount is in it.
        unfinished.chmod(0o644)


def _families(
    warehouse: Warehouse, exit_code: int, now: datetime, result: RunResult | None
) -> Iterator[str]:
    yield _gauge("run_exit_code", "Exit code of the last run.", [("", exit_code)])
    yield _gauge(
        "run_finished_timestamp_seconds", "When the last run ended.", [("", now.timestamp())]
    )
    try:
        accounts = freshness(warehouse).accounts
    except JobError:  # nothing was loaded yet
        accounts = []
    yield _gauge(
        "account_last_success_timestamp_seconds",
        "When an account last came whole.",
        [
            (
                _labels(vendor=each["vendor"], account=each["account"]),
                each["last_ok_at"].timestamp(),
            )
            for each in accounts
            if each["last_ok_at"] is not None
        ],
    )
    if result is None:
        return
    yield _gauge("run_duration_seconds", "How long the last run took.", [("", result.seconds)])
    labelled = [
        (_labels(vendor=each.vendor, account=each.account), each) for each in result.outcomes
    ]
    for name, meaning in (
        ("requests", "Requests of the account in the last run."),
        ("documents", "Documents that came of the account in the last run."),
        ("new_versions", "Documents that were new or had changed."),
    ):
        yield _gauge(
            f"account_{name}", meaning, [(labels, getattr(each, name)) for labels, each in labelled]
        )
    yield _gauge(
        "account_failed",
        "Whether anything of the account failed in the last run.",
        [(labels, int(each.outcome != "ok")) for labels, each in labelled],
    )
    yield _gauge(
        "rejected_documents", "Documents that can't be read.", [("", len(result.rejected))]
    )
    findings = result.transform.findings if result.transform else ()
    yield _gauge(
        "audit_rows",
        "Rows that break an audit's rule.",
        [(_labels(audit=each.name, severity=each.severity), each.count) for each in findings],
    )


def _gauge(name: str, meaning: str, samples: Iterable[tuple[str, float]]) -> str:
    lines = [f"billhouse_{name}{labels} {value:.15g}\n" for labels, value in samples]
    if not lines:
        return ""
    return f"# HELP billhouse_{name} {meaning}\n# TYPE billhouse_{name} gauge\n{''.join(lines)}"


def _labels(**labels: str) -> str:
    pairs = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{pairs}}}"
