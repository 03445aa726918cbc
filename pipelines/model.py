"""The SQL files of transforms/: what each builds, what it reads, and in which order they are built.

A file `staging/x.sql` or `marts/x.sql` holds one SELECT and becomes the table of that name, or a
view where it only renames or joins (`staging/*_readings.sql`, `*_documents.sql`,
`stg_{vendor}__invoices.sql`). Three things stand behind names that no file bears alone:

- `staging/stg_{vendor}__x.sql` is one file for every vendor that has an invoice reading.
- `staging.stg_all__x` is the union of every vendor's `stg_<vendor>__x`.
- `staging.source_<vendor>__x` is the view `source.sql` over `raw.<vendor>__x`, and
  `staging.source_all__x` the union of those.

What a build keeps are the marts, `staging.stg_<vendor>__invoices`, and what these, audits and
alerts read; the rest of staging is gone after it. A table that names `invoice_id` is kept invoice
by invoice, any other is made anew as a whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal

TRANSFORMS = Path(__file__).resolve().parent.parent / "transforms"
_SOURCE = re.compile(r"staging\.source_(?P<vendor>[a-z0-9]+)__(?P<entity>[a-z_]+)")
_VENDOR_INVOICES = re.compile(r"staging\.stg_[a-z0-9]+__invoices")
_VENDOR_MODEL = re.compile(r"staging\.stg_(?P<vendor>[a-z0-9]+)__(?P<entity>[a-z_]+)")
_TEMPLATE = "{vendor}"
Severity = Literal["error", "warning"]
_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning"}
_VIEW = re.compile(rf"staging\..*(_readings|_documents)|{_VENDOR_INVOICES.pattern}")
_COMMENT = re.compile(r"--[^\n]*")
_RELATION = re.compile(r"\b(?:staging|marts)\.[a-z0-9_]+")
_DESCRIBED_COLUMN = re.compile(r"(\w+),? -- (.*)")
_MADE_BY_THE_BUILD = "staging.run"


class ModelError(Exception):
    """A file in transforms/ that can't be placed: names the file and what is wrong with it."""


@dataclass(frozen=True)
class Model:
    """One relation to build. `name` carries its schema, `query` is a single SELECT.

    Where `raw_table` is set, the query has a place `{relation}` for that table, wherever it lies.
    """

    name: str
    query: str
    references: frozenset[str]
    is_view: bool = False
    raw_table: str | None = None
    is_by_invoice: bool = False
    is_kept: bool = False


@dataclass(frozen=True)
class Audit:
    """A query whose rows break a rule. An `error` stops publishing, a `warning` is reported."""

    name: str
    severity: Severity
    message: str
    query: str


@dataclass(frozen=True)
class Description:
    """What a mart's file says of it: its first comment, and the comment behind each column."""

    table: str
    comment: str
    columns: dict[str, str] = field(default_factory=dict)
    is_by_invoice: bool = False


def models(folder: Path = TRANSFORMS) -> list[Model]:
    """All models in an order in which each stands behind what it reads.

    Raises:
        ModelError: A file reads something that no file builds, or two files read each other.
    """
    written = list(_written(folder))
    sources = _sources(written, (folder / "source.sql").read_text(encoding="utf-8"))
    known = {model.name: model for model in (*written, *_unions(written), *sources)}
    graph = {model.name: model.references for model in known.values()}
    for model in known.values():
        if unknown := model.references - known.keys():
            raise ModelError(
                f"{model.name} reads {', '.join(sorted(unknown))}, which no file builds"
            )
    kept = _kept(known, folder)
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ModelError(f"these models read each other: {' → '.join(error.args[1])}") from error
    return [replace(known[name], is_kept=name in kept) for name in order]


def fingerprint(folder: Path = TRANSFORMS) -> str:
    """A hash of all SQL files: what one set of them has built, another must build anew."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.sql")):
        digest.update(f"{path.relative_to(folder)}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def macros(folder: Path = TRANSFORMS) -> list[str]:
    """The macro files' statements; each file uses only macros of its own or of a file before it."""
    return [path.read_text(encoding="utf-8") for path in sorted((folder / "macros").glob("*.sql"))]


