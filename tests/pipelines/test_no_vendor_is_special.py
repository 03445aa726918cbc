"""What a vendor is stands in its own module and its own SQL: no other code asks which one it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from sandbox.registry import VENDORS

ROOT = Path(__file__).resolve().parents[2]
NAMES = re.compile("|".join(VENDORS), re.IGNORECASE)


def named_in(source: str) -> set[str]:
    """Names of vendors in code and as values; in sentences and examples they are free."""
    words = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name | ast.Attribute):
            words.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value if node.value.isidentifier() else "")
            if "Examples:" not in node.value:
                words |= set(re.findall(r"'(\w+)'", node.value))
    return {word for word in words if NAMES.fullmatch(word)}


def test_the_job_names_no_vendor() -> None:
    assert named_in("if vendor == 'turso': pass") == {"turso"}
    assert named_in("\"SELECT 1 WHERE vendor = 'turso'\"") == {"turso"}
    for path in (ROOT / "pipelines").rglob("*.py"):
        assert not named_in(path.read_text(encoding="utf-8")), path


def test_the_marts_and_exports_name_no_vendor() -> None:
    for folder in ("marts", "exports"):
        for path in (ROOT / "transforms" / folder).glob("*.sql"):
            assert not NAMES.search(path.read_text(encoding="utf-8")), path
