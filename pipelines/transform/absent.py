"""Vendors that nothing was ever loaded of: what only reads their documents needn't be planned."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from pipelines.transform.model import VIEW, Model, staging_name

_UNION = "\nUNION ALL BY NAME\n"


def without(models: Sequence[Model], vendors: Set[str]) -> list[Model]:
    """The models but for the views of other vendors than these, in the same order.

    A union of which nothing would be left stays as it is: its columns are asked for.
    """
    gone = {each.name for each in models if each.kind == VIEW and _is_of_another(each, vendors)}
    for each in reversed(models):
        if each.name not in gone and (not _is_union(each) or each.references <= gone):
            gone -= each.references
    return [
        _without_members(each, gone) if _is_union(each) else each
        for each in models
        if each.name not in gone
    ]


def _is_of_another(model: Model, vendors: Set[str]) -> bool:
    named = staging_name(model.name)
    # What vendors bill in reads no documents, and is known as ISO 4217's currencies are.
    if named is None or (named.rows, named.entity) == ("stg", "currencies"):
        return False
    return named.vendor not in {"all", *vendors}


def _is_union(model: Model) -> bool:
    return not model.file


def _without_members(model: Model, gone: Set[str]) -> Model:
    members = [each for each in model.query.split(_UNION) if each.removeprefix("FROM ") not in gone]
    return replace(model, query=_UNION.join(members), references=frozenset(model.references - gone))
