"""The parts of a page that a command measures and writes: each stands between two comments that
name it, and the text around them is written by hand.
"""

from __future__ import annotations

from pathlib import Path


def section(text: str, name: str) -> str:
    """What stands between the comments of this name."""
    return text.partition(_begin(name))[2].partition(_end(name))[0]


def write_section(page: Path, name: str, content: str) -> None:
    """Replaces what stands between the comments of this name. Raises ValueError without them."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_begin(name))
    _, end, after = rest.partition(_end(name))
    if not begin or not end:
        raise ValueError(f"{page} has no place for {name}")
    page.write_text(f"{before}{begin}\n{content}\n{end}{after}", encoding="utf-8")


def _begin(name: str) -> str:
    return f"<!-- {name}: begin -->"


def _end(name: str) -> str:
    return f"<!-- {name}: end -->"
