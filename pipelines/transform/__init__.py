"""Builds what transforms/ says from what `raw` holds, and audits it."""

from __future__ import annotations

from pipelines.transform.audit import AuditFinding
from pipelines.transform.build import BuildResult, build, can_go_on
from pipelines.transform.model import ModelError

__all__ = ["AuditFinding", "BuildResult", "ModelError", "build", "can_go_on"]
