"""How politely a client asks: how many of its requests were under way at once, at most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers
from starlette.types import Scope

_DIGEST_USER = re.compile(r'^Digest .*?\busername="([^"]*)"')


class Concurrency:
    """`most` were under way at once in all, `most_with_one_credential` with the same one, and
    `busiest` is the number of all requests that came with the credential used most."""

    def __init__(self) -> None:
        self.most = 0
        self.most_with_one_credential = 0
        self._under_way: Counter[str] = Counter()
        self._all: Counter[str] = Counter()

    @property
    def busiest(self) -> int:
        return max(self._all.values(), default=0)

    @contextmanager
    def request(self, scope: Scope) -> Iterator[None]:
        """While it is under way. What comes without a credential counts for `most` only."""
        credential = _credential(scope)
        self._under_way[credential] += 1
        self.most = max(self.most, self._under_way.total())
        if credential:
            self._all[credential] += 1
            with_this = self._under_way[credential]
            self.most_with_one_credential = max(self.most_with_one_credential, with_this)
        try:
            yield
        finally:
            self._under_way[credential] -= 1

    def forget(self) -> None:
        """Begin anew, whatever is under way."""
        self.most = self.most_with_one_credential = 0
        self._all.clear()


def _credential(scope: Scope) -> str:
    """The Authorization header, of which only the user lasts where it is a digest."""
    authorization = Headers(scope=scope).get("Authorization", "")
    digest = _DIGEST_USER.match(authorization)
    return digest[1] if digest else authorization
