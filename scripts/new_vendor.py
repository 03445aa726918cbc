"""A new vendor that works at once: a copy of the one whose API is nearest, under its own name.

    python scripts/new_vendor.py acme --title "Acme Cloud" --like turso

It writes what CONTRIBUTING's steps 2 to 5 and 8 name (source, readings, stand-in, page), and enters
it in both registries and in the layers of `pyproject.toml`. From there on the tests of the contract
pass, and each file is changed until it says what the vendor's evidence says.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[a-z][a-z0-9]*")
_REGISTRIES = {
    "sources/registry.py": "from sources.{name} import {constant}\n",
    "sandbox/registry.py": "from sandbox.vendors.{name}.api import {constant}\n",
}
# In front of files of charges, which are asked after last.
_ENTRIES = re.compile(r"(?P<before>for vendor in \([^)]*?),?\s*(?P<after>(FOCUS,\s*)?\))")
# Only the layer has bars in it; the keywords have none.
_LAYER = re.compile(r'(?P<layer>"(?=[^"]*\|)[a-z0-9 |]*\b{like}\b[a-z0-9 |]*)"')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="as the configuration and the tables call it: acme")
    parser.add_argument("--title", help="as people write it; by default the name, capitalised")
    parser.add_argument("--like", required=True, help="the vendor whose API is nearest")
    arguments = parser.parse_args()
    name, like = arguments.name, arguments.like
    if not NAME.fullmatch(name) or (ROOT / "sources" / f"{name}.py").exists():
        return _fail(f"{name!r} is no name for a new vendor: small letters and digits, and unused.")
    if not (ROOT / "sandbox" / "vendors" / like).is_dir():
        return _fail(f"There is no vendor {like!r} to begin from.")
    title = arguments.title or name.capitalize()
    for file in _files(like):
        copy = ROOT / _renamed(file.relative_to(ROOT).as_posix(), like, name, title)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = _renamed(file.read_text(encoding="utf-8"), like, name, title)
        copy.write_text(text, encoding="utf-8")
        print(f"wrote   {copy.relative_to(ROOT)}")
    for file_name, line in _REGISTRIES.items():
        _register(ROOT / file_name, line, name)
    _layer(ROOT / "pyproject.toml", like, name)
    print(
        "Next: `make format`; then every sentence, address and reading in these files is still"
        f" {like}'s. Replace each by what the vendor's evidence says, and follow CONTRIBUTING's"
        " steps 6 to 8 (expectation, tests of the readings, tables of vendors)."
    )
    return 0


def _files(like: str) -> Iterator[Path]:
    yield ROOT / "sources" / f"{like}.py"
    yield ROOT / "docs" / "vendors" / f"{like}.md"
    yield from sorted((ROOT / "transforms" / "staging" / like).glob("*.sql"))
    yield from sorted((ROOT / "sandbox" / "vendors" / like).glob("*.py"))
    macros = ROOT / "transforms" / "macros" / f"{like}.sql"
    if macros.exists():
        yield macros


def _renamed(text: str, like: str, name: str, title: str) -> str:
    """Constants, names of modules and classes, the vendor's own name and its title."""
    text = re.sub(rf"(?<![a-z]){like}(?![a-z])", name, text)
    text = text.replace(like.upper(), name.upper())
    text = re.sub(rf"(?i)\b{like}(?=[A-Z])", title.replace(" ", ""), text)
    return re.sub(rf"(?i)\b{like}\b", title, text)


def _register(file: Path, line: str, name: str) -> None:
    constant = name.upper()
    text = file.read_text(encoding="utf-8")
    imports = [each for each in text.splitlines(keepends=True) if each.startswith("from s")]
    ours = sorted([*imports, line.format(name=name, constant=constant)])
    text = text.replace("".join(imports), "".join(ours))
    text = _ENTRIES.sub(rf"\g<before>, {constant}, \g<after>", text)
    file.write_text(text, encoding="utf-8")
    print(f"entered {file.relative_to(ROOT)}")


def _layer(file: Path, like: str, name: str) -> None:
    text = file.read_text(encoding="utf-8")
    layer = re.compile(_LAYER.pattern.format(like=like))
    file.write_text(layer.sub(rf'\g<layer> | {name}"', text), encoding="utf-8")
    print(f"entered {file.relative_to(ROOT)}")


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
