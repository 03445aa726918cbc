"""Whether every model can be kept as its head says, and reads only what is there by then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import duckdb
from sqlglot import Dialect, exp

from pipelines.transform import graph
from pipelines.transform.kinds import is_reading, refusals
from pipelines.transform.model import (
    BY_INVOICE,
    SCHEMAS,
    VIEW,
    WHOLE,
    WRITTEN_BY_RUNS,
    Model,
    ModelError,
)
from pipelines.transform.parsing import parsed, references


def checked(models: Sequence[Model], queries: Mapping[str, exp.Query], folder: Path) -> list[Model]:
    """The models, if each can be kept as its head says and reads only what is there by then.

    Raises:
        ModelError: names the file, the line and the reason.
    """
    aggregates = _aggregates()
    in_parts = graph.built_in_parts(models)
    for model in models:
        if model.name in in_parts and model.name in queries:
            for line, reason in refusals(queries[model.name], model.name, model.kind, aggregates):
                raise ModelError(_refused(model, line, reason))
    whole = graph.made_of_invoices(models)
    for model in models:
        if model.name in in_parts and (read := sorted(model.references & whole)):
            raise ModelError(
                f"transforms/{model.file} is built over the invoices that changed, but reads"
                f" {read[0]}, which is kept whole and made of all of them"
            )
    known = {model.name: model for model in models}
    gone = graph.built_from_scratch(models)
    for model in models:
        if model.kind == WHOLE or (model.kind == VIEW and model.is_mart):
            _nothing_gone(model.file, model.references, gone)
    asked = {model.name for model in models if model.kind == WHOLE or model.is_mart}
    for kind in ("audits", "alerts"):
        for path in sorted((folder / kind).glob("*.sql")):
            file = f"{kind}/{path.name}"
            found = references(parsed(path.read_text(encoding="utf-8"), file))
            graph.all_known(file, found - WRITTEN_BY_RUNS, known)
            _nothing_gone(file, found, gone)
            asked |= found
    asked = {each.name for each in graph.with_what_they_read(models, asked, through=(VIEW, WHOLE))}
    return [
        replace(each, is_asked=each.name in asked, published_query=_published_query(each))
        for each in models
    ]


def _published_query(model: Model) -> str:
    if not (model.is_mart and model.kind == VIEW):
        return ""
    schemas = dict.fromkeys(SCHEMAS, "build") | {"marts": "main"}
    text = model.query
    for token, following in reversed(list(pairwise(Dialect.get_or_raise("duckdb").tokenize(text)))):
        if token.text in schemas and following.text == ".":
            text = f"{text[: token.start]}{schemas[token.text]}{text[token.end + 1 :]}"
    return text


def _nothing_gone(file: str, read: Iterable[str], gone: set[str]) -> None:
    if found := sorted(set(read) & gone):
        raise ModelError(
            f"transforms/{file} reads {found[0]}, which a build needs in between only: it holds"
            " the invoices that changed, or nothing. Keep that one by invoice, or read another."
        )


def _refused(model: Model, line: int, reason: str) -> str:
    if model.kind == BY_INVOICE:
        return (
            f"transforms/{model.file}, line {line}: {reason}, so that it can't be kept by invoice:"
            " an invoice's rows would depend on others, which a build of what changed doesn't"
            " read. Leave it out, or write '-- kept: whole' into its head."
        )
    if is_reading(model.name):
        return (
            f"transforms/{model.file}, line {line}: {reason}. A build shows it the documents of the"
            " invoices that changed. Leave it out, or look up what it has to know of others in"
            " staging.whole_<vendor>__<entity>, which is all of them, in a SELECT of its own."
        )
    return (
        f"transforms/{model.file}, line {line}: {reason}. It is built over the invoices that"
        " changed, which are of several accounts and not all of any. Leave it out, or write"
        " '-- kept: whole' into its head."
    )


@cache
def _aggregates() -> frozenset[str]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions()"
            " WHERE function_type = 'aggregate'"
        ).fetchall()
    return frozenset(name for (name,) in rows)
