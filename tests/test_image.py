"""What can be told of the Dockerfile without a container engine: it copies all that it needs."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
COPIED = {
    source
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for source in sources.split()
}


def test_what_is_copied_is_there_and_let_through() -> None:
    assert IGNORED[0] == "*"
    assert {line.removeprefix("!") for line in IGNORED if line.startswith("!")} == COPIED
    assert all((ROOT / source).exists() for source in COPIED)


def test_what_the_wheel_is_made_of_is_copied() -> None:
    project = PROJECT["project"]
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {*packages, project["readme"], *project["license-files"]} <= COPIED
    assert {"pyproject.toml", "uv.lock"} <= COPIED


def test_the_environment_stays_where_it_was_made_and_holds_the_program() -> None:
    """A virtual environment names its own folder, so it can't be moved."""
    [(made, used)] = re.findall(r"^COPY --from=build (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    assert made == used
    assert f"ENV PATH={used}/bin:$PATH" in DOCKERFILE
    [entrypoint] = re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(entrypoint)[0] in PROJECT["project"]["scripts"]
