"""The models' graph: in which order they are built, and whether what they read allows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pipelines.transform.model import (
    BY_INVOICE,
    KINDS,
    SCRATCH,
    VIEW,
    WHOLE,
    Kind,
    Model,
    ModelError,
)

_IN_PARTS = (BY_INVOICE, SCRATCH)


def in_order(models: Sequence[Model]) -> list[Model]:
    """Each behind what it reads.

    Raises:
        ModelError: one reads what no file builds, or two read each other.
    """
    known = {model.name: model for model in models}
    for model in models:
        all_known(model.file, model.references, known)
    try:
        order = TopologicalSorter({each.name: each.references for each in models}).static_order()
        return [known[name] for name in order]
    except CycleError as error:
        raise ModelError(f"these models read each other: {' → '.join(error.args[1])}") from error


def built_in_parts(models: Sequence[Model]) -> set[str]:
    """What a build makes over the invoices that changed, and the views that it reads for that."""
    found = {model.name for model in models if model.kind in _IN_PARTS}
    for model in reversed(models):
        if model.name in found:
            found |= {each.name for each in models if each.kind == VIEW} & model.references
    return found


def needed_in_parts(models: Sequence[Model]) -> list[Model]:
    """What is built over the invoices that changed, and all that is read for it."""
    found = {model.name for model in models if model.kind in _IN_PARTS}
    return with_what_they_read(models, found, through=KINDS)


def with_what_they_read(
    models: Sequence[Model], names: set[str], *, through: Sequence[Kind]
) -> list[Model]:
    """Those of these names, and what they read, as far as models of the kinds `through` do."""
    found = set(names)
    for model in reversed(models):
        if model.name in found and model.kind in through:
            found |= model.references
    return [model for model in models if model.name in found]


def made_of_invoices(models: Sequence[Model]) -> set[str]:
    """What is kept whole and isn't the same whatever the invoices are, and the views over it."""
    known = {model.name: model for model in models}
    variable: set[str] = set()
    for model in models:
        if model.raw_table or model.kind in _IN_PARTS or model.references & variable:
            variable.add(model.name)
    found: set[str] = set()
    for model in models:
        is_view_of_such = model.kind == VIEW and model.references & found
        if (model.kind == WHOLE and model.name in variable) or is_view_of_such:
            found.add(known[model.name].name)
    return found


def told_by_invoices(models: Sequence[Model]) -> list[Model]:
    """The marts that are the same while no invoice has changed: nothing else, and no clock, is
    told in them."""
    others = made_of_invoices(models)
    return [
        each
        for each in models
        if each.is_mart
        and (each.kind == BY_INVOICE or (each.kind == VIEW and each.name not in others))
    ]


def built_from_scratch(models: Sequence[Model]) -> set[str]:
    """What is gone after a build, or held only what changed: scratch, and the views over it."""
    found: set[str] = set()
    for model in models:
        if model.kind == SCRATCH or (model.kind == VIEW and model.references & found):
            found.add(model.name)
    return found


def readers_of_scratch(models: Sequence[Model]) -> Mapping[str, set[str]]:
    """Who reads each scratch table, which nobody needs afterwards.

    What a view reads is read by whoever reads the view.
    """
    tables_behind: dict[str, set[str]] = {}
    readers: dict[str, set[str]] = {each.name: set() for each in models if each.kind == SCRATCH}
    for each in models:
        read = set().union(*(tables_behind.get(name, set()) for name in each.references))
        tables_behind[each.name] = read if each.kind == VIEW else {each.name}
        if each.kind != VIEW:
            for name in read & readers.keys():
                readers[name].add(each.name)
    return readers


def all_known(file: str, read: Iterable[str], known: Mapping[str, Model]) -> None:
    if unknown := sorted(set(read) - known.keys()):
        raise ModelError(f"transforms/{file} reads {', '.join(unknown)}, which no file builds")
