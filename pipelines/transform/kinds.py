"""What of a model's SQL forbids that it is kept as its head says: read by a parser, once a change.

What is kept by invoice must not look beyond one: its windows and sums are over `invoice_id`, or
over vendor, account and identity (or invoice_key), which are one invoice as well. What a build
needs in between must not look beyond an account, and how a vendor's documents are read must not
look beyond one of them, but for a lookup in the vendor's whole source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from pipelines.transform.model import BY_INVOICE, Kind, StagingName, staging_name

_INVOICE = (
    {"invoice_id"},
    {"vendor", "account", "identity"},
    {"vendor", "account", "invoice_key"},
)
_ACCOUNT = ({"invoice_id"}, {"account"})
_DOCUMENT = ({"account", "document_key"}, {"account", "invoice_key"})
# An invoice's details are listed by its key, while invoices may all be in one listing.
_DETAIL = (*_DOCUMENT, {"account", "listing"})
# What stands between an aggregate function and the OVER that makes a window function of it.
_AROUND_AN_AGGREGATE = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)

Refusal = tuple[int, str]
"""A line, and why a model with it can't be kept as its head says."""


def refusals(
    query: exp.Query, name: str, kind: Kind, aggregates: frozenset[str]
) -> Iterator[Refusal]:
    """What of the model's query forbids that it is built over some invoices alone. `aggregates` are
    the names of DuckDB's aggregate functions, of which the parser knows some only."""
    if kind == BY_INVOICE:
        whose = _Keys(_INVOICE, "invoice_id")
    elif is_reading(name):
        reads_invoices = any(
            each and each.rows == "source" and each.entity == "invoices" for each in _read_by(query)
        )
        whose = _Keys(_DOCUMENT if reads_invoices else _DETAIL, "account and document_key")
    else:
        whose = _Keys(_ACCOUNT, "account")
    if kind == BY_INVOICE and "invoice_id" not in _columns(query):
        yield _line(query), "it has no column invoice_id that its last SELECT names"
    for window in query.find_all(exp.Window):
        if _is_of_whole_source(window.find_ancestor(exp.Select)):
            continue
        # The definition of a named window is a Window too, and stands for those that use it.
        is_use = isinstance(window.args.get("alias"), exp.Identifier)
        keys = window.args.get("partition_by") or []
        if not (is_use and not keys) and not whose.are_in(keys):
            yield _line(window), f"its window {_text(window)} isn't partitioned by {whose.name}"
    for each in query.find_all(exp.Limit, exp.Fetch, exp.TableSample, exp.Offset):
        yield _line(each), f"{_text(each)} takes some rows of all invoices"
    for each in query.find_all(exp.SetOperation):
        if _removes_rows(each) and not whose.are_named(_columns(each)):
            yield _line(each), f"{each.key.upper()} compares rows that don't name {whose.name}"
    for select in query.find_all(exp.Select):
        if _is_of_whole_source(select):
            continue
        yield from _refused_of_select(select, whose, kind, aggregates)


def is_reading(name: str) -> bool:
    """Whether the model says how a vendor's documents are read."""
    named = staging_name(name)
    return named is not None and named.rows == "stg"


class _Keys:
    """The columns that rows must be told apart by, in one of several ways."""

    def __init__(self, ways: Sequence[set[str]], name: str) -> None:
        self._ways = ways
        self.name = name

    def are_in(self, keys: Sequence[exp.Expr]) -> bool:
        """Whether the keys are among these expressions; inside hash(…), say, they count too."""
        return self.are_named(
            {
                column.name
                for key in keys
                if isinstance(key, exp.Column | exp.Func)
                for column in key.find_all(exp.Column)
            }
        )

    def are_named(self, names: set[str]) -> bool:
        return any(way <= names for way in self._ways)


def _refused_of_select(
    select: exp.Select, whose: _Keys, kind: Kind, aggregates: frozenset[str]
) -> Iterator[Refusal]:
    sums = [each for each in select.find_all(exp.Func) if _is_sum(each, select, aggregates)]
    group = select.args.get("group")
    # Without a sum it only drops what stands there twice, which a lookup table may do.
    if group is not None and (sums or kind == BY_INVOICE):
        if _is_plain(group):
            if not whose.are_in(_group_keys(group, select, sums)):
                yield _line(group), f"{_text(group)} lacks {whose.name}"
        else:
            yield _line(group), f"{_text(group)} makes sums over several invoices"
    if group is None and sums:
        yield _line(sums[0]), f"{_text(sums[0])} is taken over all invoices: there is no GROUP BY"
    distinct = select.args.get("distinct")
    if distinct is not None and kind == BY_INVOICE:
        on = distinct.args.get("on")
        keys = on.expressions if isinstance(on, exp.Tuple) else select.expressions
        if not whose.are_in([each.unalias() for each in keys]):
            yield _line(select), f"its SELECT DISTINCT lacks {whose.name}"


def _is_of_whole_source(select: exp.Select | None) -> bool:
    """Whether it reads nothing but a vendor's documents in full, whichever invoices changed."""
    if select is None:
        return False
    read = list(_read_by(select))
    return bool(read) and all(each is not None and each.rows == "whole" for each in read)


def _read_by(query: exp.Query) -> Iterator[StagingName | None]:
    """What it reads, with None for what isn't one vendor's staging."""
    return (staging_name(f"{each.db}.{each.name}") for each in query.find_all(exp.Table))


def _is_sum(function: exp.Func, select: exp.Select, aggregates: frozenset[str]) -> bool:
    """Whether it is an aggregate function of this very SELECT, and no window function."""
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    if not isinstance(function, exp.AggFunc) and name.lower() not in aggregates:
        return False
    outer: exp.Expr = function
    while isinstance(around := outer.parent, _AROUND_AN_AGGREGATE):
        outer = around
    is_window = isinstance(outer.parent, exp.Window) and outer.arg_key == "this"
    return not is_window and function.find_ancestor(exp.Select) is select


def _is_plain(group: exp.Group) -> bool:
    return group.find(exp.Rollup, exp.Cube, exp.GroupingSets) is None


def _group_keys(
    group: exp.Group, select: exp.Select, sums: Sequence[exp.Expr]
) -> Sequence[exp.Expr]:
    """GROUP BY ALL is by every column that holds no sum; GROUP BY 1 by the first."""
    if group.args.get("all"):
        return [
            each.unalias()
            for each in select.expressions
            if not any(each is one.find_ancestor(type(each)) or each is one for one in sums)
        ]
    return [
        select.expressions[int(each.name) - 1].unalias()
        if isinstance(each, exp.Literal) and not each.is_string
        else each
        for each in group.expressions
    ]


def _removes_rows(operation: exp.SetOperation) -> bool:
    return not (isinstance(operation, exp.Union) and operation.args.get("distinct") is False)


def _columns(query: exp.Query) -> set[str]:
    return {each.alias_or_name for each in query.selects}


def _text(expression: exp.Expr) -> str:
    text = expression.sql("duckdb", comments=False)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _line(expression: exp.Expr) -> int:
    """Where its first word stands, as far as the parser says; else that of what it is part of."""
    lines = [each.meta["line"] for each in expression.walk() if "line" in each.meta]
    if lines or expression.parent is None:
        return min(lines, default=1)
    return _line(expression.parent)
