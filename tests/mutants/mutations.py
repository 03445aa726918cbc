"""Small changes of SQL text, one at a time, each of which should make some test fail.

The text is changed where sqlglot's tokens stand, so that the rest of a file stays as it is. What is
changed: comparisons, arithmetic, AND and OR, NOT, TRUE and FALSE, numbers and texts, the kinds of
joins, unions and aggregates, DISTINCT, the orders and partitions of windows, the branches of CASE,
the terms of conditions, and the arguments of coalesce. Not the digits of a type: DECIMAL(38, 12).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokenizer_core import Token, TokenType

_INSTEAD = {
    "=": "<>", "<>": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
    "+": "-", "-": "+", "//": "*", "%": "*", "OR": "AND", "TRUE": "FALSE", "FALSE": "TRUE",
    "DESC": "ASC", "NULLS FIRST": "NULLS LAST", "INNER": "LEFT", "LEFT": "INNER", "FULL": "LEFT",
}  # fmt: skip
_FUNCTIONS = {
    "min": "max", "max": "min", "sum": "min", "count": "sum", "bool_or": "bool_and", "lag": "lead",
    "lead": "lag", "row_number": "dense_rank", "least": "greatest", "greatest": "least",
    "upper": "lower", "lower": "upper", "round": "floor", "abs": "", "trim": "", "ltrim": "",
    "stated": "", "contains": "starts_with", "starts_with": "ends_with", "nullif": "coalesce",
    "last_day": "", "sane": "", "formatted_price": "", "signed_amount": "", "day_of": "",
    "line_amount": "", "plain_number": "", "lpad": "rpad", "left": "right",
}  # fmt: skip
_WORDS = {"month": "year", "day": "month", "second": "minute", "DAY": "MONTH", "MONTH": "DAY"}
_CLAUSES = {
    "WHERE", "GROUP", "HAVING", "ORDER", "UNION", "SELECT", "FROM", "INNER", "LEFT", "FULL",
    "CROSS", "QUALIFY", "WINDOW", "LIMIT", "ROWS", "JOIN", "ON", "WHEN", "THEN", "ELSE", "END", ";",
}  # fmt: skip
_JSON_KEY = re.compile(r'"(\w+)": (?="|\[)')


@dataclass(frozen=True)
class Mutant:
    """A file's text with one change. `key` tells it from others wherever its line moves."""

    file: str
    key: str
    text: str


def mutants(folder: Path, file: str) -> list[Mutant]:
    """All mutants of a file, in the order of its text."""
    text = (folder / file).read_text(encoding="utf-8")
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    for start, end, instead in sorted(set(_changes(text))):
        if text[start:end] == instead:  # ON TRUE has no term to leave out
            continue
        line = " ".join(_line_around(text, start, end).split())
        before = " ".join(text[start:end].split())
        key = f"{file} | {line} | {before[:60]} → {' '.join(instead.split())[:60]}"
        seen[key] += 1
        if seen[key] > 1:
            key += f" | {seen[key]}"
        found.append(Mutant(file, key, text[:start] + instead + text[end:]))
    return found


def _line_around(text: str, start: int, end: int) -> str:
    last = text.find("\n", start if end == start else min(end, start + 1))
    return text[text.rfind("\n", 0, start) + 1 : last if last >= 0 else len(text)]


