"""What can go wrong at a source, said so that the reader knows what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

REPORT = "If it repeats, the vendor's API may have changed: report it with this message."


class ConfigurationError(Exception):
    """The configuration is wrong. Found before any request; the message says where and what."""


class SourceError(Exception):
    """A vendor did not give what was asked for.

    `request` is the method and path (never the query, which may hold a cursor). The texts hold no
    secret: whoever raises it has redacted them. `status` is that of an answer that was no success.
    """

    status: int | None = None

    def __init__(
        self, *, vendor: str, account: str, request: str, problem: str, remedy: str
    ) -> None:
        super().__init__(vendor, account, request, problem, remedy)
        self.vendor = vendor
        self.account = account
        self.request = request
        self.problem = problem
        self.remedy = remedy

    @property
    def summary(self) -> str:
        """The sentence without vendor and account, for where those stand beside it."""
        return f"{self.request}: {self.problem}. {self.remedy}"

    def __str__(self) -> str:
        return f"{self.vendor}, account {self.account!r}: {self.summary}"


class TransientError(SourceError):
    """A failure that may pass by itself. The client tries again, and raises a SourceError at last.

    `retry_after` is what the server asked to wait, in seconds, where it did; `status` is the
    answer's, where there was one that said no.
    """

    def __init__(
        self,
        *,
        vendor: str,
        account: str,
        request: str,
        problem: str,
        remedy: str,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(
            vendor=vendor, account=account, request=request, problem=problem, remedy=remedy
        )
        self.retry_after = retry_after
        self.status = status


class NotYetError(TransientError):
    """The vendor is still making what was asked for: no failure, and no empty list. What is held
    stays, and the next run asks again."""


class UnusableAnswer(Exception):
    """An answer that is refused where the account isn't known: the client makes a SourceError of
    it, and tries again where `may_pass`."""

    def __init__(
        self, request: httpx.Request, problem: str, remedy: str = REPORT, *, may_pass: bool = False
    ) -> None:
        super().__init__(problem)
        self.request = request
        self.problem = problem
        self.remedy = remedy
        self.may_pass = may_pass


class NothingThereError(Exception):
    """The vendor says that what was asked for is not there, and that this is no error."""


class ListChangedError(Exception):
    """A list was not the same at its end as at its beginning; `refusal` says so to people."""

    def __init__(self, refusal: SourceError) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class FetchError(Exception):
    """Accounts that failed, where nobody else reads the results: see `sources.source`."""
