"""The SQL files of transforms/: what each builds, how it is kept, and what it reads.

Three layers, each in a folder that is the schema of its tables: `staging/` reads the documents of
one vendor, which has a folder there; `intermediate/` holds the rules for all vendors; `marts/` is
what readers find. A file holds one SELECT, and its head, a comment, says what a row is and, in its
last line, how the rows are kept:

- `-- kept: by invoice`: a table of which a build replaces the rows of the invoices that changed.
- `-- kept: whole`: a table that each build fills again, from tables that are kept.
- `-- kept: view`: no table at all.
- `-- kept: scratch`: a table that a build needs in between, over the invoices that changed.

Three things stand behind names that no file bears alone:

- `staging/stg_{vendor}__x.sql` is one file for every vendor that has an invoice reading.
- `staging.stg_all__x` is the union of every vendor's `stg_<vendor>__x`.
- `staging.source_<vendor>__x` is the view `source.sql` over `raw.<vendor>__x`, and
  `staging.source_all__x` the union of those. A build shows it the invoices that changed; what a
  reading has to know of others it asks of `staging.whole_<vendor>__x`, the same over all.

What installed packages bring (`sources.plugins`) is read as if it stood in these folders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.transform import compiled
from pipelines.transform.graph import in_order
from pipelines.transform.model import (
    KINDS,
    SCHEMAS,
    TRANSFORMS,
    VIEW,
    Kind,
    Model,
    ModelError,
    Query,
    Severity,
    staging_name,
)
from pipelines.transform.parsing import parsed, references
from sources.plugins import Plugin, plugins

if TYPE_CHECKING:
    from sqlglot import exp

_TEMPLATE = "{vendor}"
_ASKING = ("exports", "reports", "shards")
_KEPT = "kept: "
_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning"}


def models(folder: Path = TRANSFORMS) -> list[Model]:
    """All models in an order in which each stands behind what it reads.

    Raises:
        ModelError: A file says nothing of how it is kept or can't be kept so, reads something that
            no file builds, or two files read each other.
    """
    return list(_models(folder, fingerprint(folder)))


@lru_cache
def _models(folder: Path, fingerprint: str) -> Sequence[Model]:
    if folder != TRANSFORMS:
        return _read(folder)
    models = compiled.found(fingerprint)
    if models is None:
        models = _read(folder)
        compiled.keep(fingerprint, models)
    return models


def _read(folder: Path) -> list[Model]:
    # Where no file has changed, neither this is needed nor the parser behind it.
    from pipelines.transform.check import checked

    queries: dict[str, exp.Query] = {}
    files = list(_files(folder, queries))
    source = (folder / "source.sql").read_text(encoding="utf-8")
    every = in_order([*files, *_unions(files), *_sources(files, source)])
    return checked(every, queries, folder)


def mart_names(folder: Path = TRANSFORMS) -> list[str]:
    """The names of the marts, without their schema."""
    return sorted(path.stem for path in (folder / "marts").glob("*.sql"))


def fingerprint(folder: Path = TRANSFORMS) -> str:
    """A hash of all that a build reads: what one set of files has built, another must build again.

    What only asks the published tables changes none of them.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.sql")):
        if path.relative_to(folder).parts[0] in _ASKING:
            continue
        digest.update(f"{path.relative_to(folder)}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for plugin in _plugins(folder):
        for path in (*plugin.staging(), *plugin.macros()):
            digest.update(f"{path.name} of {plugin.package}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def macros(folder: Path = TRANSFORMS) -> list[str]:
    """The macro files' statements; each file uses only macros of its own or of a file before it."""
    paths = sorted((folder / "macros").glob("*.sql"))
    paths += [path for plugin in _plugins(folder) for path in plugin.macros()]
    return [path.read_text(encoding="utf-8") for path in paths]


def audits(folder: Path = TRANSFORMS) -> Iterator[Query]:
    """The audits by name; the first comment says `error:` or `warning:` and what is wrong."""
    for path in sorted((folder / "audits").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        word, _, message = " ".join(_head(text)).partition(": ")
        if word not in _SEVERITIES:
            raise ModelError(
                f"{path.name} must open with a comment '-- error: …' or '-- warning: …'"
            )
        yield Query(path.stem, text, message, _SEVERITIES[word])


def alerts(folder: Path = TRANSFORMS) -> list[Query]:
    """The alerts by name, which is their kind."""
    paths = sorted((folder / "alerts").glob("*.sql"))
    return [Query(path.stem, path.read_text(encoding="utf-8")) for path in paths]


def _files(folder: Path, queries: dict[str, exp.Query]) -> Iterator[Model]:
    paths = {
        path.relative_to(folder).as_posix(): path
        for schema in SCHEMAS
        for path in sorted((folder / schema).rglob("*.sql"))
    }
    for plugin in _plugins(folder):
        paths |= {f"staging/{each.name} of {plugin.package}": each for each in plugin.staging()}
    names = [f"{file.partition('/')[0]}.{path.stem}" for file, path in paths.items()]
    vendors = [
        named.vendor
        for name in names
        if (named := staging_name(name))
        and (named.rows, named.entity) == ("stg", "invoice_readings")
    ]
    for (file, path), name in zip(paths.items(), names, strict=True):
        text = path.read_text(encoding="utf-8")
        for vendor in vendors if _TEMPLATE in name else [""]:
            filled_in = text.replace(_TEMPLATE, vendor)
            model = name.replace(_TEMPLATE, vendor)
            queries[model] = parsed(filled_in, file)
            yield _model(model, file, filled_in, queries[model])


def _plugins(folder: Path) -> Iterator[Plugin]:
    """Those whose SQL is built with that of Billhouse. Raises ConfigurationError."""
    for plugin in plugins() if folder == TRANSFORMS else ():
        if (folder / "staging" / plugin.name).is_dir():
            raise plugin.refused("Billhouse has one of that name")
        yield plugin


def _model(name: str, file: str, text: str, query: exp.Query) -> Model:
    comment, kind = _comment_and_kind(text, file)
    columns = {
        each.alias_or_name: " ".join(comment.strip() for comment in each.comments or [])
        for each in query.selects
    }
    return Model(
        name,
        file,
        text,
        kind,
        references(query),
        comment=comment,
        columns={column: comment for column, comment in columns.items() if comment},
    )


def _comment_and_kind(text: str, file: str) -> tuple[str, Kind]:
    *comment, last = _head(text) or [""]
    for kind in KINDS:
        if last == f"{_KEPT}{kind}" and comment:
            return " ".join(comment), kind
    ways = ", ".join(f"'-- {_KEPT}{kind}'" for kind in KINDS)
    raise ModelError(
        f"transforms/{file} must open with a comment that says what a row is, and whose last line"
        f" says how it is kept, one of {ways}"
    )


def _unions(files: Iterable[Model]) -> Iterator[Model]:
    members: dict[str, list[str]] = {}
    for model in files:
        named = staging_name(model.name)
        if named and named.rows == "stg":
            members.setdefault(named.entity, []).append(model.name)
    for entity, names in members.items():
        yield _union(f"staging.stg_all__{entity}", names)


def _sources(files: Iterable[Model], text: str) -> Iterator[Model]:
    members: dict[str, list[str]] = {}
    for name in sorted({name for model in files for name in model.references}):
        named = staging_name(name)
        if named and named.rows != "stg" and named.vendor != "all":
            is_whole = named.rows == "whole"
            if not is_whole:
                members.setdefault(named.entity, []).append(name)
            query = text.replace(_TEMPLATE, named.vendor)
            raw_table = f"{named.vendor}__{named.entity}"
            yield Model(
                name, "source.sql", query, VIEW, raw_table=raw_table, is_whole_source=is_whole
            )
    for entity, names in members.items():
        yield _union(f"staging.source_all__{entity}", names)


def _union(name: str, members: list[str]) -> Model:
    query = "\nUNION ALL BY NAME\n".join(f"FROM {member}" for member in members)
    return Model(name, "", query, "view", frozenset(members))


def _head(text: str) -> list[str]:
    """The lines of the comment that a file opens with."""
    lines = text.splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return [line.removeprefix("--").strip() for line in lines[:end]]