def _changes(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a change begins and ends, and what stands there instead."""
    tokens = DuckDB().tokenize(text)
    words = [token.text.upper() for token in tokens]
    for i, token in enumerate(tokens):
        yield from _token_changes(text, tokens, words, i)
        if words[i] == "CASE":
            yield from _case_changes(text, tokens, words, i)
        if words[i] in ("WHERE", "ON", "HAVING", "QUALIFY"):
            yield from _term_changes(text, tokens, words, i)
        if words[i] in ("PARTITION BY", "ORDER BY"):
            yield from _window_changes(text, tokens, words, i)
        if token.text == "coalesce":
            for first, last in (items := _items(tokens, words, i + 2)):
                if len(items) > 1:
                    yield _without_item(tokens, words, first, last)


def _token_changes(
    text: str, tokens: list[Token], words: list[str], i: int
) -> Iterator[tuple[int, int, str]]:
    token, word = tokens[i], words[i]
    span = (token.start, token.end + 1)
    before, after = words[i - 1] if i else "", words[i + 1] if i + 1 < len(words) else ""
    if token.token_type == TokenType.STRING:
        yield from _string_changes(text, token)
    elif token.token_type == TokenType.NUMBER:
        if token.text.isdigit() and not _is_in_a_type(words, i):
            yield (*span, str(int(token.text) + 1))
    elif word == "AND":
        if "BETWEEN" not in words[max(0, i - 4) : i]:
            yield (*span, "OR")
    elif word == "NOT":
        yield (*span, "")
    elif word == "IS" and after in ("NULL", "DISTINCT"):
        yield (*span, "IS NOT")
    elif word == "*":
        if before not in ("SELECT", "(", ".", ",", "") and after not in (")", "EXCLUDE", "FROM"):
            yield (*span, "+")
    elif word == "UNION" and after == "ALL":
        both = (token.start, tokens[i + 1].end + 1)
        # Not UNION: where each row has its key, that changes nothing.
        yield (*both, "EXCEPT ALL")
    elif word == "UNION":
        yield (*span, "UNION ALL")
    elif word == "DISTINCT":
        if before in ("SELECT", "("):
            yield (*span, "")
    elif after == "(" and token.text in _FUNCTIONS:
        yield (*span, _FUNCTIONS[token.text])
    elif word in _WORDS and before in ("(", "1") and token.text.isupper():
        yield (*span, _WORDS[word])
    elif word in ("LEFT", "INNER", "FULL") and after != "JOIN":
        return
    elif word in _INSTEAD and before != "CREATE":
        yield (*span, _INSTEAD[word])


def _string_changes(text: str, token: Token) -> Iterator[tuple[int, int, str]]:
    span = (token.start, token.end + 1)
    if '": "VARCHAR"' in token.text:
        for key in _JSON_KEY.finditer(text, *span):
            yield (*key.span(1), f"x_{key[1]}")
    elif token.text.isdigit():
        yield (*span, f"'{int(token.text) + 1}'")
    elif token.text in _WORDS:
        yield (*span, f"'{_WORDS[token.text]}'")
    else:
        yield (*span, f"{text[token.start : token.end]}~'")


def _is_in_a_type(words: list[str], i: int) -> bool:
    return "DECIMAL" in words[max(0, i - 4) : i]


def _items(tokens: list[Token], words: list[str], first: int) -> list[tuple[int, int]]:
    """The first and last token of each item of a list that begins here and ends with its clause."""
    items, depth, start = [], 0, first
    i = first
    while i < len(tokens):
        if words[i] in ("(", "CASE"):
            depth += 1
        elif words[i] in (")", "END"):
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and words[i] == ",":
            items.append((start, i - 1))
            start = i + 1
        elif depth == 0 and words[i] in (*_CLAUSES, "ORDER BY", "GROUP BY"):
            break
        i += 1
    return [*items, (start, i - 1)]


def _without_item(
    tokens: list[Token], words: list[str], first: int, last: int
) -> tuple[int, int, str]:
    if last + 1 < len(tokens) and words[last + 1] == ",":
        return tokens[first].start, tokens[last + 1].end + 1, ""
    return tokens[first - 1].start, tokens[last].end + 1, ""


def _window_changes(
    text: str, tokens: list[Token], words: list[str], i: int
) -> Iterator[tuple[int, int, str]]:
    items = _items(tokens, words, i + 1)
    for first, last in items:
        if len(items) > 1:
            yield _without_item(tokens, words, first, last)
        if words[i] == "ORDER BY" and not {"DESC", "ASC"} & set(words[first : last + 1]):
            yield tokens[last].end + 1, tokens[last].end + 1, " DESC"


def _case_changes(
    text: str, tokens: list[Token], words: list[str], i: int
) -> Iterator[tuple[int, int, str]]:
    """Each branch left out where there are others, and ELSE."""
    depth, branches, ends = 0, [], len(tokens)
    for j in range(i + 1, len(tokens)):
        if words[j] in ("(", "CASE"):
            depth += 1
        elif words[j] in (")", "END"):
            if depth == 0:
                ends = j
                break
            depth -= 1
        elif depth == 0 and words[j] in ("WHEN", "ELSE"):
            branches.append(j)
    whens = [j for j in branches if words[j] == "WHEN"]
    if words[i + 1] == "WHEN":
        for j in whens:
            yield from _term_changes(text, tokens, words, j)
    for j, following in zip(branches, [*branches[1:], ends], strict=True):
        if (words[j] == "WHEN" and len(whens) > 1) or (
            words[j] == "ELSE" and words[j + 1 : following] != ["NULL"]
        ):
            yield tokens[j].start, tokens[following].start, ""


def _term_changes(
    text: str, tokens: list[Token], words: list[str], i: int
) -> Iterator[tuple[int, int, str]]:
    """Each term of a condition made one that always, or never, holds."""
    depth, terms, start, joined = 0, [], i + 1, set()
    j = i + 1
    while j < len(tokens):
        if words[j] in ("(", "CASE"):
            depth += 1
        elif words[j] in (")", "END") and depth == 0:
            break
        elif words[j] in (")", "END"):
            depth -= 1
        elif depth == 0 and words[j] in ("AND", "OR"):
            if words[j] == "AND" and "BETWEEN" in words[max(start, j - 4) : j]:
                j += 1
                continue
            terms.append((start, j - 1))
            joined.add(words[j])
            start = j + 1
        elif depth == 0 and words[j] in (*_CLAUSES, "ORDER BY", "GROUP BY"):
            break
        j += 1
    terms.append((start, j - 1))
    if len(joined) < 2:
        for first, last in terms:
            yield tokens[first].start, tokens[last].end + 1, "FALSE" if "OR" in joined else "TRUE"
