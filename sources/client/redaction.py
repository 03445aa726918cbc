"""Secrets that cannot be printed by accident, and their removal from text that goes out."""

from __future__ import annotations

from sources.client.echoes import echoes

REMOVED = "[removed]"
NOT_SHOWN = "[removed: it holds the credential, or a part of it]"
# Nothing that is told to people is longer, and all of what is told is looked through.
LONGEST_TEXT = 2000


class Secret:
    """A configured secret: whatever prints or logs it shows no more than that it is one."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself: for the request's authentication, and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({REMOVED!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written to files")


class Redactor:
    """Removes an account's secrets from text that goes out.

    One that stands there as it is gives way to `[removed]`. A text that holds one in any other
    spelling, or a part of one, isn't shown at all: too much taken out is no harm.
    """

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def add(self, secret: str) -> None:
        if secret:
            self._secrets.add(secret)

    def __call__(self, text: str, *more_secrets: str) -> str:
        """Text that a server may have written, without secrets; cut at 2,000 characters."""
        # Cut first: what the cut leaves of a secret is then looked for as a part of one.
        shown = self.plain(text[:LONGEST_TEXT], *more_secrets)
        return NOT_SHOWN if echoes(shown, self._secrets.union(more_secrets)) else shown

    def address(self, text: str, *more_secrets: str) -> str:
        """A path that we made of what is configured, or that a link gave: names in it may well be
        a part of a credential that bears them too, so that only a whole one is looked for."""
        shown = self.plain(text, *more_secrets)[:LONGEST_TEXT]
        secrets = self._secrets.union(more_secrets)
        return NOT_SHOWN if echoes(shown, secrets, whole=True) else shown

    def plain(self, text: str, *more_secrets: str) -> str:
        """A sentence of ours: its words may look like a part of a secret that a person chose."""
        # The longest first, so that one secret inside another leaves no remainder behind.
        for secret in sorted(self._secrets.union(more_secrets), key=len, reverse=True):
            text = text.replace(secret, REMOVED)
        return text