def audits(folder: Path = TRANSFORMS) -> Iterator[Audit]:
    """The audits by name; the first comment says `error:` or `warning:` and what is wrong."""
    for path in sorted((folder / "audits").glob("*.sql")):
        query = path.read_text(encoding="utf-8")
        word, _, message = _header(query).partition(": ")
        if word not in _SEVERITIES:
            raise ModelError(
                f"{path.name} must open with a comment '-- error: …' or '-- warning: …'"
            )
        yield Audit(path.stem, _SEVERITIES[word], message, query)


def descriptions(folder: Path = TRANSFORMS) -> list[Description]:
    """What the files in marts/ say of their tables and columns."""
    return [_description(path) for path in sorted((folder / "marts").glob("*.sql"))]


def _written(folder: Path) -> Iterator[Model]:
    paths = [
        path for schema in ("staging", "marts") for path in sorted((folder / schema).glob("*.sql"))
    ]
    names = [f"{path.parent.name}.{path.stem}" for path in paths]
    vendors = [
        match["vendor"]
        for name in names
        if (match := _VENDOR_MODEL.fullmatch(name)) and match["entity"] == "invoice_readings"
    ]
    for path, name in zip(paths, names, strict=True):
        query = path.read_text(encoding="utf-8")
        for vendor in vendors if _TEMPLATE in name else [""]:
            yield _model(name.replace(_TEMPLATE, vendor), query.replace(_TEMPLATE, vendor))


def _model(name: str, query: str) -> Model:
    return Model(
        name,
        query,
        _references(query),
        is_view=_VIEW.fullmatch(name) is not None,
        is_by_invoice=_is_by_invoice(query),
    )


def _is_by_invoice(query: str) -> bool:
    return "invoice_id" in _COMMENT.sub("", query)


def _references(query: str) -> frozenset[str]:
    return frozenset(_RELATION.findall(_COMMENT.sub("", query))) - {_MADE_BY_THE_BUILD}


def _kept(known: Mapping[str, Model], folder: Path) -> set[str]:
    waiting = [name for name in known if name.startswith("marts.") or _VENDOR_INVOICES.match(name)]
    for kind in ("audits", "alerts"):
        for path in sorted((folder / kind).glob("*.sql")):
            waiting += _references(path.read_text(encoding="utf-8")) & known.keys()
    kept: set[str] = set()
    while waiting:
        model = known[waiting.pop()]
        if model.name not in kept:
            kept.add(model.name)
            if model.is_view or not model.is_by_invoice:
                waiting += model.references
    return kept


def _unions(written: Iterable[Model]) -> Iterator[Model]:
    members: dict[str, list[str]] = {}
    for model in written:
        if match := _VENDOR_MODEL.fullmatch(model.name):
            members.setdefault(match["entity"], []).append(model.name)
    for entity, names in members.items():
        yield _union(f"staging.stg_all__{entity}", names)


def _sources(written: Iterable[Model], query: str) -> Iterator[Model]:
    members: dict[str, list[str]] = {}
    for name in sorted({name for model in written for name in model.references}):
        match = _SOURCE.fullmatch(name)
        if match and match["vendor"] != "all":
            members.setdefault(match["entity"], []).append(name)
            yield Model(
                name,
                query.replace(_TEMPLATE, match["vendor"]),
                frozenset(),
                is_view=True,
                raw_table=f"{match['vendor']}__{match['entity']}",
            )
    for entity, names in members.items():
        yield _union(f"staging.source_all__{entity}", names)


def _union(name: str, members: list[str]) -> Model:
    query = "\nUNION ALL BY NAME\n".join(f"FROM {member}" for member in members)
    return Model(name, query, frozenset(members), is_view=True)


def _description(path: Path) -> Description:
    query = path.read_text(encoding="utf-8")
    columns = dict(_DESCRIBED_COLUMN.findall(query.rpartition("\nSELECT\n")[2]))
    return Description(
        f"{path.parent.name}.{path.stem}",
        _header(query),
        columns,
        is_by_invoice=_is_by_invoice(query),
    )


def _header(query: str) -> str:
    lines = query.splitlines()
    opening = lines[
        : next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    ]
    return " ".join(line.removeprefix("--").strip() for line in opening)
