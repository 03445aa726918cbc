"""Which document of a listing has which key, where several have one that we made.

A vendor without ids lists an invoice, its credit note and the one issued again under one period.
They are three invoices, and whichever is listed first, each keeps the key that the warehouse holds
it under.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from sources.keys import NO_KEY, UPCOMING, canonical_base


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A made key that the warehouse holds: the amount of its newest document, and whether a
    listing still has it."""

    text: str
    amount: str | None
    is_listed: bool


class MadeKeys:
    """The made keys of one account, of all its listings: two that overlap hold the same invoice.

    Told by their amount, documents keep the keys that are held. Of the others, each is the changed
    document of a held key if none came and none went; else it is new, and gets the next ordinal.
    What still accrues has another amount each day, so that there the order decides.
    """

    def __init__(self, held: Iterable[HeldKey] = ()) -> None:
        self._held: dict[str, dict[int, HeldKey]] = defaultdict(dict)
        for each in held:
            base, ordinal = canonical_base(each.text)
            known = self._held[base].get(ordinal)
            if known is None or each.is_listed:
                self._held[base][ordinal] = each

    def assign(self, base: str, amounts: Sequence[str | None], taken: Iterable[str]) -> list[str]:
        """The keys of a listing's documents that have the made key `base`, in their order.

        `taken` are ids of the same listing that look like a made key.
        """
        keys = _Keys(base, {} if base == NO_KEY else self._held[base], frozenset(taken))
        # No two documents without a key are one invoice, and none can be told from another.
        ordinals = keys.told_by_amount([None] * len(amounts) if base == NO_KEY else amounts)
        if base in (NO_KEY, UPCOMING):
            keys.take_lowest(ordinals)
        else:
            keys.follow_changes(ordinals)
            keys.number_new(ordinals)
        named = [_numbered(base, ordinal) for ordinal in ordinals if ordinal is not None]
        for ordinal, name, amount in zip(ordinals, named, amounts, strict=True):
            if ordinal is not None and base != NO_KEY:
                self._held[base][ordinal] = HeldKey(name, amount, True)
        return named


class _Keys:
    """The keys of one base: what is held by ordinal, and which are not to be had."""

    def __init__(self, base: str, held: Mapping[int, HeldKey], taken: frozenset[str]) -> None:
        self._base = base
        self._taken = taken
        self._held = {ordinal: each for ordinal, each in held.items() if self._is_free(ordinal)}

    def told_by_amount(self, amounts: Sequence[str | None]) -> list[int | None]:
        free: dict[str, list[int]] = defaultdict(list)
        # What is still listed comes first: another key's invoice may be gone for good.
        for ordinal in sorted(self._held, key=lambda each: (not self._held[each].is_listed, each)):
            if (amount := self._held[ordinal].amount) is not None:
                free[amount].append(ordinal)
        return [
            free[amount].pop(0) if amount is not None and free.get(amount) else None
            for amount in amounts
        ]

    def follow_changes(self, ordinals: list[int | None]) -> None:
        """Where as many are listed as were, what none of them is was changed."""
        listed = [each for each in sorted(self._held) if self._held[each].is_listed]
        before = listed or sorted(self._held)
        left = [each for each in before if each not in ordinals]
        if len(ordinals) == len(before) and len(left) == ordinals.count(None):
            _fill(ordinals, left)

    def number_new(self, ordinals: list[int | None]) -> None:
        _fill(ordinals, filter(self._is_free, count(max(self._held, default=0) + 1)))

    def take_lowest(self, ordinals: list[int | None]) -> None:
        used = set(ordinals)
        _fill(ordinals, (each for each in count(1) if each not in used and self._is_free(each)))

    def _is_free(self, ordinal: int) -> bool:
        return _numbered(self._base, ordinal) not in self._taken


def _fill(ordinals: list[int | None], free: Iterable[int]) -> None:
    following = iter(free)
    for place, ordinal in enumerate(ordinals):
        if ordinal is None:
            ordinals[place] = next(following)


def _numbered(base: str, ordinal: int) -> str:
    return base if ordinal == 1 else f"{base}#{ordinal}"
